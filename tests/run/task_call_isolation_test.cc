// Calls that a child process answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;

/// A child process that is none.
class FakeIsolation final : public Isolation {
 public:
  IsolatedEnd run(const IsolatedCall& call) override {
    call.scope.log(GANGER_LOG_INFO, "from the child");
    tasks.emplace_back(call.task);
    return end;
  }
  void kill(TaskIndex task) override { killed.push_back(task); }

  IsolatedEnd end;
  std::vector<std::string> tasks;
  std::vector<TaskIndex> killed;
};

TEST(TaskCall, AnIsolatedTaskIsCalledInAChildAndItsOutputsAreOurs) {
  FakeIsolation isolation;
  isolation.end.outputs.emplace("n", Value::of_integer(7));
  CallRig rig;
  rig.isolation = &isolation;
  bool ran_here = false;
  const auto a = rig.add_isolated("a", [&](ganger_ctx*) { return ran_here = true, GANGER_OK; });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK);
  EXPECT_THAT(isolation.tasks, ElementsAre("a"));
  EXPECT_FALSE(ran_here);
  EXPECT_THAT(rig.lines(), ElementsAre("from the child"));
  EXPECT_EQ(rig.outputs.find(a, "n")->i, 7);
}

TEST(TaskCall, ACrashOfTheChildIsTheEndOfTheAttempt) {
  FakeIsolation isolation;
  isolation.end = {.status = GANGER_FAILED, .why = "SIGSEGV in plugin 'x'", .has_crashed = true};
  CallRig rig;
  rig.isolation = &isolation;
  const auto a = rig.add_isolated("a", does_nothing);

  const Finished f = rig.call(a);

  EXPECT_TRUE(f.has_crashed);
  EXPECT_EQ(f.why, "SIGSEGV in plugin 'x'");
}

TEST(TaskCall, AnIsolatedTaskThatIsGivenUpIsKilled) {
  FakeIsolation isolation;
  CallRig rig;
  rig.isolation = &isolation;
  const auto a = rig.add_isolated("a", does_nothing);
  rig.call(a);

  rig.body().given_up(a);

  EXPECT_THAT(isolation.killed, ElementsAre(a));
}

}  // namespace
}  // namespace ganger::host
