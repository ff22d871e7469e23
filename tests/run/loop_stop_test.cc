// How the loop ends early: clean-up, threads that are given up, drain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/run/loop_rig.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(Loop, CleanUpRunsAfterAnInterruptWithinTheGrace) {
  LoopRig rig;
  rig.settings.grace = seconds(10);
  rig.add("work", waits_for_stop());
  const auto clean = rig.add("clean", takes(seconds(2)), when(When::always));
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(clean), TaskState::done);
  EXPECT_EQ(rig.length(), seconds(3));
}

TEST(Loop, CleanUpThatDoesNotEndIsStoppedWithinASecondAfterTheGrace) {
  LoopRig rig;
  rig.settings.grace = seconds(10);
  const auto clean = rig.add("clean", hangs(), when(When::always));
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(clean), TaskState::interrupted);
  EXPECT_GT(rig.length(), seconds(11));
  EXPECT_LE(rig.length(), seconds(12));
}

TEST(Loop, CleanUpThatStartsAtTheEndOfTheGraceHasTimeLeft) {
  LoopRig rig;
  rig.settings.grace = seconds(1);
  const auto stubborn = rig.add("stubborn", hangs());
  const auto clean = rig.add("clean", takes(milliseconds(100)), when(When::always));
  rig.after(clean, {stubborn});
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(clean), TaskState::done);
  EXPECT_GT(rig.deadlines.back(), rig.start_times.back());
}

TEST(Loop, ALightTaskThatDoesNotStopIsGivenUpAndANewLaneGoesOn) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  const auto a = rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.state(b), TaskState::done);
  EXPECT_EQ(rig.length(), seconds(3));
  EXPECT_EQ(rig.loop->given_up_threads(), 1u);
  EXPECT_EQ(rig.reason(a), "did not stop within 1s of being asked to; its thread was given up");
}

TEST(Loop, ALaneForWhichThereIsNoThreadIsStartedWhenThereIsOne) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");
  rig.failing_lanes = 3;

  rig.go();

  EXPECT_EQ(rig.state(b), TaskState::done);
  EXPECT_EQ(rig.length(), seconds(3) + std::chrono::milliseconds(300));
}

TEST(Loop, LightTasksAreLeftOutWhenNoThreadForTheLaneCanBeStartedForLong) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");
  const auto h = rig.add("h", takes(seconds(10)), heavy());
  rig.failing_lanes = 1'000'000;

  rig.go();

  EXPECT_EQ(rig.state(h), TaskState::done);
  EXPECT_EQ(rig.why_skipped(b), "no thread could be started to run it");
  EXPECT_TRUE(rig.loop->lacked_threads());
}

TEST(Loop, AHeavyTaskThatDoesNotStopIsGivenUp) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  const auto a = rig.add("a", hangs(), heavy(), {.timeout = seconds(2)});
  const auto b = rig.add("b", {}, heavy());

  rig.go(1);

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.state(b), TaskState::done);
}

TEST(Loop, ATaskThatIsGivenUpIsAFailureLikeAnyOther) {
  LoopRig rig;
  rig.settings.grace = seconds(1);
  rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");

  rig.go();

  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::earlier_failure);
}

TEST(Loop, AnExclusiveTypeThatATaskHangsInStaysBusy) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  TaskType type;
  type.flags = GANGER_TASK_EXCLUSIVE;
  const auto a = rig.add("a", hangs(), {.type = &type}, {.timeout = seconds(2)});
  const auto b = rig.add("b", {}, {.type = &type});
  const auto c = rig.add("c", {}, {.type = &type, .when = When::failed});
  rig.after(c, {a});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a"));
  for (const TaskIndex i : {b, c}) EXPECT_EQ(rig.loop->record().tasks[i].skip_reason, SkipReason::type_hangs);
}

TEST(Loop, TheThirdThreadThatHangsIsNotReplaced) {
  LoopRig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  for (int i = 0; i < 3; ++i) rig.add("hangs" + std::to_string(i), hangs(), {}, {.timeout = seconds(1)});
  const auto last = rig.add("last");

  rig.go();

  EXPECT_EQ(rig.loop->given_up_threads(), 3u);
  EXPECT_EQ(rig.loop->record().tasks[last].skip_reason, SkipReason::no_worker);
}

TEST(Loop, TheSecondInterruptGivesEverythingUpAtOnce) {
  LoopRig rig;
  const auto light = rig.add("light", hangs());
  const auto worker = rig.add("worker", hangs(), heavy());
  const auto clean = rig.add("clean", {}, when(When::always));
  rig.after(clean, {light});
  rig.interrupt_at(seconds(1));
  rig.interrupt_at(seconds(2));

  rig.go();

  EXPECT_EQ(rig.length(), seconds(2));
  EXPECT_EQ(rig.state(light), TaskState::interrupted);
  EXPECT_EQ(rig.reason(worker), "was given up with its thread at the second interrupt");
  EXPECT_EQ(rig.state(clean), TaskState::skipped);
}

TEST(Loop, ADrainLetsEndWhatRunsAndStartsNothingButCleanUp) {
  LoopRig rig;
  const auto a = rig.add("a", takes(seconds(5)));
  const auto b = rig.add("b");
  rig.add("clean", {}, when(When::always));
  rig.drain_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::done);
  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::drained);
  EXPECT_THAT(rig.started, ElementsAre("a", "clean"));
  EXPECT_TRUE(rig.loop->left_out_tasks());
}

}  // namespace
}  // namespace ganger::host
