#include "host/run/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/fakes/fake_run.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// A FakeRun whose tasks are told apart by their names, and which writes down what starts.
class Rig : public FakeRun {
 public:
  using FakeRun::FakeRun;

  TaskIndex add(const std::string& name, Act act = {}, PlannedTask task = {}, const Policy& policy = {}) {
    acts_.push_back(act);
    return builder_.add(name, task, policy);
  }
  void after(TaskIndex task, std::initializer_list<TaskIndex> all) {
    for (const TaskIndex before : all) builder_.add_edge(before, task);
  }
  void go(std::uint32_t workers_size = 2) {
    plan = builder_.build();
    script.act = [this](const Attempt& a) { return act_of ? act_of(a, acts_[a.task]) : acts_[a.task]; };
    script.started = [this](const Attempt& a, bool) {
      started.emplace_back(plan.name(a.task));
      start_times.push_back(clock.now() - start);
      deadlines.push_back(a.deadline == kNever ? Duration(-1) : a.deadline - start);
    };
    run(workers_size);
  }

  std::function<Act(const Attempt&, Act)> act_of;  ///< for attempts that differ
  std::vector<std::string> started;
  std::vector<Duration> start_times, deadlines;

 private:
  PlanBuilder builder_;
  std::vector<Act> acts_;
};

constexpr Act kFails{.status = GANGER_FAILED};
constexpr Act takes(Duration time) { return {.length = time}; }
constexpr Act hangs() { return {.never_ends = true, .obeys = false}; }
constexpr Act waits_for_stop() { return {.never_ends = true}; }
constexpr PlannedTask heavy() { return {.is_heavy = true}; }
constexpr PlannedTask when(When w) { return {.when = w}; }

// ------------------------------------------------------------------------------------------- the runner of the seeds

TEST(Loop, LightTasksRunOneAfterAnotherInTheOrderOfTheFile) {
  Rig rig;
  for (const char* name : {"a", "b", "c"}) rig.add(name, takes(seconds(1)));

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a", "b", "c"));
  EXPECT_THAT(rig.start_times, ElementsAre(seconds(0), seconds(1), seconds(2)));
}

TEST(Loop, FinishesWithEveryTaskDone) {
  Rig rig;
  rig.add("a");
  rig.add("b");

  rig.go();

  EXPECT_EQ(rig.loop->record().count(TaskState::done), 2u);
  EXPECT_EQ(rig.stop.reason(), StopReason::none);
  EXPECT_FALSE(rig.loop->left_out_tasks());
}

TEST(Loop, ChecksForAnInterruptBeforeEachTask) {
  Rig rig;
  rig.add("a", {.length = seconds(2), .obeys = false});
  const auto b = rig.add("b");
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a"));
  EXPECT_EQ(rig.state(b), TaskState::skipped);
  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::interrupted);
}

TEST(Loop, AnInterruptReachesInsideTheTaskThatRuns) {
  Rig rig;
  const auto a = rig.add("a", waits_for_stop());
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
  EXPECT_EQ(rig.length(), seconds(1));
  EXPECT_EQ(rig.reason(a), "stopped by the interrupt: as scripted");
}

TEST(Loop, TheDeadlineEndsTheRunAndReachesInsideTheTaskThatRuns) {
  Rig rig(seconds(3));
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
  Rig rig(seconds(3));
  rig.add("a", {.never_ends = true, .reaction = seconds(2)});
  rig.interrupt_at(seconds(4));

  rig.go();

  EXPECT_EQ(rig.stop.reason(), StopReason::interrupt);
}

// ---------------------------------------------------------------------------------------------------------- order

TEST(Loop, AnEmptyPlanHasEndedBeforeItBegins) {
  Rig rig;

  rig.go();

  EXPECT_TRUE(rig.loop->has_ended());
  EXPECT_EQ(rig.length(), seconds(0));
}

//  a --> c --> b
TEST(Loop, WhatComesAfterWaitsThoughItStandsFirstInTheFile) {
  Rig rig;
  const auto a = rig.add("a");
  const auto b = rig.add("b");
  const auto c = rig.add("c");
  rig.after(b, {c});
  rig.after(c, {a});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a", "c", "b"));
}

TEST(Loop, HeavyTasksRunBesideTheSerialLaneAsManyAsThereAreWorkers) {
  Rig rig;
  for (const char* name : {"h1", "h2", "h3"}) rig.add(name, takes(seconds(2)), heavy());
  rig.add("light", takes(seconds(4)));

  rig.go(2);

  EXPECT_EQ(rig.length(), seconds(4));
  EXPECT_EQ(rig.start_times.back(), seconds(2)) << "the third heavy task waits for a worker";
  EXPECT_EQ(rig.started.back(), "h3");
}

TEST(Loop, AHeavyTaskForWhichNoThreadCouldBeStartedIsTriedAgain) {
  Rig rig;
  rig.add("h", {}, heavy());
  rig.add("l");
  rig.failing_starts = 3;

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("l", "h"));
  EXPECT_LT(rig.length(), seconds(1));
}

