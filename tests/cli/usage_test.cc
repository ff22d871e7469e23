#include <ganger/version.h>

#include "ganger_process.h"

namespace ganger::host::test {

using Usage = GangerTest;

TEST_F(Usage, WithoutACommandItSaysWhereTheHelpIs) {
  run_ganger().exits(64).says("ganger: error: no command given; see 'ganger help'\n").never_prints("Usage");
}

TEST_F(Usage, AnUnknownCommandIsAnsweredWithTheNearest) {
  run_ganger("rnu").exits(64).says("unknown command 'rnu' (did you mean 'run'?); see 'ganger help'\n");
}

TEST_F(Usage, AnUnknownOptionIsAnsweredWithTheNearest) {
  run_ganger("run", "j.toml", "--keep-goin").exits(64).says("(did you mean '--keep-going'?); see 'ganger help run'");
  run_ganger("plan", "j.toml", "--timeout", "1s").exits(64).says("unknown option '--timeout'");
}

TEST_F(Usage, AnAbbreviatedOptionIsUnknown) { run_ganger("run", "j.toml", "--keep").exits(64).says("'--keep'"); }

TEST_F(Usage, EachWrongValueIsNamedWithWhatItShouldBe) {
  const auto wrong = [&](std::vector<std::string> words, std::string_view message) {
    words.insert(words.begin(), {"run", "j.toml"});
    ganger(words).end().exits(64).says(message);
  };

  wrong({"--timeout", "soon"}, "--timeout soon: it must be a duration such as 30s or 10m\n");
  wrong({"--timeout", "0"}, "--timeout 0: a run needs some time; leave it out for no deadline\n");
  wrong({"--grace", "-1s"}, "--grace -1s: it must be a duration such as 30s or 10m\n");
  wrong({"-j", "0"}, "--workers 0: it must be a number from 1 to 4096\n");
  wrong({"-j", "many"}, "--workers many: it must be a number from 1 to 4096\n");
  wrong({"-p", "root"}, "--param needs NAME=VALUE\n");
  wrong({"--color", "alway"}, "--color alway: it is one of auto, always, never (did you mean 'always'?)\n");
  wrong({"--exit-style", "dos"}, "--exit-style dos: it is one of native, unix\n");
  wrong({"--format", "yaml"}, "--format yaml: it is one of text, json\n");
  wrong({"--events", ""}, "--events needs a file name, - or fd:N\n");
  wrong({"-q", "-v"}, "--quiet and --verbose exclude each other\n");
  wrong({"other.toml"}, "unexpected argument 'other.toml'; see 'ganger help run'\n");
}

TEST_F(Usage, ACommandThatNeedsASubjectSaysWhich) {
  run_ganger("run").exits(64).says("run needs a job file; see 'ganger help run'\n");
  run_ganger("exec").exits(64).says("exec needs a task type (PLUGIN.TYPE)");
  run_ganger("inspect").exits(64).says("inspect needs a plugin, a type or a file");
  run_ganger("check").exits(64).says("check needs a job file or a plugin");
  run_ganger("exec", "demo.echo", "hello").exits(64).says("'hello': parameters of a task are given as KEY=VALUE");
}

TEST_F(Usage, InTheUnixStyleWrongUsageIsTwo) {
  run_ganger("run", "--exit-style=unix").exits(2);
  run_ganger("run", "j.toml", "--exit-style", "unix", "--nonsense").exits(2);
}

TEST_F(Usage, AnEventsDescriptorThatIsNotOpenIsWrongUsage) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");

  run_ganger("run", "j.toml", "--events", "fd:77").exits(64).says("--events fd:77: this is not an open descriptor");
}

TEST_F(Usage, EveryCommandHasHelpWithAnExample) {
  for (const char* verb : {"run", "exec", "plan", "check", "list", "inspect", "graph", "new", "version", "help"}) {
    run_ganger(verb, "--help").exits(0).prints("Usage: ganger").prints("Example:\n  ganger ");
    run_ganger("help", verb).exits(0).prints("Usage: ganger");
  }
  run_ganger("help").exits(0).prints("Commands:\n  run ");
  run_ganger("--help").exits(0).prints("Commands:\n");
  run_ganger("help", "rum").exits(64).says("there is no command 'rum' (did you mean 'run'?)");
}

