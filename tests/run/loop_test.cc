#include "host/run/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/run/loop_rig.h"

namespace ganger::host {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

// ------------------------------------------------------------------------------------------- the runner of the seeds

TEST(Loop, LightTasksRunOneAfterAnotherInTheOrderOfTheFile) {
  LoopRig rig;
  for (const char* name : {"a", "b", "c"}) rig.add(name, takes(seconds(1)));

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a", "b", "c"));
  EXPECT_THAT(rig.start_times, ElementsAre(seconds(0), seconds(1), seconds(2)));
}

TEST(Loop, FinishesWithEveryTaskDone) {
  LoopRig rig;
  rig.add("a");
  rig.add("b");

  rig.go();

  EXPECT_EQ(rig.loop->record().count(TaskState::done), 2u);
  EXPECT_EQ(rig.stop.reason(), StopReason::none);
  EXPECT_FALSE(rig.loop->left_out_tasks());
}

TEST(Loop, ChecksForAnInterruptBeforeEachTask) {
  LoopRig rig;
  rig.add("a", {.length = seconds(2), .obeys = false});
  const auto b = rig.add("b");
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a"));
  EXPECT_EQ(rig.state(b), TaskState::skipped);
  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::interrupted);
}

TEST(Loop, AnInterruptReachesInsideTheTaskThatRuns) {
  LoopRig rig;
  const auto a = rig.add("a", waits_for_stop());
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
  EXPECT_EQ(rig.length(), seconds(1));
  EXPECT_EQ(rig.reason(a), "stopped by the interrupt: as scripted");
}

TEST(Loop, TheDeadlineEndsTheRunAndReachesInsideTheTaskThatRuns) {
  LoopRig rig(seconds(3));
  const auto a = rig.add("a", waits_for_stop());
  const auto b = rig.add("b");

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::deadline);
  EXPECT_EQ(rig.length(), seconds(3));
  EXPECT_EQ(rig.stop.reason(), StopReason::deadline);
  EXPECT_THAT(rig.deadlines, ElementsAre(seconds(3)));
}

TEST(Loop, AnInterruptAfterTheDeadlineBeatsIt) {
  LoopRig rig(seconds(3));
  rig.add("a", {.never_ends = true, .reaction = seconds(2)});
  rig.interrupt_at(seconds(4));

  rig.go();

  EXPECT_EQ(rig.stop.reason(), StopReason::interrupt);
}

// ---------------------------------------------------------------------------------------------------------- order

TEST(Loop, AnEmptyPlanHasEndedBeforeItBegins) {
  LoopRig rig;

  rig.go();

  EXPECT_TRUE(rig.loop->has_ended());
  EXPECT_EQ(rig.length(), seconds(0));
}

//  a --> c --> b
TEST(Loop, WhatComesAfterWaitsThoughItStandsFirstInTheFile) {
  LoopRig rig;
  const auto a = rig.add("a");
  const auto b = rig.add("b");
  const auto c = rig.add("c");
  rig.after(b, {c});
  rig.after(c, {a});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a", "c", "b"));
}

TEST(Loop, HeavyTasksRunBesideTheSerialLaneAsManyAsThereAreWorkers) {
  LoopRig rig;
  for (const char* name : {"h1", "h2", "h3"}) rig.add(name, takes(seconds(2)), heavy());
  rig.add("light", takes(seconds(4)));

  rig.go(2);

  EXPECT_EQ(rig.length(), seconds(4));
  EXPECT_EQ(rig.start_times.back(), seconds(2)) << "the third heavy task waits for a worker";
  EXPECT_EQ(rig.started.back(), "h3");
}

TEST(Loop, AHeavyTaskForWhichNoThreadCouldBeStartedIsTriedAgain) {
  LoopRig rig;
  rig.add("h", {}, heavy());
  rig.add("l");
  rig.failing_starts = 3;

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("l", "h"));
  EXPECT_LT(rig.length(), seconds(1));
}

