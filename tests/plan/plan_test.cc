#include "host/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ganger::host {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Plan, KnowsItsTasksByIndexAndByName) {
  PlanBuilder builder;
  builder.add("fetch", {.when = When::always}, {.timeout = seconds(1)});
  builder.add("parse", {.is_heavy = true}, {.timeout = seconds(2), .retries = 3});
  builder.add("store", {}, {.timeout = seconds(1)});
  builder.add_edge(0, 2);
  builder.add_edge(1, 2);

  const Plan plan = builder.build();

  EXPECT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan.name(1), "parse");
  EXPECT_EQ(plan.policy(1).retries, 3u);
  EXPECT_EQ(plan.policy(2).timeout, seconds(1));
  EXPECT_EQ(plan.task(0).policy, plan.task(2).policy) << "tasks share policies";
  EXPECT_TRUE(plan.task(1).is_heavy);
  EXPECT_THAT(plan.predecessors(2), ElementsAre(0, 1));
  EXPECT_THAT(plan.predecessors(0), IsEmpty());
}

TEST(Plan, TasksWithoutParametersShareTheEmptyBinding) {
  PlanBuilder builder;
  builder.add("a", {});
  builder.add("b", {}, {}, Binding(1));
  builder.add("c", {});

  const Plan plan = builder.build();

  EXPECT_TRUE(plan.binding(0).empty());
  EXPECT_EQ(plan.binding(1).size(), 1u);
  EXPECT_EQ(&plan.binding(0), &plan.binding(2));
}

TEST(Plan, EveryTaskMayHaveAPolicyOfItsOwn) {
  constexpr TaskIndex kTasks = 70'000;
  PlanBuilder builder;
  for (TaskIndex i = 0; i < kTasks; ++i) builder.add("t", {}, {.timeout = Duration(i + 1)});

  const Plan plan = builder.build();

  for (TaskIndex i = 0; i < kTasks; ++i) ASSERT_EQ(plan.policy(i).timeout, Duration(i + 1));
}

TEST(Plan, AnEmptyOneIsAPlan) { EXPECT_EQ(PlanBuilder().build().size(), 0u); }

}  // namespace
}  // namespace ganger::host