TEST_F(Usage, VersionIsTextOrJson) {
  run_ganger("--version").exits(0).prints("ganger ").prints("(plugin ABI 1.");

  const auto json = run_ganger("version", "--format", "json").exits(0).json();

  EXPECT_EQ(json["schema"], "ganger.version/1");
  EXPECT_EQ(json["version"], GANGER_VERSION);
}

TEST_F(Usage, TheTextOfTheVersionIsThatOfItsNumbers) {
  const auto numbers = std::to_string(GANGER_VERSION_MAJOR) + '.' + std::to_string(GANGER_VERSION_MINOR) + '.' +
                       std::to_string(GANGER_VERSION_PATCH);

  EXPECT_EQ(numbers, GANGER_VERSION);
}

TEST_F(Usage, OnlyGivesBackTheJobFileThatFollowsIt) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n[[task]]\nname = \"b\"\nuses = \"demo.noop\"\n");

  run_ganger("run", "--only", "b", "j.toml").exits(0).says("b done").never_says("a done");
  run_ganger("run", "--only", "j.toml").exits(64).says("--only needs the names of tasks");
  run_ganger("run", "j.toml", "--only", "c").exits(65).says("--only c: this job has no task of that name");
}

struct IdleOption {
  std::vector<std::string> words;
  std::string_view message;
};

class Idle : public GangerTest, public testing::WithParamInterface<IdleOption> {};

TEST_P(Idle, AnOptionThatWouldHaveNoEffectIsWrongUsage) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");

  ganger(GetParam().words).end().exits(64).says(GetParam().message).never_says("a done").never_prints("a");
}

INSTANTIATE_TEST_SUITE_P(
    Options, Idle,
    testing::Values(
        IdleOption{{"run", "j.toml", "--format", "json"},
                   "--format has no effect without --dry-run; see 'ganger help"},
        IdleOption{{"run", "j.toml", "--format=text"}, "--format has no effect without --dry-run"},
        IdleOption{{"run", "j.toml", "--on-busy", "wait"}, "--on-busy has no effect without --lock"},
        IdleOption{{"run", "j.toml", "-n", "--events", "e"}, "--events has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--junit", "e"}, "--junit has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--trace", "e"}, "--trace has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--metrics", "e"}, "--metrics has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--no-history"}, "--no-history has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "-k"}, "--keep-going has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--grace", "1s"}, "--grace has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "--lock", "l"}, "--lock has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "-q"}, "--quiet has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "-n", "-v"}, "--verbose has no effect with --dry-run"},
        IdleOption{{"run", "j.toml", "--junit", "x", "--trace", "x"}, "--junit and --trace both write x; give each"},
        IdleOption{{"check", "j.toml", "--most", "3"}, "--most has no effect without --cancel-sweep"},
        IdleOption{{"check", "j.toml", "--timeout", "3s"}, "--timeout has no effect without --cancel-sweep"},
        IdleOption{{"check", "j.toml", "--grace", "3s"}, "--grace has no effect without --cancel-sweep"},
        IdleOption{{"check", "x.so", "--cancel-sweep", "t", "--pin"}, "--pin has no effect with --cancel-sweep"},
        IdleOption{{"check", "x.so", "--cancel-sweep", "t", "-p", "a=b"},
                   "--param has no effect with --cancel-sweep"},
        IdleOption{{"check", "j.toml", "-q", "--format", "json"}, "--quiet has no effect with --format json"},
        IdleOption{{"check", GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so", "--pin"}, "--pin takes a job"},
        IdleOption{{"check", GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so", "-p", "a=b"}, "--param takes a job"},
        IdleOption{{"check", GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so", "--plugins-lock", "x"},
                   "--plugins-lock takes a job"},
        IdleOption{{"list", "-v", "--format", "json"}, "--verbose has no effect with --format json"},
        IdleOption{{"inspect", "demo", "--note", "n", "--format", "json"}, "--format has no effect with --note"},
        IdleOption{{"graph", "j.toml", "--as", "dot", "--format", "json"}, "--as has no effect with --format json"},
        IdleOption{{"plan", "j.toml", "-q"}, "unknown option '-q'"},
        IdleOption{{"history", "--verbose"}, "unknown option '--verbose'"}),
    [](const auto& one) { return "Case" + std::to_string(one.index); });

}  // namespace ganger::host::test