TEST(Loop, HeavyTasksAreLeftOutWhenNoThreadCanBeStartedForLong) {
  LoopRig rig;
  const auto h = rig.add("h", {}, heavy());
  const auto next = rig.add("next");
  const auto tidy = rig.add("tidy", {}, when(When::always));
  const auto tidy_more = rig.add("tidy-more", {}, {.when = When::always, .is_heavy = true});
  rig.add("l");
  rig.after(next, {h});
  rig.after(tidy, {h});
  rig.after(tidy_more, {h});
  rig.failing_starts = 1'000'000;

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("l", "tidy"));
  EXPECT_EQ(rig.why_skipped(h), "no thread could be started to run it");
  EXPECT_EQ(rig.why_skipped(next), "'h' was skipped");
  EXPECT_EQ(rig.state(tidy_more), TaskState::skipped);
  EXPECT_TRUE(rig.loop->lacked_threads());
  EXPECT_LE(rig.length(), seconds(3));
}

TEST(Loop, ExclusiveTypesRunOneAtATimeAndAreReadyOnce) {
  LoopRig rig;
  TaskType type;
  type.flags = GANGER_TASK_EXCLUSIVE;
  for (int i = 0; i < 3; ++i)
    rig.add("t" + std::to_string(i), takes(seconds(1)), {.type = &type, .is_heavy = i != 1});

  rig.go(3);

  EXPECT_THAT(rig.start_times, ElementsAre(seconds(0), seconds(1), seconds(2)));
  EXPECT_EQ(rig.events.of(EventKind::task_ready).size(), 3u);
}

// ------------------------------------------------------------------------------------------------------- triggers

TEST(Loop, WhenSaysWhatRunsAfterAFailure) {
  LoopRig rig;
  rig.settings.keep_going = true;
  const auto bad = rig.add("bad", kFails);
  const auto ok = rig.add("ok");
  const auto failed = rig.add("failed", {}, when(When::failed));
  const auto always = rig.add("always", {}, when(When::always));
  rig.after(ok, {bad});
  rig.after(failed, {bad});
  rig.after(always, {bad});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "failed", "always"));
  EXPECT_EQ(rig.loop->record().tasks[ok].skip_reason, SkipReason::upstream);
}

TEST(Loop, WhenSaysWhatRunsAfterSuccess) {
  LoopRig rig;
  const auto good = rig.add("good");
  const auto ok = rig.add("ok");
  const auto failed = rig.add("failed", {}, when(When::failed));
  const auto always = rig.add("always", {}, when(When::always));
  for (const TaskIndex i : {ok, failed, always}) rig.after(i, {good});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("good", "ok", "always"));
  EXPECT_EQ(rig.loop->record().tasks[failed].skip_reason, SkipReason::nothing_failed);
}

TEST(Loop, TheFirstFailureStopsTheStartOfNewTasksButNotItsHandlersAndCleanUp) {
  LoopRig rig;
  const auto bad = rig.add("bad", kFails);
  const auto other = rig.add("other");
  const auto handler = rig.add("handler", {}, when(When::failed));
  rig.add("always", {}, when(When::always));
  rig.after(handler, {bad});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "handler", "always"));
  EXPECT_EQ(rig.loop->record().tasks[other].skip_reason, SkipReason::earlier_failure);
  EXPECT_TRUE(rig.loop->left_out_tasks());
}

// bad --> next --> handler
TEST(Loop, AHandlerRunsForAFailureFurtherUp) {
  LoopRig rig;
  const auto bad = rig.add("bad", kFails);
  const auto next = rig.add("next");
  const auto handler = rig.add("handler", {}, when(When::failed));
  rig.after(next, {bad});
  rig.after(handler, {next});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "handler"));
}

// ---------------------------------------------------------------------------------------------- what is said of them

