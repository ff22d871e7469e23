#include "host/run/run_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(RunId, IsATimeThatSortsAndSomethingThatTellsRunsOfOneSecondApart) {
  std::set<std::string> ids;
  std::string last_second;

  for (int i = 0; i < 20; ++i) {
    const std::string id = make_run_id();
    const std::string second = id.substr(0, 15);
    ASSERT_THAT(id, MatchesRegex("[0-9]{8}-[0-9]{6}-[0-9a-f]{6}"));
    EXPECT_GE(second, last_second);
    last_second = second;
    ids.insert(id);
  }

  EXPECT_EQ(ids.size(), 20u);
}

TEST(RunId, ComesAfterTheLastOneAlsoWhenTheClockIsSetBack) {
  const auto now = std::chrono::system_clock::now();
  std::string last = make_run_id({}, now);

  for (const auto& time : {now, now - std::chrono::hours(24), now - std::chrono::years(20),
                           now - std::chrono::seconds(1), now + std::chrono::seconds(10)}) {
    const std::string next = make_run_id(last, time);
    EXPECT_GT(next, last);
    EXPECT_THAT(next, MatchesRegex("[0-9]{8}-[0-9]{6}-[0-9a-f]{6}"));
    last = next;
  }
  EXPECT_EQ(make_run_id("29981231-235959-ffffff", now).substr(0, 15), "29990101-000000");
  EXPECT_EQ(make_run_id("zebra", now), make_run_id({}, now));  // none of ours
}

TEST(RunDir, MakesNothingUntilItIsAsked) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");

  dir.clean_up(RunDir::Keep::nothing);

  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RunDir, IsForItsOwnerOnly) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");

  ASSERT_TRUE(dir.create());

  EXPECT_EQ(fs::status(dir.path()).permissions(), fs::perms::owner_all);
}

TEST(RunDir, GivesATaskTheSameFolderEachTime) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");

  const auto first = dir.create_for("scan");
  const auto second = dir.create_for("scan");

  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, folder / "runs/1/work/scan");
  EXPECT_EQ(*second, *first);
}

TEST(RunDir, IsRemovedWithAllThatIsInIt) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");
  std::ofstream(dir.create_for("scan").value() / "list") << "x";

  dir.clean_up(RunDir::Keep::nothing);

  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RunDir, KeepsFilesWhenTheyAreToBeKeptButNoEmptyFolders) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");
  std::ofstream(dir.create_for("scan").value() / "list") << "x";
  ASSERT_TRUE(dir.create_for("hash"));

  dir.clean_up(RunDir::Keep::files);

  EXPECT_TRUE(fs::exists(folder / "runs/1/work/scan/list"));
  EXPECT_FALSE(fs::exists(folder / "runs/1/work/hash"));
}

TEST(RunDir, KeepsEmptyFoldersTooForARunThatIsResumed) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");
  ASSERT_TRUE(dir.create_for("scan"));
  fs::create_directory(folder / "runs/1/backups");

  dir.clean_up(RunDir::Keep::everything);

  EXPECT_TRUE(fs::exists(folder / "runs/1/work/scan"));
  EXPECT_TRUE(fs::exists(folder / "runs/1/backups"));
}

TEST(RunDir, OfARunThatIsResumedGoesWhereNoTaskHasMadeAnything) {
  const TemporaryFolder folder;
  RunDir dir(folder / "runs/1");
  ASSERT_TRUE(dir.create_work());

  dir.clean_up(RunDir::Keep::everything);

  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RunDir, LeavesTheFoldersOfOtherRunsAlone) {
  const TemporaryFolder folder;
  folder.file("runs/0/work/a/kept");
  RunDir dir(folder / "runs/1");
  ASSERT_TRUE(dir.create());

  dir.clean_up(RunDir::Keep::nothing);

  EXPECT_TRUE(fs::exists(folder / "runs/0/work/a/kept"));
  EXPECT_FALSE(fs::exists(folder / "runs/1"));
}

TEST(RunDir, SaysWhatToDoWhenItCannotBeMade) {
  const TemporaryFolder folder;
  folder.file("runs");
  RunDir dir(folder / "runs/1");

  const auto made = dir.create_for("scan");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::cannot_create);
  EXPECT_THAT(made.error().message, HasSubstr("--state-dir"));
}

}  // namespace
}  // namespace ganger::host
