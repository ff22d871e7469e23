#include "ganger_process.h"

namespace ganger::host::test {

using WrongJob = GangerTest;

TEST_F(WrongJob, AJobThatIsNotThereIsNotFound) {
  for (const char* verb : {"run", "plan", "check", "graph"})
    run_ganger(verb, "none.toml").exits(66).says("none.toml");
}

TEST_F(WrongJob, EveryErrorIsReportedWithPlaceLineAndCaret) {
  write("j.toml", "naem = \"x\"\n[[task]]\nname = \"a\"\nuses = \"demo.noop\"\nafter = [\"b\"]\n");

  const Ended run = run_ganger("run", "j.toml");

  run.exits(65).says("j.toml:1:1: error: ").says("'name'").says("naem = \"x\"\n^~~~").says("j.toml:5:10: error: ");
}

TEST_F(WrongJob, AllUnknownReferencesOfOneStringAreReportedAtOnce) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\n"
        "with = { text = '${params.p} ${env.NOT_SET} ${tasks.t.out} ${job.id}' }\n");

  const Ended check = run_ganger("check", "j.toml");

  check.exits(4).says("j.toml:4:18: error: the job has no parameter 'p'");
  check.says("j.toml:4:30: error: environment variable NOT_SET is not set");
  check.says("j.toml:4:45: error: the job has no task 't'").says("j.toml:4:60: error: '${job.id}' refers to nothing");
}

TEST_F(WrongJob, NothingHasRunWhenAnErrorIsFound) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n[[task]]\nname = \"b\"\nuses = \"demo.nop\"\n");

  run_ganger("run", "j.toml")
      .exits(66)
      .says("j.toml:6:8: error: plugin 'demo' has no task type 'nop'")
      .never_says("done");
}

TEST_F(WrongJob, ASuggestionIsWhatOneWouldType) {
  for (const char* wrong : {"demo.slep", "dmo.sleep", "dmo.slep"}) {
    write("j.toml", "[[task]]\nname = \"a\"\nuses = \"" + std::string(wrong) + "\"\n");
    run_ganger("check", "j.toml").exits(4).says("(did you mean 'demo.sleep'?)");
    run_ganger("exec", wrong).exits(66).says("(did you mean 'demo.sleep'?)");
  }
  run_ganger("exec", "dmo.nothing").exits(66).says("(did you mean 'demo'?)");
  run_ganger("exec", "sleep")
      .exits(66)
      .says("'sleep' is not of the form PLUGIN.TYPE, such as files.hash (did you mean 'demo.sleep'?)");
}

TEST_F(WrongJob, UnknownNamesOfTheCommandLineAreAnsweredWithThoseThatThereAre) {
  write("j.toml", "[params]\nroot = \"/\"\n[[task]]\nname = \"scan\"\nuses = \"demo.noop\"\n");

  run_ganger("run", "j.toml", "-p", "rot=/x")
      .exits(65)
      .says("--param rot: this job has no parameter of that name (did you mean 'root'?)");
  run_ganger("plan", "j.toml", "-p", "depth=1")
      .exits(65)
      .says("--param depth: this job has no parameter of that name; there is root\n");
  run_ganger("graph", "j.toml", "--only", "scna")
      .exits(65)
      .says("--only scna: this job has no task of that name (did you mean 'scan'?)");
  run_ganger("run", "j.toml", "--only", "hash")
      .exits(65)
      .says("--only hash: this job has no task of that name; there is scan\n");
}

TEST_F(WrongJob, AnUnknownPluginIsReportedWithAllPathsTried) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"nosuch.task\"\n");

  const Ended run = ganger({"run", "j.toml", "-P", "extra"}).with_env("GANGER_PLUGIN_PATH", "/from/variable").end();

  run.exits(66).says("plugin 'nosuch' not found; looked in ").says(folder_.string() + "/extra (no such folder)");
  run.says("/from/variable (no such folder)").says(folder_.string() + "/.local/share/ganger/plugins");
  run.says(GANGER_BINARY_DIR "/lib/ganger/plugins (not there)");
}

