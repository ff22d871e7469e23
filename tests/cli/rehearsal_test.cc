// What `plan` shows: the loop itself, with tasks that end at once.
#include "host/cli/rehearsal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace ganger::host {
namespace {

using testing::ElementsAre;

/// `heavy` says of each task whether it is; each task depends on the one before it.
Plan chain(std::initializer_list<bool> heavy) {
  PlanBuilder builder;
  for (const bool is_heavy : heavy) builder.add("t", {.is_heavy = is_heavy});
  for (TaskIndex i = 1; i < heavy.size(); ++i) builder.add_edge(i - 1, i);
  return builder.build();
}

TEST(Rehearsal, HeavyTasksThatDependOnEachOtherRunOneAfterAnother) {
  const Rehearsal rehearsal = rehearse(chain({true, true, true}), 2);

  EXPECT_THAT(rehearsal.order, ElementsAre(0, 1, 2));
  EXPECT_EQ(rehearsal.record.count(TaskState::done), 3U);
}

TEST(Rehearsal, HeavyAndLightTasksTakeTurns) {
  EXPECT_THAT(rehearse(chain({false, true, true, false, true}), 1).order, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Rehearsal, OneWorkerTakesAllHeavyTasksInTurn) {
  PlanBuilder builder;
  for (int i = 0; i < 3; ++i) builder.add("t", {.is_heavy = true});

  EXPECT_THAT(rehearse(builder.build(), 1).order, ElementsAre(0, 1, 2));
}

TEST(Rehearsal, AWorkerGoesOnWithTheFirstTaskThatIsReady) {
  PlanBuilder builder;
  for (int i = 0; i < 4; ++i) builder.add("t", {.is_heavy = true});
  for (TaskIndex i = 1; i < 4; ++i) builder.add_edge(0, i);

  EXPECT_THAT(rehearse(builder.build(), 3).order, ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace ganger::host
