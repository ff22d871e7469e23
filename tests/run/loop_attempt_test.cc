// The attempts of one task in the loop: their timeouts, and when there is another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/loop_rig.h"

namespace ganger::host {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

TEST(Loop, ATaskThatTakesLongerThanItsTimeoutIsAskedToStopAndTimedOut) {
  LoopRig rig;
  const auto a = rig.add("a", waits_for_stop(), {}, {.timeout = seconds(5)});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.length(), seconds(5));
  EXPECT_EQ(rig.reason(a), "took longer than its timeout of 5s: as scripted");
  EXPECT_THAT(rig.deadlines, ElementsAre(seconds(5)));
}

TEST(Loop, WhatIsInterruptedBeforeItsTimeoutIsInterruptedThoughItEndsAfterIt) {
  LoopRig rig;
  const auto a = rig.add("a", {.never_ends = true, .reaction = seconds(2)}, {}, {.timeout = seconds(2)});
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
}

TEST(Loop, ATaskThatLooksAtTheClockItselfIsTimedOutByTheDeadlineToo) {
  LoopRig rig(seconds(3));
  const auto a = rig.add("a", {.status = GANGER_TIMEOUT, .length = seconds(3), .obeys = false});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.reason(a), "stopped at the deadline of the run: as scripted");
}

TEST(Loop, AFailedAttemptIsTriedAgainUntilOneIsDone) {
  LoopRig rig;
  const auto a = rig.add("a", kFails, {}, {.backoff = seconds(1), .retries = 5});
  rig.act_of = [](const Attempt& at, Act act) { return at.number < 3 ? act : Act{}; };

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::done);
  EXPECT_EQ(rig.loop->record().tasks[a].attempts, 3);
  EXPECT_EQ(rig.loop->record().retries, 2u);
  EXPECT_EQ(rig.reason(a), "");
  EXPECT_LE(rig.length(), seconds(1 + 2)) << "full jitter: at most 1 s, then at most 2 s";
}

TEST(Loop, AfterTheLastRetryTheTaskHasFailed) {
  LoopRig rig;
  const auto a = rig.add("a", kFails, {}, {.retries = 2});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::failed);
  EXPECT_THAT(rig.started, ElementsAre("a", "a", "a"));
  EXPECT_EQ(rig.events.of(EventKind::task_finished).size(), 1u);
}

TEST(Loop, ABadParameterIsNotTriedAgain) {
  LoopRig rig;
  rig.add("a", {.status = GANGER_BAD_PARAM}, {}, {.retries = 2});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a"));
}

TEST(Loop, TheHandlerOfAFailureIsTriedAgainToo) {
  LoopRig rig;
  const auto bad = rig.add("bad", kFails);
  const auto handler = rig.add("handler", kFails, when(When::failed), {.retries = 1});
  rig.after(handler, {bad});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "handler", "handler"));
}

TEST(Loop, ATaskThatAStopKeepsFromItsNextAttemptHasTheOutcomeOfItsLast) {
  LoopRig rig;
  const auto a = rig.add("a", kFails, heavy(), {.retries = 3});
  rig.add("b", takes(seconds(5)), heavy());
  rig.act_of = [](const Attempt& at, Act act) { return at.number == 1 ? act : takes(seconds(9)); };
  rig.drain_at(seconds(2));

  rig.go(1);

  EXPECT_EQ(rig.state(a), TaskState::failed) << "it was ready, but the worker was busy";
}

TEST(Loop, NoRetryWaitsPastTheDeadline) {
  LoopRig rig(seconds(2));
  const auto a = rig.add("a", kFails, {}, {.backoff = std::chrono::hours(1), .retries = 9});

  rig.go();

  EXPECT_LE(rig.length(), seconds(2));
  EXPECT_EQ(rig.state(a), TaskState::failed);
}

}  // namespace
}  // namespace ganger::host
