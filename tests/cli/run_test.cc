#include <sstream>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using std::chrono::seconds;

constexpr std::string_view kFailing = R"(
[[task]]
name = "first"
uses = "demo.fail"
with = { message = "no luck" }
[[task]]
name = "after-first"
uses = "demo.noop"
after = ["first"]
[[task]]
name = "other"
uses = "demo.noop"
[[task]]
name = "sorry"
uses = "demo.echo"
after = ["first"]
when = "failed"
with = { text = "so sorry" }
[[task]]
name = "tidy"
uses = "demo.echo"
after = ["other"]
when = "always"
with = { text = "all tidy" }
)";

std::string sleeper(const std::string& with, const std::string& keys = "") {
  return keys + "[[task]]\nname = \"sleeper\"\nuses = \"demo.sleep\"\nwith = { " + with + " }\n";
}

}  // namespace

using RunVerb = GangerTest;

TEST_F(RunVerb, ThatFinishesExitsWithZeroAndASummary) {
  write("j.toml", sleeper("for = \"1ms\", say = \"hello\""));

  run_ganger("run", "j.toml").exits(0).says("sleeper: hello\n").says("sleeper done in ").prints("j: finished in ");
}

TEST_F(RunVerb, AFailureExitsWithThreeAndStartsNothingElse) {
  write("j.toml", kFailing);

  const Ended run = run_ganger("run", "j.toml");

  run.exits(3).says("first failed in ").says("no luck\n").never_says("other done");
  run.says("so sorry").says("all tidy").prints("  first failed: no luck\n");
  const auto last = run_ganger("history", "--format", "json").exits(0).json()["runs"][0]["run"].get<std::string>();
  run.prints("\nto run what is not done: ganger resume " + last + "\n");
}

/// What follows `text` in the same line.
std::string rest_of_line(const std::string& all, std::string_view text) {
  const auto at = all.find(text);
  if (at == std::string::npos) return "'" + std::string(text) + "' is not in: " + all;
  return all.substr(at + text.size(), all.find('\n', at) - at - text.size());
}

TEST_F(RunVerb, TheCommandThatRunsAFailedTaskAgainHasAllOptionsOfTheRunAndSaysWhatElseItRuns) {
  write("my job.toml",
        "[params]\ntext = \"\"\n[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n"
        "[[task]]\nname = \"b\"\nuses = \"demo.fail\"\nafter = [\"a\"]\nwith = { message = \"${params.text}\" }\n");

  const Ended run =
      run_ganger("run", "my job.toml", "--no-history", "-p", "text=it's $HOME", "--timeout", "1m", "--grace", "3s",
                 "-j", "2", "-P", "more plugins", "-k", "--isolate", "--lock", "l", "--state-dir", "state",
                 "--unsafe-plugins", "--only", "b", "--events", "e", "--junit", "j", "--trace", "t", "--metrics", "m",
                 "--exit-style", "unix", "--color", "never", "-v");

  run.exits(1);
  EXPECT_EQ(
      rest_of_line(run.out, "to run one again, after 1 task it depends on: "),
      "ganger run 'my job.toml' -p 'text=it'\\''s $HOME' --timeout 1m --grace 3s --workers 2 --isolate --lock l "
      "--keep-going --plugin-dir '" +
          (folder_ / "more plugins").string() + "' --state-dir " + (folder_ / "state").string() +
          " --unsafe-plugins --no-history --events e --junit j --trace t --metrics m --exit-style=unix "
          "--color=never --verbose --only b");
}

TEST_F(RunVerb, TheCommandThatResumesDoesWhatItSays) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n[[task]]\nname = \"b\"\nuses = \"demo.fail\"\n"
        "after = [\"a\"]\nwith = { attempts = 1, attempts_file = \"n\" }\n");
  const Ended run = run_ganger("run", "j.toml", "--state-dir", "st");
  const std::string command = rest_of_line(run.exits(3).out, "to run what is not done: ganger ");

  std::vector<std::string> words;
  std::istringstream all(command);
  for (std::string word; all >> word;) words.push_back(word);

  ganger(words).end().exits(0).says("b done").never_says("a done");
}

TEST_F(RunVerb, AJobThatCameThroughAPipeIsNotSaidToBeRunAgain) {
  write("j.toml", "[[task]]\nname = \"b\"\nuses = \"demo.fail\"\n");

  ganger({"run", "/dev/stdin"}).with_stdin("j.toml").end().exits(3).never_prints("ganger r");
}

TEST_F(RunVerb, KeepGoingRunsWhatDoesNotDependOnTheFailure) {
  write("j.toml", kFailing);

  run_ganger("run", "j.toml", "--keep-going").exits(3).says("other done").never_says("after-first done");
}

TEST_F(RunVerb, AFailedTaskIsTriedAgain) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.fail\"\nretries = 2\nbackoff = \"1ms\"\n"
        "with = { attempts = 2, attempts_file = \"" +
            (folder_ / "attempts").string() + "\" }\n");

  run_ganger("run", "j.toml").exits(0).says("a failed (attempt 1)").says("a failed (attempt 2)").prints("2 retries");
}

TEST_F(RunVerb, TooFewRetriesAreAFailure) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.fail\"\nretries = 1\nbackoff = \"1ms\"\n");

  run_ganger("run", "j.toml").exits(3).prints("a failed after 2 attempts: failed as asked");
}

