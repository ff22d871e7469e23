// What the journal knows of a call, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;

TEST(TaskCall, TheJournalKnowsOfTheStartBeforeThePluginIsCalled) {
  CallRig rig;
  std::vector<std::string> at_call;
  const auto a = rig.add("a", [&](ganger_ctx*) {
    at_call = rig.journal.lines;
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_THAT(at_call, ElementsAre("0 started"));
}

TEST(TaskCall, OutputsAreRecordedBeforeTheyAreSeen) {
  CallRig rig;
  const auto a = rig.add_source("a", "n", Value::of_integer(1));

  rig.call(a);

  EXPECT_THAT(rig.journal.lines, ElementsAre("0 started", "0 sets n"));
  EXPECT_TRUE(rig.outputs.find(a, "n"));
}

TEST(TaskCall, ATaskWhoseOutputsCannotBeRecordedHasFailed) {
  CallRig rig;
  rig.journal.is_broken = true;
  const auto a = rig.add_source("a", "n", Value::of_integer(1));

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_FAILED);
  EXPECT_EQ(f.why, "its outputs could not be recorded: no space left on device");
  EXPECT_FALSE(rig.outputs.find(a, "n"));
}

}  // namespace
}  // namespace ganger::host
