// Rights given up by a process of its own, which then tries what it may not do.
#include "host/isolate/sandbox/lock_down.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "host/isolate/sandbox/landlock.h"
#include "host/isolate/sandbox/memory_size.h"
#include "host/isolate/sandbox/network.h"
#include "host/isolate/sandbox/other_processes.h"
#include "started.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDenied = ": Permission denied\n";

std::string lock_and_try(std::vector<std::string> rules, const std::vector<std::string>& tries) {
  rules.emplace_back("--");
  rules.insert(rules.end(), tries.begin(), tries.end());
  Command command = subject("lock_down_subject", rules);
  command.environment = {"PATH=/usr/bin:/bin"};
  const Spoken spoken = run_subject(command);
  EXPECT_FALSE(spoken.end.was_signalled) << spoken.end.code;
  return spoken.out;
}

/// Two folders, and a file in the second.
struct Folders {
  TemporaryFolder root;
  std::string work = root.folder("work");
  std::string other = root.folder("other");
  std::string file = root.file("other/file", "content");
};

class LockDownOfFiles : public testing::Test, public Folders {
  void SetUp() override {
    if (Landlock::version() < 3) GTEST_SKIP() << "the Landlock of this kernel is older than version 3";
  }
};

TEST_F(LockDownOfFiles, WritesBelowTheWorkFolderOnly) {
  const std::string said = lock_and_try(
      {"writable=" + work},
      {"create",      work + "/new", "mkdir",        work + "/sub", "create",       work + "/sub/new", "remove",
       work + "/new", "create",      other + "/new", "mkdir",       other + "/sub", "write",           file,
       "remove",      file,          "truncate",     file,          "write",        "/dev/null"});

  EXPECT_EQ(said, "create " + work + "/new: ok\n" + "mkdir " + work + "/sub: ok\n" + "create " + work +
                      "/sub/new: ok\n" + "remove " + work + "/new: ok\n" + "create " + other + "/new" + kDenied +
                      "mkdir " + other + "/sub" + kDenied + "write " + file + kDenied + "remove " + file + kDenied +
                      "truncate " + file + kDenied + "write /dev/null: ok\n");
  EXPECT_EQ(content_of(file), "content");
}

TEST_F(LockDownOfFiles, MovesBetweenFoldersOfTheWorkFolder) {
  root.file("work/a/file");
  root.folder("work/b");

  const std::string said = lock_and_try({"writable=" + work}, {"move", work});

  EXPECT_EQ(said, "move " + work + ": ok\n");
}

TEST_F(LockDownOfFiles, ReadsAllUnlessToldOtherwise) {
  const std::string said = lock_and_try({"writable=" + work}, {"read", file, "read", other});

  EXPECT_EQ(said, "read " + file + ": ok\nread " + other + ": ok\n");
}

TEST_F(LockDownOfFiles, ReadsWhatIsGrantedAndWhatProgramsNeed) {
  const std::string granted = root.file("granted/file");

  const std::string said =
      lock_and_try({"writable=" + work, "read=" + (root / "granted").string()},
                   {"read", granted, "read", work, "read", file, "read", "/etc/passwd", "read", "/proc/self/maps",
                    "run", "ls /usr", "read", "/etc/shadow", "write", granted});

  EXPECT_EQ(said, "read " + granted + ": ok\n" + "read " + work + ": ok\n" + "read " + file + kDenied +
                      "read /etc/passwd: ok\nread /proc/self/maps: ok\nrun ls /usr: ok\nread /etc/shadow" + kDenied +
                      "write " + granted + kDenied);
}

