// list, inspect and check survive every file, whatever its constructor does.
#include <ganger/version.h>

#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

const std::string kConstructors = GANGER_BINARY_DIR "/tests/cli/constructors";

class Describe : public GangerTest {
 protected:
  /// What `inspect` says of the plugin whose constructor does that.
  Ended inspect(const std::string& does) const { return run_ganger("inspect", kConstructors + "/" + does + ".so"); }
};

}  // namespace

TEST_F(Describe, ACrashIsTold) {
  inspect("crashes").exits(77).says(
      "crashes.so is refused: its code crashed with SIGSEGV while it was asked what it");
  inspect("aborts").exits(77).says("crashed with SIGABRT").says("(it said: what was meant to be is not)");
}

TEST_F(Describe, AnExitIsNoAnswer) {
  inspect("exits").exits(77).says("its code ended the process with exit code 0 while it was asked what it provides");
}

TEST_F(Describe, AHangHasALimit) {
  inspect("hangs")
      .exits(77)
      .says("its code did not come to an end within 5s")
      .takes_less_than(std::chrono::seconds(60));
}

TEST_F(Describe, AnAnswerThatMakesNoSenseIsRefused) {
  inspect("answers").exits(77).says("what it says it provides makes no sense");
  inspect("floods").exits(77).says("what it says it provides is longer than 4 MiB");
}

TEST_F(Describe, WhatBelongsToTheProcessIsToBeLeftAlone) {
  inspect("arms_alarm").exits(77).says("SIGALRM");
  inspect("starts_thread").exits(77).says("its code started a thread while it was opened");
  inspect("changes_all")
      .exits(77)
      .says(
          "changed the current directory, changed the umask, changed what is done at SIGUSR2, changed which signals "
          "are blocked while it was opened; let it leave the process alone until it is used");
}

TEST_F(Describe, AProcessThatIsLeftBehindIsNotWaitedFor) {
  inspect("starts_process").exits(77).says("its code started a process").takes_less_than(std::chrono::seconds(30));
}

TEST_F(Describe, ListShowsAllOfThemAndTheRest) {
  const Ended list = run_ganger("list", "-P", kConstructors);

  list.exits(0)
      .prints("demo " GANGER_VERSION " ")
      .prints("exits cannot be used\n")
      .prints("starts_thread cannot be used\n");
  list.prints("crashed with SIGSEGV").prints("within 5s").prints("longer than 4 MiB");
}

TEST_F(Describe, ListGetsThroughTheHostilePlugins) {
  run_ganger("list", "-P", kHostile).exits(0).prints("rude 1.0.0 ").prints("talks 1.0.0 ").never_prints("here I am");
}

TEST_F(Describe, CheckFindsIt) {
  run_ganger("check", kConstructors + "/crashes.so").exits(4).prints("error: ").prints("crashed with SIGSEGV");
}

TEST_F(Describe, TheChildIsNotForPeople) {
  run_ganger("__describe", "1", kHostile + "/talks.so").exits(64).says("this is started by ganger itself");
}

TEST_F(Describe, AnotherAbiKeepsItsExitCode) {
  run_ganger("inspect", kHostile + "/other_abi.so").exits(76);
  run_ganger("inspect", "/not/there.so").exits(66);
}

TEST_F(Describe, ANoteIsWrittenAsTheFileHasIt) {
  const std::string demo = GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so";

  run_ganger("inspect", demo, "--note", "demo.note").exits(0);

  EXPECT_NE(read(demo).find(read("demo.note")), std::string::npos);
}

TEST_F(Describe, ANoteNeedsAPlaceAndAPlugin) {
  run_ganger("inspect", "demo", "--note", "no/folder/x").exits(73).says("--note: cannot create no/folder/x");
  run_ganger("inspect", kHostile + "/no_entry.so", "--note", "x").exits(77);
}

TEST_F(Describe, CheckComparesNoteAndCode) {
  std::string bytes = read(GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so");
  const std::string summary = R"("summary":"Sleeps")";
  bytes.replace(bytes.find(summary), summary.size(), R"("summary":"Snores")");
  write("demo.so", bytes);

  run_ganger("check", "demo.so").exits(4).prints("error: ").prints("they differ at /tasks/2/summary");
  run_ganger("inspect", "./demo.so").exits(0).prints("Snores");
  run_ganger("exec", "demo.noop", "-P", ".").exits(77).says("its note and its code do not describe the same plugin");
  run_ganger("exec", "demo.noop", "-P", ".", "--isolate")
      .exits(77)
      .says("its note and its code do not describe the same plugin");
  run_ganger("check", GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so").exits(0).prints("ok note: says what its code");
}

}  // namespace ganger::host::test