TEST(Loop, ExclusiveTypesRunOneAtATimeAndAreReadyOnce) {
  Rig rig;
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
  Rig rig;
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
  Rig rig;
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
  Rig rig;
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
  Rig rig;
  const auto bad = rig.add("bad", kFails);
  const auto next = rig.add("next");
  const auto handler = rig.add("handler", {}, when(When::failed));
  rig.after(next, {bad});
  rig.after(handler, {next});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "handler"));
}

// ------------------------------------------------------------------------------------------------ timeouts, retries

TEST(Loop, ATaskThatTakesLongerThanItsTimeoutIsAskedToStopAndTimedOut) {
  Rig rig;
  const auto a = rig.add("a", waits_for_stop(), {}, {.timeout = seconds(5)});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.length(), seconds(5));
  EXPECT_EQ(rig.reason(a), "took longer than its timeout of 5s: as scripted");
  EXPECT_THAT(rig.deadlines, ElementsAre(seconds(5)));
}

TEST(Loop, WhatIsInterruptedBeforeItsTimeoutIsInterruptedThoughItEndsAfterIt) {
  Rig rig;
  const auto a = rig.add("a", {.never_ends = true, .reaction = seconds(2)}, {}, {.timeout = seconds(2)});
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
}

TEST(Loop, ATaskThatLooksAtTheClockItselfIsTimedOutByTheDeadlineToo) {
  Rig rig(seconds(3));
  const auto a = rig.add("a", {.status = GANGER_TIMEOUT, .length = seconds(3), .obeys = false});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.reason(a), "stopped at the deadline of the run: as scripted");
}

TEST(Loop, AFailedAttemptIsTriedAgainUntilOneIsDone) {
  Rig rig;
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
  Rig rig;
  const auto a = rig.add("a", kFails, {}, {.retries = 2});

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::failed);
  EXPECT_THAT(rig.started, ElementsAre("a", "a", "a"));
  EXPECT_EQ(rig.events.of(EventKind::task_finished).size(), 1u);
}

TEST(Loop, ABadParameterIsNotTriedAgain) {
  Rig rig;
  rig.add("a", {.status = GANGER_BAD_PARAM}, {}, {.retries = 2});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("a"));
}

TEST(Loop, TheHandlerOfAFailureIsTriedAgainToo) {
  Rig rig;
  const auto bad = rig.add("bad", kFails);
  const auto handler = rig.add("handler", kFails, when(When::failed), {.retries = 1});
  rig.after(handler, {bad});

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("bad", "handler", "handler"));
}

TEST(Loop, ATaskThatAStopKeepsFromItsNextAttemptHasTheOutcomeOfItsLast) {
  Rig rig;
  const auto a = rig.add("a", kFails, heavy(), {.retries = 3});
  rig.add("b", takes(seconds(5)), heavy());
  rig.act_of = [](const Attempt& at, Act act) { return at.number == 1 ? act : takes(seconds(9)); };
  rig.drain_at(seconds(2));

  rig.go(1);

  EXPECT_EQ(rig.state(a), TaskState::failed) << "it was ready, but the worker was busy";
}

TEST(Loop, NoRetryWaitsPastTheDeadline) {
  Rig rig(seconds(2));
  const auto a = rig.add("a", kFails, {}, {.backoff = std::chrono::hours(1), .retries = 9});

  rig.go();

  EXPECT_LE(rig.length(), seconds(2));
  EXPECT_EQ(rig.state(a), TaskState::failed);
}

// ------------------------------------------------------------------------------------------------------- stopping

TEST(Loop, CleanUpRunsAfterAnInterruptWithinTheGrace) {
  Rig rig;
  rig.settings.grace = seconds(10);
  rig.add("work", waits_for_stop());
  const auto clean = rig.add("clean", takes(seconds(2)), when(When::always));
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(clean), TaskState::done);
  EXPECT_EQ(rig.length(), seconds(3));
}

TEST(Loop, CleanUpThatDoesNotEndIsStoppedWithinASecondAfterTheGrace) {
  Rig rig;
  rig.settings.grace = seconds(10);
  const auto clean = rig.add("clean", hangs(), when(When::always));
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(clean), TaskState::interrupted);
  EXPECT_GT(rig.length(), seconds(11));
  EXPECT_LE(rig.length(), seconds(12));
}

TEST(Loop, CleanUpThatStartsAtTheEndOfTheGraceHasTimeLeft) {
  Rig rig;
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
  Rig rig;
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
  Rig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");
  rig.failing_lanes = 3;

  rig.go();

  EXPECT_EQ(rig.state(b), TaskState::done);
  EXPECT_EQ(rig.length(), seconds(3) + std::chrono::milliseconds(300));
}

