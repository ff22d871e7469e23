#include <csignal>
#include <fstream>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

/// A command that leaves its name in the file `marks`, waits for the file `go`, and says so once more.
std::string waits(const std::string& name, const std::string& more = "") {
  return "[[task]]\nname = \"" + name +
         "\"\nuses = \"exec.run\"\n"
         "with = { shell = \"echo " +
         name + " begins | tee -a marks; while [ ! -e go ]; do sleep 0.01; done; echo " + name +
         " ends >> marks\" }\n" + more;
}
std::string marks(const std::string& name, const std::string& more = "") {
  return "[[task]]\nname = \"" + name + "\"\nuses = \"exec.run\"\nwith = { shell = \"echo " + name +
         " | tee -a marks\" }\n" + more;
}

class Resumed : public GangerTest {
 protected:
  /// Runs the job and kills the host when stderr holds the text.
  Ended killed_at(const std::string& job, std::string_view text) const {
    return ganger({"run", job}).signalled(SIGKILL, text).end();
  }
  void go() const { write("go", ""); }
};

TEST_F(Resumed, ARunThatWasKilledGoesOnWhereItWas) {
  write("a.toml",
        marks("one") + waits("two", "after = [\"one\"]\nheavy = true\n") + marks("three", "after = [\"two\"]\n"));
  killed_at("a.toml", "two begins");
  go();

  const Ended refused = run_ganger("resume");
  const Ended run = run_ganger("resume", "--assume", "rerun");

  refused.exits(64).says("task 'two'").says("--assume done or --assume rerun");
  run.exits(0).prints("3 done (1 before it was resumed)").never_says("one done").says("three done");
  EXPECT_EQ(read("marks").find("one"), read("marks").rfind("one"));
}

TEST_F(Resumed, ATaskThatIsAssumedToBeDoneIsNotRunAgain) {
  write("a.toml", waits("two") + marks("three", "after = [\"two\"]\n"));
  killed_at("a.toml", "two begins");
  go();

  const Ended run = run_ganger("resume", "--assume", "done");

  run.exits(0).never_says("two done").says("three done");
  run_ganger("show").exits(0).prints("finished");
}

TEST_F(Resumed, AnIdempotentTaskThatWasInTheMiddleRunsAgain) {
  write("a.toml",
        "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"${params.for}\", say = \"sleeping\" }\n"
        "[params]\nfor = \"60s\"\n");
  killed_at("a.toml", "s: sleeping");

  const Ended changed = run_ganger("resume", "-p", "for=0s");
  const Ended run = run_ganger("resume", "-p", "for=0s", "--accept-changes");

  changed.exits(65).says("parameter 'for' is '0s' now and was not given since run");
  run.exits(0).says("s done");
}

/// A command that leaves its name in the file `marks` and then kills the child process it was started by.
std::string kills_its_child(const std::string& name) {
  return "[[task]]\nname = \"" + name +
         "\"\nuses = \"exec.run\"\nisolate = \"process\"\n"
         "with = { shell = \"echo " +
         name + " >> marks; kill -9 $PPID; sleep 60\" }\n[task.sandbox]\nwrite = [\".\"]\n";
}

TEST_F(Resumed, ATaskWhoseChildWasKilledJustBeforeTheHostIsAQuestion) {
  write("a.toml", kills_its_child("two") + waits("other"));
  ganger({"run", "a.toml", "--keep-going"}).signalled(0, "other begins").signalled(SIGKILL, "two crashed").end();
  go();

  const Ended refused = run_ganger("resume");
  const Ended resumed = run_ganger("resume", "--assume", "done");

  refused.exits(64).says("'two' (crashed)").says("'other' (was running when ganger ended)");
  resumed.exits(0);
  EXPECT_EQ(read("marks").find("two"), read("marks").rfind("two")) << read("marks");
  EXPECT_NE(read("marks").find("two"), std::string::npos);
}

TEST_F(Resumed, ATaskThatCrashedInARunThatHasEndedIsAQuestion) {
  write("a.toml", kills_its_child("two"));
  run_ganger("run", "a.toml").exits(3).says("two crashed");

  run_ganger("resume").exits(64).says("task 'two' (crashed) may have done its work already");
  run_ganger("show").exits(0).prints("crashed, in doubt");
  EXPECT_EQ(run_ganger("show", "--format", "json").json()["tasks"][0]["in_doubt"], true);
  EXPECT_EQ(read("marks"), "two\n");
}

TEST_F(Resumed, ATaskThatDidNotStopIsAQuestionWhetherItWasAbandonedOrKilled) {
  // The timeout has to be longer than a child takes to start: what never ran is not in doubt.
  for (const char* isolate : {"thread", "process"}) {
    write("a.toml", std::string("[[task]]\nname = \"deaf\"\nuses = \"rude.spin\"\ntimeout = \"3s\"\nisolate = \"") +
                        isolate + "\"\n");
    run_ganger("run", "a.toml", "-P", kHostile, "--grace", "50ms").exits(3);

    run_ganger("resume").exits(64).says("task 'deaf' (was cut off) may have done its work already");
  }
}

