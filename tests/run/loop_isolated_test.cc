// Tasks in child processes, as the loop sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/loop_rig.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr PlannedTask isolated(const TaskType* type = nullptr) {
  return {.type = type, .is_heavy = true, .is_isolated = true};
}
constexpr Act crashes() { return {.status = GANGER_FAILED, .crashes = true}; }

TEST(Loop, ATaskWhoseChildWasEndedByASignalHasCrashed) {
  LoopRig rig;
  const auto a = rig.add("a", crashes(), isolated());

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::crashed);
  EXPECT_EQ(rig.loop->record().failures(), 1u);
}

TEST(Loop, ACrashIsTriedAgainOnlyWhereTheTypeIsIdempotent) {
  TaskType careful, rash;
  careful.flags = GANGER_TASK_IDEMPOTENT;
  LoopRig rig;
  rig.settings.keep_going = true;
  const auto a = rig.add("a", {}, isolated(&careful), {.retries = 1});
  const auto b = rig.add("b", {}, isolated(&rash), {.retries = 1});
  rig.act_of = [](const Attempt& attempt, Act) { return attempt.number == 1 ? crashes() : Act{}; };

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::done);
  EXPECT_EQ(rig.state(b), TaskState::crashed);
  EXPECT_THAT(rig.reason(b), HasSubstr("not tried again: it is not idempotent"));
}

TEST(Loop, ATaskInAChildGetsTheTimeToKillItBeforeItsThreadIsGivenUp) {
  LoopRig rig;
  rig.settings.grace = seconds(2);
  const auto a = rig.add("a", {.never_ends = true, .reaction = milliseconds(2500)}, isolated());
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_EQ(rig.state(a), TaskState::interrupted);
  EXPECT_EQ(rig.loop->given_up_threads(), 0u);
}

}  // namespace
}  // namespace ganger::host
