#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <ganger/testing.hpp>
#include <string>
#include <vector>

#include "plugin_entry.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::content_of;
using ganger::TemporaryFolder;

namespace fs = std::filesystem;
using ganger::testing::host;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FilesScan : public ::testing::Test {
 protected:
  FilesScan() { host_.param("root", tree_.path()).param("to", results_ / "list"); }

  ganger::testing::result scan() { return host_.run(plugin_entry("files"), "scan"); }

  // The paths of a list, below the root.
  std::vector<std::string> listed() const {
    std::vector<std::string> paths;
    const auto text = content_of(results_ / "list");
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\0', at);
      const auto path = text.substr(at, end - at);
      EXPECT_EQ(path.substr(0, tree_.path().native().size() + 1), tree_.path().native() + "/");
      paths.push_back(path.substr(tree_.path().native().size() + 1));
      at = end + 1;
    }
    return paths;
  }
  // Runs it, expecting no trouble.
  std::vector<std::string> found() {
    const auto r = scan();
    EXPECT_TRUE(r.ok()) << r;
    return listed();
  }

  TemporaryFolder tree_, results_;
  host host_;
};

TEST_F(FilesScan, ListsAllFilesInTheOrderOfTheirNames) {
  for (const auto* name : {"b", "a/2", "a/1", "a/deeper/file", "c/file", "A"}) tree_.file(name, "12");

  const auto r = scan();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(listed(), ElementsAre("A", "b", "a/1", "a/2", "a/deeper/file", "c/file"));
  EXPECT_EQ(r.outputs.at("list"), (results_ / "list").string());
  EXPECT_EQ(r.outputs.at("count"), 6);
  EXPECT_EQ(r.outputs.at("bytes"), 12);
  EXPECT_EQ(r.outputs.at("errors"), 0);
}

TEST_F(FilesScan, NamesMayHoldAnyBytes) {
  for (const auto* name : {"new\nline", "latin-\xE9", " ", "-n", "quote'\""}) tree_.file(name, "");

  EXPECT_THAT(found(), ElementsAre(" ", "-n", "latin-\xE9", "new\nline", "quote'\""));
}

TEST_F(FilesScan, OnlyRegularFilesCount) {
  tree_.file("file", "");
  fs::create_symlink(tree_ / "file", tree_ / "link");
  fs::create_directory_symlink(tree_.path(), tree_ / "loop");
  ASSERT_EQ(mkfifo((tree_ / "fifo").c_str(), 0600), 0);

  EXPECT_THAT(found(), ElementsAre("file"));
}

TEST_F(FilesScan, FollowsLinksWhenToldAndVisitsAFolderOnce) {
  host_.param("follow_symlinks", true);
  tree_.file("folder/file", "");
  fs::create_symlink(tree_ / "folder/file", tree_ / "link");
  fs::create_symlink(tree_ / "nowhere", tree_ / "dangling");
  fs::create_directory_symlink(tree_.path(), tree_ / "folder/loop");
  fs::create_directory_symlink(tree_ / "folder", tree_ / "second");

  EXPECT_THAT(found(), ElementsAre("link", "folder/file"));
}

TEST_F(FilesScan, TheRootMayBeALinkAndEndInASlash) {
  tree_.file("folder/file", "");
  fs::create_directory_symlink(tree_ / "folder", tree_ / "root");
  host_.param("root", (tree_ / "root").string() + "/");

  EXPECT_THAT(found(), ElementsAre("root/file"));
}

TEST_F(FilesScan, PatternsChooseFilesBelowTheRoot) {
  for (const auto* name : {"a.txt", "a.bak", "deep/b.txt", "deep/skipped/c.txt", "d.md"}) tree_.file(name, "");
  host_.param_list("include", {"*.txt", "d.*"}).param_list("exclude", {"*/skipped"});

  EXPECT_THAT(found(), ElementsAre("a.txt", "d.md", "deep/b.txt"));
}