// gate --> a --> b --> last
//        calm ------->
TEST(Loop, ASkippedTaskNamesTheOneThatFailedAlsoThroughOthersThatWereSkipped) {
  LoopRig rig;
  rig.settings.keep_going = true;
  const auto good = rig.add("good");
  const auto calm = rig.add("calm", {}, when(When::failed));
  const auto gate = rig.add("gate", kFails);
  const auto a = rig.add("a");
  const auto b = rig.add("b");
  const auto last = rig.add("last");
  const auto after_calm = rig.add("after-calm");
  rig.after(calm, {good});
  rig.after(after_calm, {calm});
  rig.after(a, {gate});
  rig.after(b, {a});
  rig.after(last, {calm, b});

  rig.go();

  for (const TaskIndex i : {a, b, last}) EXPECT_EQ(rig.why_skipped(i), "'gate' failed");
  EXPECT_EQ(rig.why_skipped(calm), "none of its dependencies failed");
  EXPECT_EQ(rig.why_skipped(after_calm), "'calm' was skipped");
  const auto finished = rig.events.of(EventKind::task_finished);
  EXPECT_EQ(std::ranges::count_if(finished, [](const Event& e) { return e.text == "'gate' failed"; }), 3);
}

TEST(Loop, ATaskThatIsLeftOutAfterAFailureNamesTheOneThatFailed) {
  LoopRig rig;
  rig.add("slow", {.never_ends = true}, {}, {.timeout = seconds(1)});
  const auto other = rig.add("other");

  rig.go();

  EXPECT_EQ(rig.why_skipped(other), "not started after 'slow' timed out");
}

TEST(Loop, ATaskTakesWhatAllItsAttemptsTakeAndAnEventWhatItsOwnTook) {
  LoopRig rig;
  const auto a = rig.add("a", takes(seconds(2)), {}, {.backoff = seconds(1), .retries = 1});
  rig.act_of = [](const Attempt& attempt, Act act) {
    if (attempt.number == 1) act.status = GANGER_RETRY;
    return act;
  };

  rig.go();

  EXPECT_EQ(rig.loop->record().time_of(a), rig.length());
  EXPECT_GE(rig.length(), seconds(4));
  const Event finished = rig.events.of(EventKind::task_finished).front();
  EXPECT_EQ(rig.events.of(EventKind::task_retry).front().run, seconds(2));
  EXPECT_EQ(finished.run, seconds(2));
  EXPECT_EQ(finished.all, rig.length());
}

// ------------------------------------------------------------------------------------------------------- big ones

TEST(Loop, AChainOfAMillionTasksEnds) {
  constexpr TaskIndex kTasks = 1'000'000;
  FakeRun rig;
  PlanBuilder builder;
  for (TaskIndex i = 0; i < kTasks; ++i) builder.add("t", {});
  for (TaskIndex i = 1; i < kTasks; ++i) builder.add_edge(i - 1, i);
  rig.plan = builder.build();
  NoEvents nobody;
  FakeWorkers nobody_works(rig.clock, rig.script, 1);
  rig.script.act = [](const Attempt& a) { return a.task == 10 ? kFails : Act{}; };
  Loop loop(rig.plan, {.keep_going = true},
            {rig.body, nobody_works, rig.clock, rig.stop, nobody, rig.journal, [] { return true; }, [] {}});

  loop.run_lane();

  EXPECT_EQ(loop.record().count(TaskState::done), 10u);
  EXPECT_EQ(loop.record().count(TaskState::skipped), kTasks - 11);
}

TEST(Loop, AHundredThousandTasksThatWaitForOneEnd) {
  constexpr TaskIndex kTasks = 100'000;
  FakeRun rig;
  PlanBuilder builder;
  for (TaskIndex i = 0; i < kTasks; ++i) builder.add("t", {});
  for (TaskIndex i = 1; i < kTasks; ++i) builder.add_edge(0, i);
  rig.plan = builder.build();
  NoEvents nobody;
  FakeWorkers nobody_works(rig.clock, rig.script, 1);
  Loop loop(rig.plan, {},
            {rig.body, nobody_works, rig.clock, rig.stop, nobody, rig.journal, [] { return true; }, [] {}});

  loop.run_lane();

  EXPECT_EQ(loop.record().count(TaskState::done), kTasks);
}

}  // namespace
}  // namespace ganger::host
