// Outputs: who sees them, and which are dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::IsEmpty;

/// Has the task read output "out" of task `from`, and keeps the status.
TaskCode reads(const std::string& from, ganger_status& status) {
  return [from, &status](ganger_ctx* ctx) {
    ganger_value v;
    status = host().input(ctx, from.c_str(), "out", &v);
    return GANGER_OK;
  };
}

TEST(TaskCallOutput, IsSeenByTasksThatComeAfterHoweverFar) {
  CallRig rig;
  ganger_status status = GANGER_BUG;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", does_nothing);
  const auto c = rig.add("c", reads("a", status));
  rig.after(b, a);
  rig.after(c, b);

  for (const auto task : {a, b, c}) rig.call(task);

  EXPECT_EQ(status, GANGER_OK);
}

TEST(TaskCallOutput, IsNotSeenByATaskThatDoesNotComeAfter) {
  CallRig rig;
  ganger_status beside = GANGER_OK, before = GANGER_OK, unknown = GANGER_OK;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", reads("a", beside));
  const auto c = rig.add("c", reads("d", before));
  const auto d = rig.add_source("d", "out", Value::of_text("x"));
  const auto e = rig.add("e", reads("nobody", unknown));
  rig.after(d, c);

  for (const auto task : {a, d, b, c, e}) rig.call(task);

  EXPECT_EQ(beside, GANGER_NO_RESOURCE);
  EXPECT_EQ(before, GANGER_NO_RESOURCE);
  EXPECT_EQ(unknown, GANGER_NO_RESOURCE);
}

TEST(TaskCallOutput, OfATaskThatIsNotDoneIsNotSeen) {
  CallRig rig;
  ganger_status status = GANGER_OK;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", reads("a", status));
  rig.after(b, a);

  rig.call(a);
  rig.set_state(a, TaskState::timed_out);
  rig.call(b);

  EXPECT_EQ(status, GANGER_NO_RESOURCE);
}

TEST(TaskCallOutput, OfAFailedAttemptIsDropped) {
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    const ganger_value v = Value::of_integer(1).borrowed();
    host().output(ctx, "out", &v);
    return GANGER_FAILED;
  });

  rig.call(a);

  EXPECT_THAT(rig.outputs.of(a), IsEmpty());
}

TEST(TaskCallOutput, OfALateAttemptDoesNotOutliveAnAttemptThatSetsNothing) {
  CallRig rig;
  int calls = 0;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    const ganger_value v = Value::of_integer(1).borrowed();
    if (++calls == 1) host().output(ctx, "out", &v);
    return GANGER_OK;
  });

  rig.call(a, 1);
  rig.call(a, 2);

  EXPECT_THAT(rig.outputs.of(a), IsEmpty());
}

}  // namespace
}  // namespace ganger::host