TEST_F(Resumed, ACommandThatWasInterruptedRunsAgainWithoutAQuestion) {
  write("a.toml", waits("two"));
  ganger({"run", "a.toml"}).signalled(SIGINT, "two begins").end().exits(2);
  go();

  run_ganger("resume").exits(0).says("two done");
}

TEST_F(Resumed, OutputsOfWhatWasDoneAreThereForWhatComesAfter) {
  write("a.toml", "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"from before\" }\n" +
                      waits("two", "after = [\"a\"]\n") +
                      "[[task]]\nname = \"c\"\nuses = \"demo.echo\"\nafter = [\"two\"]\nwith = { text = "
                      "\"${tasks.a.text}!\" }\n");
  killed_at("a.toml", "two begins");
  go();

  run_ganger("resume", "--assume", "rerun").exits(0).says("c: from before!").never_says("a: from before");
}

TEST_F(Resumed, AnEmptyFolderThatADoneTaskHasMadeIsStillThere) {
  write("a.toml",
        "[[task]]\nname = \"make\"\nuses = \"exec.run\"\nwith = { argv = [\"mkdir\", \"${run.dir}/backups\"] }\n"
        "[[task]]\nname = \"fill\"\nuses = \"exec.run\"\nafter = [\"make\"]\n"
        "with = { shell = \"test -e go && echo x > ${run.dir}/backups/x\" }\n");
  run_ganger("run", "a.toml").exits(3);
  go();

  run_ganger("resume").exits(0).says("fill done").never_says("make done");
}

TEST_F(Resumed, ARunThatFailedRunsWhatFailedAndWhatWasLeftOut) {
  write("a.toml", marks("one") +
                      "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nafter = [\"one\"]\n"
                      "with = { shell = \"test -e go\" }\n" +
                      marks("three", "after = [\"two\"]\n"));
  run_ganger("run", "a.toml").exits(3);
  go();

  run_ganger("resume").exits(0).prints("3 done (1 before it was resumed)");
  EXPECT_EQ(read("marks"), "one\nthree\n");
}

TEST_F(Resumed, CleanUpIsDoneAgainWhenSomethingRunsAgain) {
  write("a.toml", "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n" +
                      marks("tidy", "after = [\"two\"]\nwhen = \"always\"\n"));
  run_ganger("run", "a.toml").exits(3).says("tidy done");
  go();

  run_ganger("resume").exits(0).says("tidy done");
}

TEST_F(Resumed, CleanUpThatWillRunAgainIsNotDoneUntilItHas) {
  write("a.toml",
        "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go || exit 1; echo two begins; "
        "while [ ! -e on ]; do sleep 0.01; done\" }\n" +
            marks("tidy", "after = [\"two\"]\nwhen = \"always\"\n"));
  run_ganger("run", "a.toml").exits(3).says("tidy done");
  go();

  ganger({"resume"}).signalled(SIGKILL, "two begins").end();
  const auto killed = run_ganger("show", "--format", "json").exits(0).json();
  write("on", "");

  EXPECT_EQ(killed["tasks"][1]["task"], "tidy");
  EXPECT_NE(killed["tasks"][1]["outcome"], "done");
  run_ganger("resume", "--assume", "done").exits(0).never_says("two done").says("tidy done");
}

TEST_F(Resumed, TheSameTasksAreChosenWhateverTheirNames) {
  write("a.toml",
        "[[task]]\nname = \"-two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n" + marks("one"));
  run_ganger("run", "a.toml", "--only=-two").exits(3);
  go();

  run_ganger("resume").exits(0).says("-two done").never_says("one done");
}

TEST_F(Resumed, WhatWasAcceptedOnceNeedNotBeAcceptedAgain) {
  write("a.toml", "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n");
  run_ganger("run", "a.toml").exits(3);
  std::ofstream(folder_ / "a.toml", std::ios::app) << "# changed\n";
  run_ganger("resume", "--accept-changes").exits(3);
  go();

  run_ganger("resume").exits(0);
}

TEST_F(Resumed, ARunThatHasFinishedHasNothingLeftToDo) {
  write("a.toml", marks("one"));
  run_ganger("run", "a.toml").exits(0);

  run_ganger("resume").exits(0).says("has finished; there is nothing left to do");
  EXPECT_EQ(read("marks"), "one\n");
}

TEST_F(Resumed, AChangedJobIsRefusedUnlessToldOtherwise) {
  write("a.toml", "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n");
  run_ganger("run", "a.toml").exits(3);
  go();
  std::ofstream(folder_ / "a.toml", std::ios::app) << "# changed\n";

  run_ganger("resume").exits(65).says("a.toml has changed since run").says("--accept-changes");
  run_ganger("resume", "--accept-changes").exits(0);
}

TEST_F(Resumed, ASecretOfTheCommandLineIsNotKeptAndAskedForAgain) {
  write("a.toml",
        "[params]\ntoken = \"\"\n[[task]]\nname = \"t\"\nuses = \"teller.tell\"\nwith = { token = "
        "\"${params.token}\" }\n"
        "[[task]]\nname = \"two\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n");
  run_ganger("run", "a.toml", "-p", "token=hunter2-hunter2", "-P", kPlugins).exits(3);
  go();

  run_ganger("resume").exits(64).says("parameter 'token' was given as a secret, which is not kept");
  run_ganger("resume", "-p", "token=hunter2-hunter2").exits(0);
}

