#include "host/session/left_folders.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

namespace fs = std::filesystem;

/// Knows how runs ended, and nothing else.
class KnownEnds final : public Journal {
 public:
  std::map<std::string, std::string, std::less<>> ends;

  Result<RunEntry> find(std::string_view run) override {
    const auto known = ends.find(run);
    if (known == ends.end()) return failure(ErrorKind::not_found, "no run");
    RunEntry entry;
    entry.header.run = known->first;
    entry.end = known->second;
    return entry;
  }
  Result<std::unique_ptr<OpenRun>> begin(const RunHeader&, const Plan&) override { return no(); }
  Result<RunLock> claim(std::string_view) override { return no(); }
  Result<std::unique_ptr<OpenRun>> resume(RunLock, const RunHeader&, const Plan&) override { return no(); }
  Result<std::string> last_id() override { return std::string(); }
  Result<std::vector<RunEntry>> runs(std::size_t) override { return no(); }
  Result<std::vector<TaskEntryOfRun>> tasks(const RunEntry&) override { return no(); }

 private:
  static tl::unexpected<Error> no() { return failure(ErrorKind::bug, "not asked for here"); }
};

class LeftFolders : public testing::Test {
 protected:
  fs::path folder(const std::string& run) const {
    state_.file("runs/" + run + "/ledger");
    state_.file("runs/" + run + "/work/file");
    return state_ / "runs" / run;
  }

  TemporaryFolder state_;
  KnownEnds journal_;
};

TEST_F(LeftFolders, ThoseOfFinishedRunsGo) {
  const fs::path finished = folder("20010101-000000-00000a"), empty = state_.folder("runs/20010101-000000-00000b");
  journal_.ends = {{"20010101-000000-00000a", "finished"}, {"20010101-000000-00000b", "finished"}};

  remove_left_folders(state_.path(), journal_);

  EXPECT_FALSE(fs::exists(finished));
  EXPECT_FALSE(fs::exists(empty));
}

TEST_F(LeftFolders, OfUnknownRunsOnlyABareLedgerGoes) {
  const fs::path with_work = folder("20010101-000000-00000a");
  const fs::path bare = state_.file("runs/20010101-000000-00000b/ledger").parent_path();

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::exists(with_work / "ledger"));
  EXPECT_TRUE(fs::exists(with_work / "work/file"));
  EXPECT_FALSE(fs::exists(bare));
}

TEST_F(LeftFolders, ThoseOfRunsThatMayBeResumedStay) {
  const fs::path failed = folder("20010101-000000-00000a"), killed = folder("20010101-000000-00000b");
  journal_.ends = {{"20010101-000000-00000a", "failed"}, {"20010101-000000-00000b", ""}};

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::exists(failed / "work/file"));
  EXPECT_TRUE(fs::exists(killed / "work/file"));
}

TEST_F(LeftFolders, OneWhoseLockIsHeldStays) {
  const fs::path unknown = state_.file("runs/20010101-000000-00000a/ledger");
  const fs::path finished = folder("20010101-000000-00000b");
  journal_.ends = {{"20010101-000000-00000b", "finished"}};
  const auto lock = RunLock::take(unknown), other_lock = RunLock::take(finished / "ledger");

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::exists(unknown));
  EXPECT_TRUE(fs::exists(finished / "work/file"));
}

TEST_F(LeftFolders, AnEmptyOneMayBeOfARunWithoutARecord) {
  const fs::path empty = state_.folder("runs/20010101-000000-00000a");

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::exists(empty));
}

TEST_F(LeftFolders, WhatIsNoFolderIsNotTouched) {
  const fs::path target = folder("20010101-000000"), link = state_ / "runs/20010101-000000-00000a";
  const fs::path file = state_.file("runs/20010101-000000-00000b"), bare = state_.file("elsewhere/ledger");
  const fs::path link_to_bare = state_ / "runs/20010101-000000-00000c";
  fs::create_directory_symlink(target, link);
  fs::create_directory_symlink(bare.parent_path(), link_to_bare);
  journal_.ends = {{"20010101-000000-00000a", "finished"}, {"20010101-000000-00000b", "finished"}};

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(fs::is_symlink(link_to_bare));
  EXPECT_TRUE(fs::exists(target / "work/file"));
  EXPECT_TRUE(fs::exists(file));
  EXPECT_TRUE(fs::exists(bare));
}

TEST_F(LeftFolders, WhatIsCalledOtherwiseOrHasNoLedgerIsNotTouched) {
  const fs::path other = folder("20010101-000000"), file = state_.file("runs/20010101-000000-00000b/work/file");

  remove_left_folders(state_.path(), journal_);

  EXPECT_TRUE(fs::exists(other / "work/file"));
  EXPECT_TRUE(fs::exists(file));
}

}  // namespace
}  // namespace ganger::host
