// What the loop tells the journal, and a run that goes on where an earlier process had come to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/run/loop_rig.h"

namespace ganger::host {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// a --> b --> c
TEST(Loop, WhatAnEarlierProcessHadDoneStaysDone) {
  LoopRig rig;
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
  LoopRig rig;
  const auto a = rig.add("a");
  rig.settings.done_before = {a};

  rig.go();

  EXPECT_THAT(rig.started, IsEmpty());
  EXPECT_TRUE(rig.loop->has_ended());
}

// a --> b      c, which fails once
TEST(Loop, TheJournalHearsOfEveryEndBeforeWhatComesAfterStarts) {
  LoopRig rig;
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

}  // namespace
}  // namespace ganger::host
