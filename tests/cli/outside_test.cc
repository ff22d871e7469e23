// What a plugin does outside the run() of its tasks, in a whole process: it neither ends it as if all were well, nor
// holds it for ever, nor brings it down from a child.
#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using namespace std::chrono_literals;

class Outside : public GangerTest {
 protected:
  /// The command with a job of one task, and the plugin's wish.
  Process outside(const std::string& wish, std::vector<std::string> arguments,
                  const std::string& type = "noop") const {
    write("j.toml", "[pools.p]\nkind = \"outside.box\"\n[[task]]\nname = \"a\"\nuses = \"outside." + type + "\"\n");
    arguments.insert(arguments.end(), {"-P", kPlugins});
    Process process = ganger(std::move(arguments));
    process.with_env("OUTSIDE", wish);
    return process;
  }
};

}  // namespace

TEST_F(Outside, ALineOfNoLevelFromAChildThatEndsIsNoLine) {
  const Ended ended = outside("deinit.lies", {"run", "j.toml", "--isolate", "--events", "e.jsonl"}).end();

  ended.exits(0).says("a child process of plugin 'outside' broke the protocol while it ended; it was killed");
  EXPECT_EQ(read("e.jsonl").find("\"line\""), std::string::npos);
}

TEST_F(Outside, AChildThatEndsAndSaysWhatOnlyItsHostMayIsKilled) {
  outside("deinit.commands", {"run", "j.toml", "--isolate"}).end().exits(0).says("broke the protocol while it ended");
}

TEST_F(Outside, AThreadThatATaskLeavesIsToldOfOnceAndSaysNothing) {
  write("late.toml",
        "[[task]]\nname = \"a\"\nuses = \"outside.leaves\"\n"
        "[[task]]\nname = \"b\"\nuses = \"outside.meets\"\nafter = [\"a\"]\n");

  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--isolate"}}) {
    std::vector<std::string> arguments = {"run", "late.toml", "-P", kPlugins};
    arguments.insert(arguments.end(), options.begin(), options.end());
    ganger(arguments)
        .end()
        .exits(0)
        .says(
            "plugin 'outside' called ganger after run() had returned, which does nothing: a bug of the plugin; task "
            "'a' has left a thread behind")
        .never_says("too late");
  }
}

// ---------------------------------------------------------------------------------------------------- it ends the
// process

TEST_F(Outside, AnInitThatCallsExitIsARunThatWasNotStarted) {
  outside("init.exits", {"run", "j.toml"}, "unchecked")
      .end()
      .exits(77)
      .says("exit() was called by init() of plugin 'outside'");

  run_ganger("show").exits(0).prints("not started (exit 77)");
  outside("init.exits", {"exec", "outside.noop"}).end().exits(77);
}

TEST_F(Outside, ACheckThatCallsExitIsNoAnswer) {
  for (const char* verb : {"run", "plan", "check", "graph"})
    outside("check.exits", {verb, "j.toml"}).end().exits(77).says("exit() was called by check() of plugin 'outside'");
  outside("check.exits", {"run", "-n", "j.toml"}).end().exits(77);
  outside("check.exits", {"exec", "outside.noop"}).end().exits(77);
}

TEST_F(Outside, AFailureStaysOneWhateverCallsExitAfterIt) {
  for (const char* place : {"deinit", "atexit", "destructor"})
    outside(std::string(place) + ".exits", {"run", "j.toml"}, "fails")
        .end()
        .exits(3)
        .says("exit() was called")
        .says("now " + std::string(place));
  run_ganger("show").exits(0).prints("failed (exit 3)");
}

TEST_F(Outside, ASuccessStaysOneWhenADestructorCrashes) {
  outside("deinit.crashes", {"run", "j.toml"}).end().exits(0).says("the run had ended before");
}

TEST_F(Outside, ACloseThatCallsExitIsARunThatExited) {
  outside("close.exits", {"run", "j.toml"}, "borrows").end().exits(3).says("exit() was called inside the run");
}

// -------------------------------------------------------------------------------------------------- it never comes
// back

TEST_F(Outside, AnInitThatHangsIsARunThatWasNotStarted) {
  outside("init.hangs-deaf", {"run", "j.toml"}, "unchecked")
      .end()
      .exits(77)
      .says("init() of plugin 'outside' did not come to an end within 5s, so it is not run")
      .takes_less_than(15s);

  run_ganger("show").exits(0).prints("not started (exit 77)");
}

TEST_F(Outside, ACheckThatHangsIsNoAnswer) {
  outside("check.hangs", {"plan", "j.toml"})
      .end()
      .exits(77)
      .says("check() of plugin 'outside' did not come to an end within 5s")
      .takes_less_than(15s);
}

TEST_F(Outside, AnInterruptEndsWhatHangsOutsideOfTasks) {
  for (const char* wish : {"init.hangs", "init.hangs-deaf", "check.hangs", "check.hangs-deaf"})
    outside(wish, {"run", "j.toml"}).signalled(SIGINT, "hangs").end().exits(2).takes_less_than(4s);
}

TEST_F(Outside, ADeinitThatHangsChangesNoOutcome) {
  outside("deinit.hangs-deaf", {"run", "j.toml"}, "fails")
      .end()
      .exits(3)
      .says("deinit() of plugin 'outside' did not come to an end within 5s; the run had ended before")
      .takes_less_than(15s);
}

TEST_F(Outside, ADestructorThatHangsHoldsNoCommand) {
  for (const char* verb : {"plan", "check", "run"})
    outside("destructor.hangs", {verb, "j.toml"}).end().exits(0).takes_less_than(10s);
}

TEST_F(Outside, ACloseThatHangsAtTheEndHasTheGrace) {
  outside("close.hangs", {"run", "j.toml", "--grace", "300ms"}, "borrows")
      .end()
      .exits(0)
      .says("pool 'p': close() of outside.box did not come to an end within 300ms")
      .takes_less_than(10s);
}

}  // namespace ganger::host::test