TEST_F(Resumed, WithoutHistoryThereIsNothingToResume) {
  write("a.toml", marks("one"));
  run_ganger("run", "a.toml", "--no-history").exits(0);

  run_ganger("resume").exits(66);
  run_ganger("history").exits(0).prints("no runs yet");
}

TEST_F(Resumed, ARunIsFoundByTheStartOfItsId) {
  write("a.toml", marks("one"));
  run_ganger("run", "a.toml").exits(0);
  const std::string id = run_ganger("history", "--format", "json").json()["runs"][0]["run"];

  const auto shown = run_ganger("show", id.substr(0, 12), "--format", "json").exits(0).json();

  EXPECT_EQ(shown["run"], id);
  EXPECT_EQ(shown["end"], "finished");
  EXPECT_EQ(shown["tasks"][0]["outcome"], "done");
  EXPECT_EQ(shown["tasks"][0]["outputs"]["stdout"], "one");
  run_ganger("show", "1999").exits(66);
}

TEST_F(Resumed, ARunThatGoesOnIsNotResumedTwice) {
  write("a.toml", waits("two"));
  // The second process is started by the first, which it meets in the middle.
  write("b.toml",
        "[[task]]\nname = \"inner\"\nuses = \"exec.run\"\n"
        "with = { argv = [\"" GANGER_BINARY_DIR "/bin/ganger\", \"resume\"], expect = [75] }\n");

  run_ganger("run", "b.toml").exits(0);
}

TEST_F(Resumed, TheNextRunOfAJobTellsOfOneThatWasKilled) {
  write("a.toml", waits("two"));
  killed_at("a.toml", "two begins");
  go();

  run_ganger("run", "a.toml").exits(0).says("did not end: its process was killed").says("ganger resume");
}

TEST_F(Resumed, ALockKeepsRunsOfOneNameApart) {
  write("a.toml",
        "[[task]]\nname = \"inner\"\nuses = \"exec.run\"\n"
        "with = { argv = [\"" GANGER_BINARY_DIR
        "/bin/ganger\", \"run\", \"--lock\", \"nightly\", \"b.toml\"], expect = [75] }\n");
  write("b.toml", marks("one"));

  run_ganger("run", "a.toml", "--lock", "nightly").exits(0);

  EXPECT_FALSE(std::filesystem::exists(folder_ / "marks"));
  run_ganger("run", "b.toml", "--lock", "nightly").exits(0);
  run_ganger("run", "b.toml", "--lock", "nightly", "--no-history", "--state-dir", "fresh").exits(0);
  EXPECT_EQ(std::filesystem::status(folder_ / "fresh").permissions(), std::filesystem::perms::owner_all);
  run_ganger("run", "b.toml", "--lock", "no good").exits(64).says("it must be a name of");
}

TEST_F(Resumed, AStateDirectoryThatCannotBeUsedIsSaidBeforeAnythingRuns) {
  write("a.toml", marks("one"));
  write("file", "");

  const Ended run = run_ganger("run", "a.toml", "--state-dir", "file/state");

  EXPECT_TRUE(run.code == 73 || run.code == 74) << run.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "marks"));
  run_ganger("run", "a.toml", "--state-dir", "file/state", "--no-history").exits(0);
}

TEST_F(Resumed, EveryDurableStepMayBeTheLastOne) {
  write("a.toml", marks("one") + marks("two", "after = [\"one\"]\n") + marks("three", "after = [\"two\"]\n"));
  int survived = 0;
  for (int step = 1; survived == 0 && step < 200; ++step) {
    std::filesystem::remove(folder_ / "marks");
    const std::string state = "state" + std::to_string(step);
    const Ended run =
        ganger({"run", "a.toml", "--state-dir", state}).with_env("GANGER_CRASH_AT", std::to_string(step)).end();
    if (run.code == 0) survived = step;
    const std::string before = std::filesystem::exists(folder_ / "marks") ? read("marks") : "";
    const Ended resumed = run_ganger("resume", "--assume", "rerun", "--state-dir", state);

    // 66: it died before the run was known to anybody, so that nothing can have been done.
    ASSERT_TRUE(resumed.code == 0 || (resumed.code == 66 && before.empty()))
        << "step " << step << ": " << resumed.err;
    if (resumed.code == 66) continue;
    // Each has run; and only the one that was in the middle may have done so twice.
    const std::string all = read("marks");
    std::size_t lines = 0;
    for (const char* name : {"one\n", "two\n", "three\n"}) {
      std::size_t n = 0;
      for (std::size_t at = all.find(name); at != std::string::npos; at = all.find(name, at + 1)) ++n;
      ASSERT_GE(n, 1u) << "step " << step << ": " << all;
      lines += n;
    }
    ASSERT_LE(lines, 4u) << "step " << step << ": " << all;
  }
  EXPECT_GT(survived, 5);
}

}  // namespace

}  // namespace ganger::host::test
