// E18 to E21, E32, E34: files that are no sound plugins, that change, and that misbehave when all is over.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <span>

#include "fault_test.h"

namespace ganger::host::test {

using E18InProcess = InProcess;
using E18Isolated = Isolated;
using E19InProcess = InProcess;
using E19Isolated = Isolated;
using E20InProcess = InProcess;
using E20Isolated = Isolated;
using E21InProcess = InProcess;
using E21Isolated = Isolated;
using E32InProcess = InProcess;
using E32Isolated = Isolated;
using E34InProcess = InProcess;
using E34Isolated = Isolated;

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

const std::string kConstructors = GANGER_BINARY_DIR "/tests/cli/constructors";

/// A plugin that is refused: by its id, with the exit code and a part of the reason.
struct Refused {
  const char* id;
  int code;
  const char* why;
};

constexpr Refused kWrong[] = {{"other_abi", 76, "is built for plugin ABI 2"},
                              {"newer_host", 76, "needs host ABI 1.3"},
                              {"no_entry", 77, "does not export ganger_plugin_v1"},
                              {"returns_null", 77, "returned NULL"},
                              {"null_fields", 77, "id is NULL"},
                              {"odd_sizes", 77, "struct_size"},
                              {"endless_tasks", 77, "have no NULL among the first"},
                              {"array_off_the_edge", 77, "not in readable memory"},
                              {"text_off_the_edge", 77, "not in readable memory"},
                              {"wild_pointers", 77, "not in readable memory"},
                              {"data_as_code", 77, "does not point to code"},
                              {"long_name", 77, "longer than 63 bytes"},
                              {"throws_in_entry", 77, "threw an exception"}};

/// The same on both sides.
constexpr Refused kChanging[] = {{"changes_all", 77, "changed the current directory, changed the umask"},
                                 {"changes_locale", 77, "changed the locale"},
                                 {"starts_thread", 77, "started a thread"},
                                 {"starts_process", 77, "started a process"},
                                 {"hangs", 77, "did not come to an end within 5s"}};

constexpr Refused kEndingTheChild[] = {{"crashes", 77, "crashed with SIGSEGV while it was asked"},
                                       {"aborts", 77, "crashed with SIGABRT"},
                                       {"exits", 77, "ended the process with exit code 0"}};

constexpr Refused kEndingTheHost[] = {{"crashes_here", 77, "crashed with SIGSEGV"},
                                      {"aborts", 77, "crashed with SIGABRT while it was opened"},
                                      {"exits", 77, "called exit() while it was opened"},
                                      {"hangs_deaf", 77, "did not come to an end within 5s"}};

/// The plugin is refused before anything runs: the task before the one that would use it writes nothing.
void expect_refused(const FaultTest& t, const Refused& plugin, const std::string& folder) {
  const std::string tasks = t.task("first", "faulty.mark", "file = " + t.path("seen")) +
                            t.task("a", std::string(plugin.id) + ".go", {}, "after = [\"first\"]");

  t.run(tasks, {"-P", folder}).exits(plugin.code).says(plugin.why).says(plugin.id).takes_less_than(seconds(30));

  t.expect_no_witness();
}

void write_bytes(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// Files called like plugins, in the folder `own`.
void make_broken_files(const FaultTest& t) {
  const fs::path own = t.folder_ / "own";
  fs::create_directory(own);
  std::ifstream sound(kHostile + "/talks.so", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(sound), {}};
  write_bytes(own / "cut.so", bytes.substr(0, bytes.size() / 2));
  write_bytes(own / "head.so", bytes.substr(0, 64));
  write_bytes(own / "empty.so", "");
  write_bytes(own / "text.so", "#!/bin/sh\nexit 0\n");
  bytes[18] = 8;  // e_machine: MIPS
  bytes[19] = 0;
  write_bytes(own / "mips.so", bytes);
  fs::permissions(own, fs::perms(0755));
  for (const auto& file : fs::directory_iterator(own)) fs::permissions(file.path(), fs::perms(0755));
}

void expect_broken_files_refused(const FaultTest& t) {
  make_broken_files(t);
  for (const Refused& plugin : {Refused{"cut", 77, "cut.so"}, Refused{"head", 77, "head.so"},
                                Refused{"empty", 77, "empty.so"}, Refused{"text", 77, "text.so"},
                                Refused{"mips", 76, "is for ELF machine 8"}, Refused{"nowhere", 66, "not found"}})
    expect_refused(t, plugin, (t.folder_ / "own").string());
  expect_refused(t, {"missing_library", 77, "needs libhostile_gone.so"}, kHostile);
  expect_refused(t, {"missing_symbol", 77, "uses nobody_has_this"}, kHostile);
}

void expect_twins_apart(const FaultTest& t) {
  const Ended run = t.run(t.task("a", "castor.say") + t.task("b", "pollux.say"));

  run.exits(0).says("a: I am castor").says("b: I am pollux");
}

/// The first folder of the search path wins, and `list -v` names both files.
void expect_first_of_two_ids(const FaultTest& t) {
  const fs::path first = t.folder_ / "first", second = t.folder_ / "second";
  for (const auto& [folder, plugin] : {std::pair{first, "castor.so"}, {second, "pollux.so"}}) {
    fs::create_directory(folder);
    fs::copy_file(fs::path(kFaulty) / plugin, folder / "castor.so");
    fs::permissions(folder, fs::perms(0755));
    fs::permissions(folder / "castor.so", fs::perms(0755));
  }
  t.write("two.toml", t.task("a", "castor.say"));

  t.run_ganger("run", "two.toml", "-P", first.string(), "-P", second.string()).exits(0).says("a: I am castor");
  t.run_ganger("run", "two.toml", "-P", second.string(), "-P", first.string())
      .exits(77)
      .says("calls itself 'pollux'");
  t.run_ganger("list", "-v", "-P", first.string(), "-P", second.string())
      .exits(0)
      .prints((first / "castor.so").string())
      .prints((second / "castor.so").string());
}

/// While a task of the plugin runs, another build takes the place of its file; then comes another task of it.
Ended run_with_replaced_file(const FaultTest& t, const std::string& next) {
  const fs::path own = t.folder_ / "own";
  fs::create_directory(own);
  fs::permissions(own, fs::perms(0755));
  for (const char* name : {"faulty.so", "other"}) {
    fs::copy_file(fs::path(kFaulty) / "faulty.so", own / name);
    fs::permissions(own / name, fs::perms(0755));
  }
  std::ofstream(own / "other", std::ios::app) << "another build";
  t.write("j.toml", t.task("a", "faulty.gate", "file = " + t.path("replaced")) + next);

  return t.ganger({"run", "j.toml", "-P", own.string()})
      .acted_on(
          [&](pid_t) {
            fs::rename(own / "other", own / "faulty.so");
            t.write("replaced", "");
          },
          "a: waits")
      .end();
}

/// The run has its result, whatever the plugin does when its process ends.
void expect_result_before_the_end(const FaultTest& t, const std::string& how) {
  const Ended run = t.run(t.task("a", "faulty.do", "how = \"" + how + "\"") + t.witness("a"));

  run.exits(0).prints("2 done").takes_less_than(seconds(20));
  t.expect_witness();
  t.later("show").exits(0).prints("finished (exit 0)");
  fs::remove(t.folder_ / "seen");
}

}  // namespace

// -- plugins that are refused -------------------------------------------------------------------------------------

TEST_F(E18InProcess, ItIsRefusedWithTheReasonBeforeAnythingRuns) {
  for (const Refused& plugin : kWrong) expect_refused(*this, plugin, kHostile);
}

TEST_F(E18Isolated, ItIsRefusedWithTheReasonBeforeAnythingRuns) {
  for (const Refused& plugin : kWrong) expect_refused(*this, plugin, kHostile);
}

TEST_F(E19InProcess, ItIsRefusedWithTheReasonBeforeAnythingRuns) { expect_broken_files_refused(*this); }

TEST_F(E19Isolated, ItIsRefusedWithTheReasonBeforeAnythingRuns) { expect_broken_files_refused(*this); }

TEST_F(E20InProcess, AskedWhatItProvidesItIsRefusedWithTheReason) {
  for (const auto& plugins : {std::span<const Refused>(kChanging), std::span<const Refused>(kEndingTheChild)})
    for (const Refused& plugin : plugins)
      run_ganger("inspect", kConstructors + "/" + plugin.id + ".so").exits(plugin.code).says(plugin.why);
}

TEST_F(E20InProcess, ItIsRefusedWithTheReasonBeforeAnythingRuns) {
  for (const Refused& plugin : kChanging) expect_refused(*this, plugin, kConstructors);
  for (const Refused& plugin : kEndingTheHost) expect_refused(*this, plugin, kConstructors);

  later("history").exits(0).prints("no runs yet");
}

TEST_F(E20InProcess, AnInterruptDoesNotWaitForIt) {
  for (const char* id : {"hangs", "hangs_deaf"})
    ganger({"exec", std::string(id) + ".go", "-P", kConstructors})
        .signalled(SIGINT, "I do not come back")
        .end()
        .exits(2)
        .takes_less_than(seconds(4));
}

/// The fixture fails when a process is left.
TEST_F(E20InProcess, WhatItHasStartedEndsWithIt) {
  expect_refused(*this, {"leaves_and_crashes", 77, "crashed with SIGSEGV"}, kConstructors);
  expect_refused(*this, {"leaves_and_exits", 77, "called exit() while it was opened"}, kConstructors);
  expect_refused(*this, {"leaves_and_hangs", 77, "did not come to an end within 5s"}, kConstructors);
  ganger({"exec", "leaves_and_hangs.go", "-P", kConstructors})
      .signalled(SIGINT, "I do not come back")
      .end()
      .exits(2)
      .takes_less_than(seconds(4));
}

TEST_F(E20InProcess, AChildThatGangerWasStartedWithHidesNone) {
  const std::string line = "cd '" + folder_.string() + "' && HOME=$PWD bash -c 'sleep 300 & echo $! >pid; exec " +
                           GANGER_PROGRAM + " exec starts_process.go -P " + kConstructors + "' >out 2>&1 </dev/null";

  const int status = std::system(line.c_str());

  EXPECT_EQ(WEXITSTATUS(status), 77) << read("out");
  EXPECT_NE(read("out").find("started a process"), std::string::npos) << read("out");
  const pid_t inherited = std::stoi(read("pid"));
  EXPECT_EQ(kill(inherited, SIGKILL), 0);
  waitpid(inherited, nullptr, 0);
}

TEST_F(E20InProcess, AStreamThatNobodyReadsDoesNotKeepItAlive) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const std::string line = "cd '" + folder_.string() + "' && HOME=$PWD timeout 60 bash -c 'exec 3<>pipe; " +
                           GANGER_PROGRAM + " exec hangs_mute.go -P " + kConstructors + " 2>&3' </dev/null";