TEST_F(RunVerb, WhenFailedIsSkippedIfNothingFails) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n"
        "[[task]]\nname = \"b\"\nuses = \"demo.noop\"\nafter = [\"a\"]\nwhen = \"failed\"\n");

  run_ganger("run", "j.toml").exits(0).says("b skipped: none of its dependencies failed\n");
}

TEST_F(RunVerb, OnlyRunsATaskWithWhatItComesAfter) {
  write("j.toml", kFailing);

  run_ganger("run", "j.toml", "--only", "other").exits(0).says("other done").never_says("first");
}

TEST_F(RunVerb, ATimeoutOfATaskIsAFailure) {
  write("j.toml", sleeper("for = \"60s\"") + "timeout = \"50ms\"\n");

  run_ganger("run", "j.toml").exits(3).prints("sleeper timed_out: took longer than its timeout of 50ms");
}

TEST_F(RunVerb, OutputsGoFromTaskToTask) {
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"one\" }\n"
        "[[task]]\nname = \"b\"\nuses = \"demo.echo\"\nwith = { text = \"${tasks.a.text} two\" }\n");

  run_ganger("run", "j.toml").exits(0).says("b: one two\n");
}

TEST_F(RunVerb, ParametersComeFromTheCommandLine) {
  write("j.toml",
        "[params]\nword = \"old\"\n[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"${params.word}\" "
        "}\n");

  run_ganger("run", "j.toml", "-p", "word=new").exits(0).says("a: new\n");
}

TEST_F(RunVerb, QuietSaysOnlyWhatWentWrong) {
  write("good.toml", sleeper("for = \"1ms\", say = \"hello\""));
  write("bad.toml", kFailing);

  const Ended good = run_ganger("run", "good.toml", "-q");

  EXPECT_EQ(good.exits(0).out + good.err, "");
  run_ganger("run", "bad.toml", "-q").exits(3).says("no luck").never_says("all tidy\n");
}

TEST_F(RunVerb, ColourIsForThoseWhoWantIt) {
  write("j.toml", sleeper("for = \"1ms\""));
  const auto run = [&] { return ganger({"run", "j.toml"}); };

  run().end().exits(0).never_says("\033[").never_prints("\033[");
  run().with_env("FORCE_COLOR", "1").end().says("\033[32m");
  run().with_env("FORCE_COLOR", "1").with_env("NO_COLOR", "1").end().never_says("\033[");
  run_ganger("run", "j.toml", "--color=always").says("\033[32m").prints("\033[32m");
  ganger({"run", "j.toml", "--color=never"}).with_env("FORCE_COLOR", "1").end().never_says("\033[");
}

TEST_F(RunVerb, AClosedStdoutDoesNotEndIt) {
  write("j.toml", sleeper("for = \"1ms\""));

  ganger({"run", "j.toml"}).with_closed_stdout().end().exits(0).says("sleeper done");
  ganger({"run", "j.toml", "--events", "-"}).with_closed_stdout().end().exits(0).says("sleeper done");
}

TEST_F(RunVerb, AnAnswerThatCannotBeWrittenIsAnError) {
  ganger({"exec", "demo.echo", "text=x"}).with_full_disk().end().exits(74).says("cannot write to stdout: No space");
  ganger({"list"}).with_full_disk().end().exits(74);
}

TEST_F(RunVerb, AStateFolderThatCannotBeMadeIsSaid) {
  write("file", "");
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"${run.dir}\" }\n");

  run_ganger("run", "j.toml", "--state-dir", "file/state").exits(73).says("file/state");
}

TEST_F(RunVerb, NeedsNoEnvironmentToFindAStateFolder) {
  write("j.toml", sleeper("for = \"1ms\""));

  ganger({"run", "j.toml"}).with_env("HOME", "").end().exits(0);
}

TEST_F(RunVerb, APoolThatCannotBeOpenedHasItsOwnExitCode) {
  write("j.toml", "[pools.p]\nkind = \"rude.open-throws\"\n[[task]]\nname = \"a\"\nuses = \"rude.leak\"\n");

  ganger({"run", "j.toml", "-P", kHostile}).end().exits(69).says("thrown out of open");
}

using ExecVerb = GangerTest;

TEST_F(ExecVerb, PrintsTheOutputsAsJson) {
  const Ended exec = run_ganger("exec", "demo.echo", "text=a ${b} \"c\"");

  EXPECT_EQ(exec.exits(0).json(), nlohmann::json({{"text", "a ${b} \"c\""}}));
}

TEST_F(ExecVerb, SaysWhatIsWrongWithAParameter) {
  run_ganger("exec", "demo.echo", "txet=a").exits(65).says("has no parameter 'txet' (did you mean 'text'?)");
  run_ganger("exec", "demo.sleep", "for=long").exits(65).says("parameter 'for'");
  run_ganger("exec", "demo.sleep").exits(65).says("needs parameter 'for'");
}

TEST_F(ExecVerb, OfATypeThatIsNotThereIsNotFound) {
  run_ganger("exec", "demo.eco").exits(66).says("has no task type 'eco'");
  run_ganger("exec", "none.eco").exits(66).says("plugin 'none' not found; looked in ");
  run_ganger("exec", "echo").exits(66).says("'echo' is not of the form PLUGIN.TYPE");
}

TEST_F(ExecVerb, AFailureExitsWithThreeAndPrintsNothing) {
  EXPECT_EQ(run_ganger("exec", "demo.fail", "message=oh").exits(3).says("oh").out, "");
}

}  // namespace ganger::host::test
