#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using std::chrono::seconds;

std::string crash(const std::string& how, const std::string& more = "") {
  return "[[task]]\nname = \"bad\"\nuses = \"demo.crash\"\nwith = { how = \"" + how + "\" }\n" + more;
}
constexpr std::string_view kGood =
    "[[task]]\nname = \"good\"\nuses = \"demo.echo\"\nwith = { text = \"still here\" }\n";

class Isolated : public GangerTest {};

TEST_F(Isolated, ACrashIsTheEndOfATaskAndNotOfTheRun) {
  write("a.toml", crash("segv") + std::string(kGood));

  const Ended run = run_ganger("run", "a.toml", "--keep-going");

  run.exits(3).says("bad crashed").says("SIGSEGV").says("plugin 'demo'").says("demo.so+0x").says("good: still here");
}

TEST_F(Isolated, InThisProcessACrashIsToldAndIsTheEndOfIt) {
  write("a.toml", crash("segv", "isolate = \"thread\"\n"));

  const Ended run = run_ganger("run", "a.toml");

  EXPECT_EQ(run.signal, SIGSEGV) << run.err;
  run.says("SIGSEGV").says("in task 'bad' of plugin 'demo'");
  run_ganger("show").exits(0).prints("killed").prints("in doubt");
}

TEST_F(Isolated, ExitInsideATaskIsNoSuccess) {
  write("child.toml", crash("exit"));
  write("here.toml", crash("exit", "isolate = \"thread\"\n"));

  run_ganger("run", "child.toml").exits(3).says("ended with exit code 0 without a result");
  run_ganger("run", "here.toml").exits(3).says("exit() was called inside the run, by task 'bad' of plugin 'demo'");
}

TEST_F(Isolated, WhatDoesNotStopIsKilledAtTheEndOfItsGrace) {
  write("a.toml", "grace = \"200ms\"\n" + crash("spin", "timeout = \"300ms\"\n") + std::string(kGood));

  run_ganger("run", "a.toml", "-k")
      .exits(3)
      .says("bad timed_out")
      .says("good: still here")
      .takes_less_than(seconds(20));
}

TEST_F(Isolated, TheSecondInterruptKillsChildrenAtOnce) {
  write("a.toml",
        "grace = \"60s\"\n[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nisolate = \"process\"\n"
        "with = { for = \"60s\", say = \"sleeping\", obey = false }\n");

  const Ended run = ganger({"run", "a.toml"}).signalled(SIGINT, "s: sleeping").signalled(SIGINT, "Terminating").end();

  run.exits(2).says("s interrupted").takes_less_than(seconds(20));
}

TEST_F(Isolated, TheSameJobGivesTheSameAnswers) {
  write("a.toml", R"([[task]]
name = "a"
uses = "demo.echo"
with = { text = "one" }
[[task]]
name = "b"
uses = "demo.echo"
with = { text = "${tasks.a.text} two" }
[[task]]
name = "c"
uses = "exec.run"
with = { argv = ["echo", "${tasks.b.text} three"] }
)");

  for (const char* how : {"--isolate", "--no-history"})
    run_ganger("run", "a.toml", how).exits(0).says("a: one").says("b: one two").says("c: one two three");
}

TEST_F(Isolated, ATaskWritesOnlyWhereTheJobLetsIt) {
  std::filesystem::create_directory(folder_ / "granted");
  const std::string task =
      "[[task]]\nname = \"w\"\nuses = \"exec.run\"\nisolate = \"process\"\n"
      "with = { shell = \"echo x > granted/f; echo x > f || echo refused\" }\n";
  write("a.toml", task + "[task.sandbox]\nwrite = [\"granted\"]\n");
  write("b.toml", task);

  const Ended run = run_ganger("run", "a.toml");
  if (run.err.find("warning: isolated tasks:") != std::string::npos) GTEST_SKIP() << run.err;

  run.exits(0).says("refused");
  EXPECT_EQ(read("granted/f"), "x\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f"));
  run_ganger("run", "b.toml", "--only", "w");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f"));
}

TEST_F(Isolated, MemoryBeyondTheSandboxIsAFailureOfTheTask) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more address space than any limit";
#endif
  write("a.toml", crash("memory", "sandbox = { memory = \"256MiB\" }\n") + std::string(kGood));

  run_ganger("run", "a.toml", "-k").exits(3).says("bad failed").says("good: still here");
}

TEST_F(Isolated, MemoryThatIsTooLittleToOpenThePluginIsSaidSo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more address space than any limit";
#endif
  for (const char* memory : {"1B", "1MiB", "8MiB", "16MiB", "32MiB", "48MiB"}) {
    write("a.toml",
          "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\nisolate = \"process\"\n"
          "sandbox = { memory = \"" +
              std::string(memory) + "\" }\n");

    const Ended ended = run_ganger("run", "a.toml");

    // The larger ones may do.
    if (ended.code != 0 || std::string_view(memory).size() < 5) ended.exits(3).says("`memory`").says("too little");
  }
}

TEST_F(Isolated, ThePluginOfATaskThatIsIsolatedIsNotOpenedHere) {
  write("a.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\nisolate = \"process\"\n");

  run_ganger("check", "a.toml").exits(0);
  run_ganger("plan", "a.toml").exits(0);
  run_ganger("run", "a.toml").exits(0);
}

TEST_F(Isolated, APluginThatCrashesAgainAndAgainIsNotStartedAgain) {
  std::string job;
  for (int i = 0; i < 5; ++i)
    job += "[[task]]\nname = \"bad" + std::to_string(i) + "\"\nuses = \"demo.crash\"\nwith = { how = \"abort\" }\n";
  write("a.toml", job);

  run_ganger("run", "a.toml", "-k").exits(3).says("bad2 crashed").says("bad3 failed").says("crashed 3 times");
}

TEST_F(Isolated, ProcessesThatATaskLeavesBehindAreEnded) {
  write("child.toml", crash("orphan"));
  write("here.toml", crash("orphan", "isolate = \"thread\"\n"));

  run_ganger("run", "child.toml").exits(0).says("left 1 process running; it was killed");
  run_ganger("run", "here.toml").exits(0).says("tasks have left a process running; it was ended");
}

}  // namespace

}  // namespace ganger::host::test