TEST_F(LockDownOfFiles, HoldsForWhatIsStartedFromIt) {
  const std::string said = lock_and_try({"writable=" + work}, {"run", "rm " + file, "run", "touch " + work + "/new"});

  EXPECT_THAT(said, HasSubstr("rm " + file + ": failed"));
  EXPECT_THAT(said, HasSubstr("touch " + work + "/new: ok"));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(LockDownOfFiles, WritesOverAGrantedFileAndNotBesideIt) {
  const std::string said = lock_and_try({"writable=" + work, "write=" + file},
                                        {"write", file, "read", file, "create", other + "/new", "remove", file});

  EXPECT_EQ(said, "write " + file + ": ok\n" + "read " + file + ": ok\n" + "create " + other + "/new" + kDenied +
                      "remove " + file + kDenied);
}

TEST_F(LockDownOfFiles, GrantsNothingForWhatIsNotThere) {
  const std::string said = lock_and_try({"writable=" + work, "read=" + other + "/no", "write=" + other + "/new"},
                                        {"create", other + "/new", "read", file});

  EXPECT_EQ(said, "ungranted: '" + other + "/no' does not exist, so nothing was granted for it: create it, or " +
                      "grant its folder\nungranted: '" + other + "/new' does not exist, so nothing was granted for " +
                      "it: create it, or grant its folder\ncreate " + other + "/new" + kDenied + "read " + file +
                      kDenied);
}

TEST_F(LockDownOfFiles, SaysWhichGrantLeadsNowhere) {
  const std::string said =
      lock_and_try({"writable=" + work, "write=" + file + "/new"}, {"create", root / "new", "create", work + "/new"});

  EXPECT_EQ(said, "ungranted: writing '" + file +
                      "/new' cannot be granted: Not a directory; correct it in the sandbox of the job\n" + "create " +
                      (root / "new").string() + kDenied + "create " + work + "/new: ok\n");
}

TEST(LockDown, AnswersNothingWhereTheKernelHasAll) {
  if (!missing_locks().empty()) GTEST_SKIP() << missing_locks().front();
  const Folders folders;

  const std::string said = lock_and_try({"writable=" + folders.work, "no-network"}, {});

  EXPECT_EQ(said, "");
}

TEST(LockDown, GivesUpCoreFilesAndManyDescriptorsAndNewPrivileges) {
  const std::string said = lock_and_try({}, {"cores", "", "descriptors", "", "no-new-privileges", ""});

  EXPECT_THAT(said, HasSubstr("cores : ok\ndescriptors : ok\nno-new-privileges : ok\n"));
}

TEST(LockDown, SendsSignalsOnlyToWhatIsUnderTheSameRules) {
  if (Landlock::version() < 6) GTEST_SKIP() << "the Landlock of this kernel is older than version 6";

  const std::string said = lock_and_try({}, {"signal", "parent", "end", "child"});

  EXPECT_EQ(said, "signal parent: Operation not permitted\nend child: ok\n");
}

TEST(LockDown, ChangesLimitsAndPrioritiesOfItselfOnly) {
  if (!missing_filter_of_calls().empty()) GTEST_SKIP() << missing_filter_of_calls();

  const std::string said = lock_and_try({}, {"limit", "parent", "nice", "parent", "limit", "self", "nice", "self"});

  EXPECT_THAT(said, HasSubstr("limit parent: Operation not permitted\nnice parent: Operation not permitted\n"
                              "limit self: ok\nnice self: ok\n"));
}

TEST(LockDown, LimitsMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take more addresses than there is memory";
#endif
  const std::string most = std::to_string(1 << 30);

  const std::string said = lock_and_try({"memory=" + most}, {"map", "1000000", "map", most});

  EXPECT_THAT(said, HasSubstr("map 1000000: ok\nmap " + most + ": Cannot allocate memory\n"));
}

TEST(LockDown, LimitsMemoryToHalfOfTheMachines) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take more addresses than there is memory";
#endif
  const std::string half = std::to_string(usable_memory() / 2);

  const std::string said = lock_and_try({}, {"map", "1000000", "map", half});

  EXPECT_THAT(said, HasSubstr("map 1000000: ok\nmap " + half + ": Cannot allocate memory\n"));
}

TEST(LockDown, WithoutNetworkOnlySocketsOfTheMachineAreLeft) {
  if (const auto missing = missing_network_lock(); !missing.empty()) {
    ASSERT_THAT(missing.front(), Not(HasSubstr("libseccomp"))) << "the library is no matter of the kernel";
    GTEST_SKIP() << missing.front();
  }

  const std::string said =
      lock_and_try({"no-network"}, {"socket", "inet", "socket", "inet6", "socket", "unix", "ring", ""});

  EXPECT_THAT(said, HasSubstr(std::string("socket inet") + kDenied + "socket inet6" + kDenied +
                              "socket unix: ok\nring " + kDenied));
}

TEST(LockDown, LeavesTheNetworkUnlessToldOtherwise) {
  const std::string said = lock_and_try({}, {"socket", "inet"});

  EXPECT_THAT(said, HasSubstr("socket inet: ok\n"));
}

TEST(MissingLocks, AreAskedForWithoutLockingAnything) {
  const TemporaryFolder folder;

  const std::vector<std::string> lines = missing_locks();

  EXPECT_EQ(missing_locks(), lines);
  EXPECT_EQ(content_of(folder.file("still/writable")), "x");
}

}  // namespace
}  // namespace ganger::host
