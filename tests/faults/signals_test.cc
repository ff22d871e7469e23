// E26, E30, E31: signals from outside, and a deadline that no task heeds.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "fault_test.h"

namespace ganger::host::test {

using E26Isolated = Isolated;
using E30InProcess = InProcess;
using E30Isolated = Isolated;
using E31InProcess = InProcess;
using E31Isolated = Isolated;

namespace {

using std::chrono::seconds;

std::string sleeping(const FaultTest& t, bool obeys) {
  return t.task("s", "demo.sleep",
                std::string("for = \"60s\", say = \"sleeping\", obey = ") + (obeys ? "true" : "false"));
}

constexpr std::string_view kSleeps = "s: sleeping";

void expect_a_tidy_end(const FaultTest& t) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    t.job(sleeping(t, true) + t.witness("s"))
        .signalled(signal, kSleeps)
        .end()
        .exits(2)
        .says("s interrupted")
        .takes_less_than(seconds(20));
  EXPECT_EQ(t.count("seen", "end witness"), 3);
}

void expect_an_end_at_once(const FaultTest& t) {
  t.job(sleeping(t, false), {"--grace", "1m"})
      .signalled(SIGINT, kSleeps)
      .signalled(SIGINT, "Terminating due to interrupt.")
      .end()
      .exits(2)
      .takes_less_than(seconds(5));
  t.job(sleeping(t, false), {"--grace", "1m"})
      .signalled(SIGTERM, kSleeps)
      .signalled(SIGTERM, "Terminating")
      .signalled(SIGTERM, " due")
      .end()
      .exits(2)
      .takes_less_than(seconds(5));
}

/// 'T' of a process that is stopped, 'Z' of one that has ended, '?' of one that is gone; the third word of its
/// status, after its name in brackets.
char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto end = text.rfind(')');
  return end == std::string::npos || end + 2 >= text.size() ? '?' : text[end + 2];
}

void expect_a_pause(const FaultTest& t) {
  const auto stop_and_continue = [&](pid_t pid) {
    const auto children = children_of(pid);
    EXPECT_EQ(children.empty(), !t.is_isolated_);
    kill(pid, SIGTSTP);
    t.wait_until([&] { return state_of(pid) == 'T'; });
    for (const pid_t child : children) t.wait_until([&] { return state_of(child) == 'T'; });
    kill(pid, SIGCONT);
    for (const pid_t child : children) t.wait_until([&] { return state_of(child) != 'T'; });
    t.write("gate", "");
  };

  t.job(t.task("a", "faulty.gate", "file = " + t.path("gate")) + t.witness("a"))
      .as_a_job()
      .acted_on(stop_and_continue, "a: waits")
      .end()
      .exits(0)
      .says("a done");

  t.expect_witness();
}

void expect_a_quiet_end_of_output(const FaultTest& t) {
  t.job(t.task("a", "demo.echo", "text = \"heard\"") + t.witness("a"), {"--events", "-"})
      .with_closed_stdout()
      .end()
      .never_says("SIGPIPE");

  t.expect_witness();
}

void expect_a_spin_ends_by_the_deadline(const FaultTest& t) {
  t.job(t.task("a", "demo.crash", "how = \"spin\""), {"--timeout", "300ms", "--grace", "300ms"})
      .end()
      .exits(1)
      .says("Terminating due to timeout.")
      .takes_less_than(seconds(3));
}

}  // namespace

TEST_F(E26Isolated, TheTaskHasCrashedAndOthersGoOn) {
  run(task("a", "faulty.do", "how = \"killed\"") + witness("a")).exits(3).says("a crashed").says("SIGKILL");
  job(task("a", "faulty.do", "how = \"hang\"") + witness("a"))
      .acted_on(
          [](pid_t host) {
            for (const pid_t child : children_of(host)) kill(child, SIGKILL);
          },
          "a: hangs")
      .end()
      .exits(3)
      .says("a crashed")
      .says("SIGKILL");

  EXPECT_EQ(count("seen", "end witness"), 2);
}

// A child may still be on its way out when the next task is given to it: that is a crash, and another attempt.
TEST_F(E26Isolated, ThatWasWaitingForWorkIsReplacedByAnother) {
  job(task("a", "faulty.mark", "file = " + path("marks")) +
      "[[task]]\nname = \"between\"\nuses = \"faulty.gate\"\nafter = [\"a\"]\nisolate = \"thread\"\nwith = { file "
      "= " +
      path("gate") + " }\n" +
      task("b", "faulty.mark-again", "file = " + path("marks"),
           "after = [\"between\"]\nretries = 1\nbackoff = \"1ms\""))
      .acted_on(
          [&](pid_t host) {
            for (const pid_t child : children_of(host)) {
              kill(child, SIGKILL);
              wait_until([&] { return state_of(child) == 'Z' || state_of(child) == '?'; });
            }
            write("gate", "");
          },
          "between: waits")
      .end()
      .exits(0)
      .says("b done");

  EXPECT_EQ(count("marks", "end ran"), 2);
}

TEST_F(E30InProcess, TheFirstInterruptEndsTheRunTidily) { expect_a_tidy_end(*this); }

TEST_F(E30InProcess, TheSecondAndTheThirdDoNotWaitForTheGrace) { expect_an_end_at_once(*this); }

TEST_F(E30InProcess, StopAndContinueReachAllOfIt) { expect_a_pause(*this); }

TEST_F(E30InProcess, AClosedOutputEndsTheOutputAndNotTheRun) { expect_a_quiet_end_of_output(*this); }

TEST_F(E30Isolated, TheFirstInterruptEndsTheRunTidily) { expect_a_tidy_end(*this); }

TEST_F(E30Isolated, TheSecondAndTheThirdDoNotWaitForTheGrace) { expect_an_end_at_once(*this); }

TEST_F(E30Isolated, StopAndContinueReachAllOfIt) { expect_a_pause(*this); }

TEST_F(E30Isolated, AClosedOutputEndsTheOutputAndNotTheRun) { expect_a_quiet_end_of_output(*this); }

TEST_F(E31InProcess, TheDeadlineEndsTheRunAllTheSame) { expect_a_spin_ends_by_the_deadline(*this); }

TEST_F(E31Isolated, TheDeadlineEndsTheRunAllTheSame) { expect_a_spin_ends_by_the_deadline(*this); }

}  // namespace ganger::host::test
