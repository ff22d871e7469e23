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

// Whatever ends otherwise than by its own word may have done all of its work.
TEST(Loop, TheJournalHearsWhichEndsAreInDoubt) {
  LoopRig rig;
  rig.settings.keep_going = true;
  rig.settings.grace = seconds(2);
  const Policy short_one{.timeout = seconds(1)};
  rig.add("failed", kFails);
  rig.add("late", {.status = GANGER_FAILED, .length = seconds(5)}, {}, short_one);
  rig.add("late_but_done", {.length = seconds(5), .obeys = false}, {}, {.timeout = seconds(4)});
  rig.add("crashed", {.status = GANGER_FAILED, .crashes = true});
  rig.add("cut_off", {.status = GANGER_FAILED, .is_cut_off = true});
  rig.add("killed", {.never_ends = true, .is_cut_off = true}, {}, short_one);
  rig.add("abandoned", {.never_ends = true, .obeys = false}, {}, short_one);

  rig.go();

  EXPECT_THAT(rig.journal.lines, ElementsAre("0 failed", "1 timed_out", "2 timed_out in doubt", "3 crashed in doubt",
                                             "4 failed in doubt", "5 timed_out in doubt", "6 timed_out in doubt"));
}

TEST(Loop, ATaskThatStopsWhenItIsInterruptedIsNotInDoubtButAnAbandonedOneIs) {
  LoopRig rig;
  rig.settings.grace = seconds(2);
  rig.add("stops", {.never_ends = true}, {.is_heavy = true});
  rig.add("hangs", {.never_ends = true, .obeys = false}, {.is_heavy = true});
  rig.interrupt_at(seconds(1));

  rig.go();

  EXPECT_THAT(rig.journal.lines, ElementsAre("0 interrupted", "1 interrupted in doubt"));
}

TEST(Loop, AnAttemptInDoubtIsMadeAgainOnlyWhereTheTypeIsIdempotent) {
  TaskType careful, rash;
  careful.flags = GANGER_TASK_IDEMPOTENT;
  LoopRig rig;
  rig.settings.keep_going = true;
  const Act killed{.status = GANGER_FAILED, .is_cut_off = true};
  rig.add("a", killed, {.type = &careful}, {.retries = 1});
  rig.add("b", killed, {.type = &rash}, {.retries = 1});

  rig.go();

  EXPECT_THAT(rig.journal.lines, ElementsAre("0 waits", "0 failed in doubt", "1 failed in doubt"));
}

}  // namespace
}  // namespace ganger::host