TEST_F(FilesScan, SizesAreLimitsThatAreIncluded) {
  tree_.file("0", "");
  tree_.file("2", "12");
  tree_.file("3", "123");
  tree_.file("4", "1234");
  host_.param("min_size", "2").param("max_size", "3");

  EXPECT_THAT(found(), ElementsAre("2", "3"));
}

TEST_F(FilesScan, LeavesOutHiddenNamesWhenTold) {
  for (const auto* name : {".file", ".folder/file", "seen"}) tree_.file(name, "");

  EXPECT_THAT(found(), ElementsAre(".file", "seen", ".folder/file"));
  host_.param("hidden", false);
  EXPECT_THAT(found(), ElementsAre("seen"));
}

TEST_F(FilesScan, WritesIntoItsWorkFolderWhenNotTold) {
  tree_.file("file", "");
  host h;
  h.param("root", tree_.path());

  const auto r = h.run(plugin_entry("files"), "scan");

  EXPECT_TRUE(r.ok()) << r;
  const auto list = r.outputs.at("list").as<fs::path>();
  EXPECT_EQ(list.filename(), "files.list");
  EXPECT_EQ(content_of(list), (tree_ / "file").string() + '\0');
}

TEST_F(FilesScan, ARootThatIsNotThereIsAFailure) {
  host_.param("root", tree_ / "missing");

  const auto r = scan();

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_EQ(r.why, "cannot scan '" + (tree_ / "missing").string() + "': No such file or directory");
  EXPECT_TRUE(fs::is_empty(results_.path()));
}

TEST_F(FilesScan, ARootThatIsAFileIsAFailure) {
  host_.param("root", tree_.file("file", ""));

  EXPECT_THAT(scan().why, HasSubstr("Not a directory"));
}

TEST_F(FilesScan, AFolderThatCannotBeReadIsCountedAndNotTheEnd) {
  constexpr uid_t kNobody = 65534;
  tree_.file("file", "");
  tree_.file("locked/file", "");
  fs::permissions(tree_ / "locked", fs::perms::none);
  for (const fs::path& open_to_all : {tree_.path(), results_.path()}) fs::permissions(open_to_all, fs::perms::all);

  // Root would read every folder; but nobody may not come as far as the plugin, which is therefore opened before.
  const auto entry = plugin_entry("files");
  const bool is_root = geteuid() == 0;
  ASSERT_TRUE(!is_root || seteuid(kNobody) == 0);
  const auto r = host_.run(entry, "scan");
  ASSERT_TRUE(!is_root || seteuid(0) == 0);
  fs::permissions(tree_ / "locked", fs::perms::owner_all);

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(listed(), ElementsAre("file"));
  EXPECT_EQ(r.outputs.at("errors"), 1);
  EXPECT_TRUE(r.logged("cannot read '" + (tree_ / "locked").string() + "': Permission denied")) << r;
}

TEST_F(FilesScan, APathThatIsTooLongIsCountedAndNotTheEnd) {
  // Made step by step, for no call takes the whole path.
  const std::string step(200, 'x');
  const int start = open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int folder = start;
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(mkdirat(folder, step.c_str(), 0700), 0);
    const int next = openat(folder, step.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(folder);
    folder = next;
  }
  close(folder);

  const auto r = scan();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("errors"), 1);
  EXPECT_TRUE(r.logged("File name too long")) << r;
}

TEST_F(FilesScan, StopsWellWhereverTheStopComes) {
  for (const auto* name : {"a/1", "a/2", "b"}) tree_.file(name, "");

  const auto swept = ganger::testing::sweep([&](host& h) {
    fs::remove(results_ / "list");
    h.param("root", tree_.path()).param("to", results_ / "list");
    auto r = h.run(plugin_entry("files"), "scan");
    // A list that is whole or none at all, and nothing temporary.
    for (const auto& entry : fs::directory_iterator(results_.path())) EXPECT_EQ(entry.path(), results_ / "list");
    if (fs::exists(results_ / "list")) {
      EXPECT_EQ(listed().size(), 3u);
    }
    return r;
  });

  EXPECT_EQ(swept.bad_call, 0u) << swept.at;
}

}  // namespace