TEST_F(WrongJob, WrongAndMissingParametersAreReported) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.sleep\"\nwith = { fro = \"1s\" }\n"
        "[[task]]\nname = \"b\"\nuses = \"demo.sleep\"\nwith = { for = \"long\" }\n");

  const Ended run = run_ganger("run", "j.toml");

  run.exits(65).says("j.toml:4:10: error: demo.sleep has no parameter 'fro' (did you mean 'for'?)");
  run.says("j.toml:2:8: error: demo.sleep needs parameter 'for'").says("j.toml:8:16: error: parameter 'for': ");
}

TEST_F(WrongJob, AJobParameterThatDoesNotExistIsReported) {
  write("j.toml", "[params]\nroot = \"/\"\n[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");

  run_ganger("run", "j.toml", "-p", "roof=/x").exits(65).says("--param roof: this job has no parameter of that name");
}

TEST_F(WrongJob, APluginForAnotherAbiHasItsOwnExitCode) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"other_abi.go\"\n");

  ganger({"run", "j.toml", "-P", kHostile}).end().exits(76).says("other_abi.so");
}

TEST_F(WrongJob, CheckSaysNoWithFour) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.nop\"\n[[task]]\nname = \"b\"\nuses = \"none.x\"\n");

  const Ended text = run_ganger("check", "j.toml");
  const Ended json = run_ganger("check", "j.toml", "--format", "json");

  text.exits(4).says("j.toml:3:8: error: ").says("j.toml:6:8: error: ").never_prints("fine");
  json.exits(4);
  const auto answer = json.json();
  EXPECT_EQ(answer["schema"], "ganger.check/1");
  EXPECT_EQ(answer["fine"], false);
  ASSERT_EQ(answer["problems"].size(), 2u);
  EXPECT_EQ(answer["problems"][1]["line"], 6);
  EXPECT_EQ(answer["problems"][1]["severity"], "error");
}

TEST_F(WrongJob, CheckSaysYesInOneLine) {
  write("j.toml", "[pools.p]\nkind = \"demo.connection\"\n[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");

  run_ganger("check", "j.toml").exits(0).prints("j.toml: fine (1 task, 1 pool)\n");
  EXPECT_EQ(run_ganger("check", "j.toml", "--format", "json").exits(0).json()["tasks"], 1);
}

class Doubtful : public GangerTest {
 protected:
  Doubtful() {
    write("j.toml",
          "[params]\nroot = \"/\"\nrote = \"x\"\n"
          "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"${params.root}\" }\n"
          "[[task]]\nname = \"sorry\"\nuses = \"demo.noop\"\nwhen = \"failed\"\n");
  }
};

TEST_F(Doubtful, IsWarnedOfByCheckWithPlaceLineAndCaret) {
  const Ended check = run_ganger("check", "j.toml");

  check.exits(0).prints("j.toml: fine (2 tasks, 0 pools, 2 warnings)\n");
  check.says(
      "j.toml:3:1: warning: parameter 'rote' is not used; write ${params.rote} where it is meant, or remove "
      "it\nrote = \"x\"\n^~~~\n");
  check.says(
      "j.toml:9:8: warning: task 'sorry' never runs: when = \"failed\" means after a failure of a task it "
      "depends on, and it depends on none; add after = [...]\nname = \"sorry\"\n       ^~~~~~~\n");
  run_ganger("run", "j.toml").exits(0).never_says("warning");
}

TEST_F(Doubtful, IsInTheJsonToo) {
  const auto json = run_ganger("check", "j.toml", "--format", "json").exits(0).json();

  EXPECT_EQ(json["fine"], true);
  ASSERT_EQ(json["problems"].size(), 2U);
  EXPECT_EQ(json["problems"][0]["severity"], "warning");
  EXPECT_EQ(json["problems"][0]["line"], 3);
  EXPECT_EQ(json["problems"][1]["line"], 9);
}

}  // namespace ganger::host::test
