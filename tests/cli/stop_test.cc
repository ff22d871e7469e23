#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Sleeps a minute after it has said `sleeping`; `obey` = does it stop when asked?
std::string sleeping(bool obey) {
  return "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"60s\", say = \"sleeping\", obey = " +
         std::string(obey ? "true" : "false") + " }\n";
}

constexpr std::string_view kLater = R"(
[[task]]
name = "later"
uses = "demo.noop"
after = ["s"]
[[task]]
name = "tidy"
uses = "demo.echo"
after = ["s"]
when = "always"
with = { text = "all tidy" }
)";

class Stopped : public GangerTest {
 protected:
  Stopped() {
    write("polite.toml", sleeping(true) + std::string(kLater));
    write("deaf.toml", sleeping(false));
  }
};

}  // namespace

TEST_F(Stopped, ByItsTimeoutExitsWithOneAndTidiesUp) {
  const Ended run = run_ganger("run", "polite.toml", "--timeout", "100ms");

  run.exits(1).says("Terminating due to timeout.").says("all tidy").never_says("later done");
  run.takes_less_than(seconds(20)).prints("stopped by its timeout");
}

TEST_F(Stopped, ByAnyOfThreeSignalsExitsWithTwoAndTidiesUp) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const Ended run = ganger({"run", "polite.toml"}).signalled(signal, "s: sleeping").end();

    run.exits(2).says("Terminating due to interrupt.").says("s interrupted").says("all tidy");
    run.never_says("later done").takes_less_than(seconds(20));
  }
}

TEST_F(Stopped, InTheUnixStyleHasTheCodesOfTheShell) {
  const auto code = [&](int signal) {
    return ganger({"run", "polite.toml", "--exit-style=unix"}).signalled(signal, "s: sleeping").end().code;
  };

  EXPECT_EQ(code(SIGINT), 130);
  EXPECT_EQ(code(SIGTERM), 143);
  EXPECT_EQ(code(SIGHUP), 129);
  run_ganger("run", "polite.toml", "--exit-style", "unix", "--timeout", "50ms").exits(124);
  run_ganger("exec", "demo.fail", "--exit-style", "unix").exits(1);
}

TEST_F(Stopped, AHangupThatNohupIgnoresIsNoInterrupt) {
  write("short.toml",
        "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"300ms\", say = \"sleeping\" }\n");

  ganger({"run", "short.toml"}).ignoring(SIGHUP).signalled(SIGHUP, "s: sleeping").end().exits(0).says("s done");
}

TEST_F(Stopped, ByAnInterruptAlsoInTheBackgroundOfAShellThatIgnoresIt) {
  ganger({"run", "polite.toml"}).ignoring(SIGINT).signalled(SIGINT, "s: sleeping").end().exits(2).says("all tidy");
}

TEST_F(Stopped, ATaskThatDoesNotListenIsGivenUpAfterTheGrace) {
  const Ended run = run_ganger("run", "deaf.toml", "--timeout", "100ms", "--grace", "500ms");

  // Timeout, grace and a second; another one for a machine that is busy.
  run.exits(1).says("did not stop within 500ms of being asked to").takes_less_than(milliseconds(2600));
}

TEST_F(Stopped, ASecondInterruptDoesNotWaitForTheGrace) {
  const Ended run = ganger({"run", "deaf.toml", "--grace", "1m"})
                        .signalled(SIGINT, "s: sleeping")
                        .signalled(SIGINT, "Terminating due to interrupt.")
                        .end();

  // Within a second; another one for a machine that is busy.
  run.exits(2).takes_less_than(seconds(2));
}

TEST_F(Stopped, AThirdInterruptLeavesAtOnce) {
  const Ended run = ganger({"run", "deaf.toml", "--grace", "1m"})
                        .signalled(SIGTERM, "s: sleeping")
                        .signalled(SIGTERM, "Terminating")
                        .signalled(SIGTERM, " due")
                        .end();

  run.exits(2).takes_less_than(seconds(2));
}

TEST_F(Stopped, AnInterruptBeatsATimeout) {
  const Ended run = ganger({"run", "deaf.toml", "--timeout", "100ms", "--grace", "1s"})
                        .signalled(SIGINT, "Terminating due to timeout.")
                        .end();

  run.exits(2);
}

TEST_F(Stopped, ADrainLetsWhatRunsEndAndDefersTheRest) {
  write("j.toml", "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"300ms\", say = \"sleeping\" }\n" +
                      std::string(kLater));

  const Ended run = ganger({"run", "j.toml"}).signalled(SIGUSR1, "s: sleeping").end();

  run.exits(75).says("Draining: nothing new is started.").says("s done").never_says("later done");
}

TEST_F(Stopped, ADrainWithNothingLeftToStartIsAFinish) {
  write("j.toml", "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"300ms\", say = \"sleeping\" }\n");

  ganger({"run", "j.toml"}).signalled(SIGUSR1, "s: sleeping").end().exits(0);
}

TEST_F(Stopped, AnAlwaysTaskOnAWorkerTidiesUpToo) {
  write("j.toml", sleeping(true) +
                      "heavy = true\n[[task]]\nname = \"tidy\"\nuses = \"demo.echo\"\nafter = [\"s\"]\n"
                      "when = \"always\"\nheavy = true\nwith = { text = \"all tidy\" }\n");

  ganger({"run", "j.toml"}).signalled(SIGINT, "s: sleeping").end().exits(2).says("all tidy");
}

TEST_F(Stopped, SigquitShowsWhatRunsAndAborts) {
  const Ended run = ganger({"run", "deaf.toml"}).signalled(SIGQUIT, "s: sleeping").end();

  run.says("1 run now").says("  s\n");
  EXPECT_EQ(run.signal, SIGABRT);
}

}  // namespace ganger::host::test
