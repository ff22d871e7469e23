// What `plan` shows: the loop itself, with tasks that end at once.
#include "host/session/rehearsal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <initializer_list>
#include <mutex>
#include <stdexcept>

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
  const Rehearsal rehearsal = rehearse(chain({true, true, true}), {.workers = 2});

  EXPECT_THAT(rehearsal.order, ElementsAre(0, 1, 2));
  EXPECT_EQ(rehearsal.record.count(TaskState::done), 3U);
}

TEST(Rehearsal, HeavyAndLightTasksTakeTurns) {
  EXPECT_THAT(rehearse(chain({false, true, true, false, true}), {}).order, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Rehearsal, OneWorkerTakesAllHeavyTasksInTurn) {
  PlanBuilder builder;
  for (int i = 0; i < 3; ++i) builder.add("t", {.is_heavy = true});

  EXPECT_THAT(rehearse(builder.build(), {}).order, ElementsAre(0, 1, 2));
}

TEST(Rehearsal, AWorkerGoesOnWithTheFirstTaskThatIsReady) {
  PlanBuilder builder;
  for (int i = 0; i < 4; ++i) builder.add("t", {.is_heavy = true});
  for (TaskIndex i = 1; i < 4; ++i) builder.add_edge(0, i);

  EXPECT_THAT(rehearse(builder.build(), {.workers = 3}).order, ElementsAre(0, 1, 2, 3));
}

TEST(Rehearsal, AttemptsMayFailAndBeTriedAgain) {
  PlanBuilder builder;
  builder.add("t", {.is_heavy = true}, {.backoff = std::chrono::hours(1), .retries = 2});
  builder.add("t", {});
  builder.add_edge(0, 1);

  const Rehearsal rehearsal = rehearse(
      builder.build(), {.status_of = [](const Attempt& a) { return a.number < 3 ? GANGER_RETRY : GANGER_OK; }});

  EXPECT_THAT(rehearsal.order, ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(rehearsal.record.retries, 2U);
}

TEST(Rehearsal, ALoopThatWaitsForNothingIsToldSo) {
  const RehearsalSettings settings;
  Stage stage(settings);
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable changed;

  EXPECT_THROW(stage.wait_until(lock, changed, kNever, [] { return false; }), std::logic_error);
}

}  // namespace
}  // namespace ganger::host