TEST(Loop, AHeavyTaskThatDoesNotStopIsGivenUp) {
  Rig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  const auto a = rig.add("a", hangs(), heavy(), {.timeout = seconds(2)});
  const auto b = rig.add("b", {}, heavy());

  rig.go(1);

  EXPECT_EQ(rig.state(a), TaskState::timed_out);
  EXPECT_EQ(rig.state(b), TaskState::done);
}

TEST(Loop, ATaskThatIsGivenUpIsAFailureLikeAnyOther) {
  Rig rig;
  rig.settings.grace = seconds(1);
  rig.add("a", hangs(), {}, {.timeout = seconds(2)});
  const auto b = rig.add("b");

  rig.go();

  EXPECT_EQ(rig.loop->record().tasks[b].skip_reason, SkipReason::earlier_failure);
}

TEST(Loop, AnExclusiveTypeThatATaskHangsInStaysBusy) {
  Rig rig;
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
  Rig rig;
  rig.settings = {.grace = seconds(1), .keep_going = true};
  for (int i = 0; i < 3; ++i) rig.add("hangs" + std::to_string(i), hangs(), {}, {.timeout = seconds(1)});
  const auto last = rig.add("last");

  rig.go();

  EXPECT_EQ(rig.loop->given_up_threads(), 3u);
  EXPECT_EQ(rig.loop->record().tasks[last].skip_reason, SkipReason::no_worker);
}

TEST(Loop, TheSecondInterruptGivesEverythingUpAtOnce) {
  Rig rig;
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
  Rig rig;
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

// ------------------------------------------------------------------------------------- child processes, resumed runs

constexpr PlannedTask isolated(const TaskType* type = nullptr) {
  return {.type = type, .is_heavy = true, .is_isolated = true};
}
constexpr Act crashes() { return {.status = GANGER_FAILED, .crashes = true}; }

TEST(Loop, ATaskWhoseChildWasEndedByASignalHasCrashed) {
  Rig rig;
  const auto a = rig.add("a", crashes(), isolated());

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::crashed);
  EXPECT_EQ(rig.loop->record().failures(), 1u);
}

TEST(Loop, ACrashIsTriedAgainOnlyWhereTheTypeIsIdempotent) {
  TaskType careful, rash;
  careful.flags = GANGER_TASK_IDEMPOTENT;
  Rig rig;
  rig.settings.keep_going = true;
  const auto a = rig.add("a", {}, isolated(&careful), {.retries = 1});
  const auto b = rig.add("b", {}, isolated(&rash), {.retries = 1});
  rig.act_of = [](const Attempt& attempt, Act) { return attempt.number == 1 ? crashes() : Act{}; };

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::done);
  EXPECT_EQ(rig.state(b), TaskState::crashed);
  EXPECT_THAT(rig.reason(b), testing::HasSubstr("not tried again: it is not idempotent"));
}

TEST(Loop, ATaskInAChildGetsTheTimeToKillItBeforeItsThreadIsGivenUp) {
  Rig rig;
  rig.settings.grace = seconds(2);
  const auto a = rig.add("a", {.never_ends = true, .reaction = milliseconds(2500)}, isolated());
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
  EXPECT_EQ(rig.loop->given_up_threads(), 0u);
}

// a --> b --> c
TEST(Loop, WhatAnEarlierProcessHadDoneStaysDone) {
  Rig rig;
  const auto a = rig.add("a"), b = rig.add("b"), c = rig.add("c");
  rig.after(b, {a});
  rig.after(c, {b});
  rig.settings.done_before = {a, b};

  rig.go();

  EXPECT_THAT(rig.started, ElementsAre("c"));
  EXPECT_EQ(rig.state(a), TaskState::done);
  EXPECT_EQ(rig.loop->record().count(TaskState::done), 3u);
  EXPECT_EQ(rig.loop->record().done_before, 2u);
}

TEST(Loop, ARunOfWhichAllWasDoneEndsAtOnce) {
  Rig rig;
  const auto a = rig.add("a");
  rig.settings.done_before = {a};

  rig.go();

  EXPECT_THAT(rig.started, IsEmpty());
  EXPECT_TRUE(rig.loop->has_ended());
}

// a --> b      c, which fails once
TEST(Loop, TheJournalHearsOfEveryEndBeforeWhatComesAfterStarts) {
  Rig rig;
  const auto a = rig.add("a"), b = rig.add("b");
  const auto c = rig.add("c", {}, {}, {.backoff = seconds(1), .retries = 1});
  rig.after(b, {a});
  std::vector<std::string> at_b;
  rig.act_of = [&](const Attempt& attempt, Act act) {
    if (attempt.task == b) at_b = rig.journal.lines;
    return attempt.task == c && attempt.number == 1 ? kFails : act;
  };

  rig.go();

  EXPECT_THAT(at_b, ElementsAre("0 done"));
  EXPECT_THAT(rig.journal.lines, ElementsAre("0 done", "1 done", "2 waits", "2 done"));
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