  EXPECT_EQ(WEXITSTATUS(std::system(line.c_str())), 77);
}

TEST_F(E20InProcess, AChildThatItForksMayCallExit) {
  run_ganger("exec", "child_exits.go", "-P", kConstructors).exits(0).never_says("refused");
}

TEST_F(E20Isolated, ItIsRefusedWithTheReasonBeforeAnythingRuns) {
  for (const Refused& plugin : kChanging) expect_refused(*this, plugin, kConstructors);
  for (const Refused& plugin : kEndingTheChild) expect_refused(*this, plugin, kConstructors);
}

// -- plugins that are alike ---------------------------------------------------------------------------------------

TEST_F(E21InProcess, ClassesOfOneNameAreKeptApart) { expect_twins_apart(*this); }

TEST_F(E21InProcess, OfTwoFilesOfOneIdTheFirstIsTakenAndBothAreListed) { expect_first_of_two_ids(*this); }

TEST_F(E21Isolated, ClassesOfOneNameAreKeptApart) { expect_twins_apart(*this); }

TEST_F(E21Isolated, OfTwoFilesOfOneIdTheFirstIsTakenAndBothAreListed) { expect_first_of_two_ids(*this); }

// -- plugins that change ------------------------------------------------------------------------------------------

TEST_F(E32InProcess, WhatIsOpenStaysAsItIs) {
  run_with_replaced_file(*this, task("b", "faulty.mark", "file = " + path("seen"))).exits(0).says("b done");

  EXPECT_EQ(count("seen", "end ran"), 1);
}

TEST_F(E32Isolated, AChildThatIsStartedLaterRefusesTheOtherFile) {
  const std::string sandbox = "sandbox = { write = [" + path("") + "], memory = \"8GiB\" }";

  run_with_replaced_file(*this, task("b", "faulty.mark", "file = " + path("seen"), sandbox))
      .exits(77)
      .says("a done")
      .says("b failed")
      .says("faulty.so");

  expect_no_witness();
}

// -- plugins at the end -------------------------------------------------------------------------------------------

TEST_F(E34InProcess, TheRunHasItsResultAndTheProcessEndsWithIt) {
  expect_result_before_the_end(*this, "exit-hangs");
  expect_result_before_the_end(*this, "exit-crashes");
}

TEST_F(E34Isolated, TheTaskHasItsResultAndTheChildEnds) {
  expect_result_before_the_end(*this, "exit-hangs");
  expect_result_before_the_end(*this, "exit-crashes");
}

}  // namespace ganger::host::test
