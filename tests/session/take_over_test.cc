// What a resumed run does with each task, whatever state it is in: for every state, every doubt and every answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/session/record.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

enum class Does { keeps, reruns, asks };

class TakeOver : public testing::Test {
 protected:
  TakeOver() {
    rash_.id = "x.rash";
    careful_.id = "x.careful";
    careful_.flags = GANGER_TASK_IDEMPOTENT;
  }
  Plan plan_of_one(const TaskType& type) const {
    PlanBuilder builder;
    builder.add("t", {.type = &type});
    return builder.build();
  }
  /// What it does with one task.
  Does does(const TaskType& type, const TaskEntryOfRun& entry, Assume assume = Assume::nothing) const {
    const auto taken = take_over(plan_of_one(type), {entry}, assume);
    if (!taken) return Does::asks;
    return taken->done.empty() ? Does::reruns : Does::keeps;
  }
  static TaskEntryOfRun entry(TaskState state, bool is_in_doubt = false) {
    TaskEntryOfRun e;
    e.name = "t";
    e.state = state;
    e.is_in_doubt = is_in_doubt;
    return e;
  }

  TaskType rash_, careful_;
};

TEST_F(TakeOver, WhatIsDoneStaysDone) {
  for (const TaskType* type : {&rash_, &careful_})
    for (const TaskState state : {TaskState::done, TaskState::up_to_date})
      EXPECT_EQ(does(*type, entry(state)), Does::keeps) << name_of(state);
}

TEST_F(TakeOver, WhatNeverStartedOrSaidItselfThatItIsNotDoneRunsWithoutAQuestion) {
  for (const TaskType* type : {&rash_, &careful_})
    for (const TaskState state : {TaskState::waiting, TaskState::ready, TaskState::skipped, TaskState::failed,
                                  TaskState::timed_out, TaskState::interrupted})
      EXPECT_EQ(does(*type, entry(state)), Does::reruns) << name_of(state);
}

TEST_F(TakeOver, WhatIsInDoubtIsAQuestionUnlessItIsIdempotent) {
  for (const TaskState state :
       {TaskState::running, TaskState::failed, TaskState::crashed, TaskState::timed_out, TaskState::interrupted}) {
    EXPECT_EQ(does(rash_, entry(state, true)), Does::asks) << name_of(state);
    EXPECT_EQ(does(rash_, entry(state, true), Assume::rerun), Does::reruns) << name_of(state);
    EXPECT_EQ(does(rash_, entry(state, true), Assume::done), Does::keeps) << name_of(state);
    for (const Assume any : {Assume::nothing, Assume::rerun, Assume::done})
      EXPECT_EQ(does(careful_, entry(state, true), any), Does::reruns) << name_of(state);
  }
}

TEST_F(TakeOver, ASecretOutputThatIsNotKeptIsADoubtToo) {
  TaskEntryOfRun done = entry(TaskState::done);
  done.has_secret_output = true;

  EXPECT_EQ(does(rash_, done), Does::asks);
  EXPECT_EQ(does(careful_, done), Does::reruns);
}

TEST_F(TakeOver, AnAnswerIsNoAnswerForWhatIsNotInDoubt) {
  EXPECT_EQ(does(rash_, entry(TaskState::failed), Assume::done), Does::reruns);
  EXPECT_EQ(does(rash_, entry(TaskState::done), Assume::rerun), Does::keeps);
}

TEST_F(TakeOver, TheQuestionNamesTheTasksAndSaysWhatHappenedToEach) {
  PlanBuilder builder;
  std::vector<TaskEntryOfRun> before;
  const auto add = [&](const char* name, TaskState state, bool is_in_doubt) {
    builder.add(name, {.type = &rash_});
    before.push_back(entry(state, is_in_doubt));
    before.back().name = name;
  };
  add("a", TaskState::running, true);
  add("b", TaskState::crashed, true);
  add("c", TaskState::timed_out, true);
  add("d", TaskState::done, false);

  const auto taken = take_over(builder.build(), before, Assume::nothing);

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::usage);
  EXPECT_EQ(taken.error().message,
            "tasks 'a' (was running when ganger ended), 'b' (crashed), 'c' (was cut off) may have done their work "
            "already, and are not idempotent; check their effects, then resume with --assume done or --assume rerun");
}

TEST_F(TakeOver, ManyTasksInDoubtAreCounted) {
  PlanBuilder builder;
  std::vector<TaskEntryOfRun> before;
  for (int i = 0; i < 13; ++i) {
    before.push_back(entry(TaskState::running, true));
    before.back().name = "t" + std::to_string(i);
    builder.add(before.back().name, {.type = &rash_});
  }

  const auto taken = take_over(builder.build(), before, Assume::nothing);

  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("'t9' (was running when ganger ended) and 3 more may have done"));
}

}  // namespace
}  // namespace ganger::host
