// Pools in children: the places are the host's, the resources are opened in the child.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/isolate/children_rig.h"

namespace ganger::host::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using ChildPools = ChildrenTest;

const Value kLeak = Value::of_text("leak");

TEST_F(ChildPools, ATaskBorrowsWhatItsChildOpens) {
  add_pool("thing", {.name = "things"});

  const IsolatedEnd end = run("borrow");

  ASSERT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(number(end, "number"), 1);
  EXPECT_THAT(scope.recorded.take(), ElementsAre("acquired things", "2 has it", "released things"));
  const PoolStatistics seen = pools.all()[0]->pool->statistics();
  EXPECT_EQ(seen.opened, 1u);
  EXPECT_EQ(seen.lent_now, 0u);
  EXPECT_EQ(seen.open_now, 0u);
}

TEST_F(ChildPools, WithoutALimitItIdlesInTheChildForTheNextCall) {
  add_pool("thing", {.name = "things"});
  run("borrow");

  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(number(end, "number"), 1);
  EXPECT_EQ(pools.all()[0]->pool->statistics().opened, 1u);
  EXPECT_EQ(pools.all()[0]->pool->statistics().reused, 1u);
}

TEST_F(ChildPools, WithALimitItIsClosedAndThePlaceGoesBack) {
  add_pool("thing", {.name = "things", .limit = 1});
  run("borrow");

  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(number(end, "number"), 2);
  EXPECT_EQ(pools.all()[0]->pool->statistics().opened, 2u);
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_now, 0u);
}

TEST_F(ChildPools, TheLimitHoldsForHostAndChildTogether) {
  add_pool("thing", {.name = "things", .limit = 1});
  Pool& pool = *pools.all()[0]->pool;
  const auto place = pool.wish_for_place(make_owner_id(), {}, [] {})->settled();

  const IsolatedEnd end = run("borrow", {{"wait", Value::of_integer(20'000'000, GANGER_DURATION_NS)}});

  EXPECT_EQ(place->end, AcquireEnd::ok);
  EXPECT_EQ(end.status, GANGER_TIMEOUT) << end.why;
  EXPECT_EQ(pool.statistics().timed_out, 1u);
}

TEST_F(ChildPools, ATaskThatWaitsGetsThePlaceThatComesFree) {
  add_pool("thing", {.name = "things", .limit = 1});
  CallRecord other;
  const auto other_stop = std::make_shared<StopSource>();
  std::atomic<bool> has_it{false};
  other.on_log = [&](std::string_view line) { has_it = has_it || line == "has it"; };
  children();
  std::thread first([&] { run_with(other, other_stop, 1, "borrow", {{"then", Value::of_text("wait")}}); });
  while (!has_it) std::this_thread::yield();
  std::thread ends_it([&] {
    while (pools.all()[0]->pool->statistics().waiting_now == 0) std::this_thread::yield();
    other_stop->request(GANGER_STOP_USER);
  });

  const IsolatedEnd end = run("borrow");

  first.join();
  ends_it.join();
  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(pools.all()[0]->pool->statistics().waited, 1u);
}

TEST_F(ChildPools, AStopEndsTheWait) {
  add_pool("thing", {.name = "things", .limit = 1});
  Pool& pool = *pools.all()[0]->pool;
  const auto place = pool.wish_for_place(make_owner_id(), {}, [] {})->settled();
  std::thread stops([&] {
    while (pool.statistics().waiting_now == 0) std::this_thread::yield();
    stop->request(GANGER_STOP_USER);
  });

  const IsolatedEnd end = run("borrow", {{"wait", Value::of_integer(-1, GANGER_DURATION_NS)}});

  stops.join();
  EXPECT_EQ(end.status, GANGER_CANCELLED) << end.why;
  EXPECT_EQ(pool.statistics().waiting_now, 0u);
}

TEST_F(ChildPools, WhatATaskKeepsIsTakenBackAndCounted) {
  add_pool("thing", {.name = "things", .limit = 1});

  const IsolatedEnd end = run("borrow", {{"then", kLeak}});

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_THAT(scope.recorded.take(), Contains("leaked things"));
  EXPECT_EQ(pools.all()[0]->pool->statistics().leaked, 1u);
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_now, 0u);
}

TEST_F(ChildPools, ALeaseGivenBackTwiceIsSaidAndHarmless) {
  add_pool("thing", {.name = "things", .limit = 1});

  const IsolatedEnd end = run("borrow", {{"then", Value::of_text("twice")}});

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_THAT(scope.recorded.take(), Contains(HasSubstr("gave back a lease that is not out")));
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_now, 0u);
}

TEST_F(ChildPools, ThePlacesOfADeadChildComeBack) {
  add_pool("thing", {.name = "things", .limit = 1});

  const IsolatedEnd end = run("borrow", {{"then", Value::of_text("crash")}});
  const IsolatedEnd next = run("borrow");

  EXPECT_TRUE(end.has_crashed) << end.why;
  EXPECT_EQ(next.status, GANGER_OK) << next.why;
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_now, 0u);
}

TEST_F(ChildPools, AKindThatStaysInTheHostSaysSo) {
  add_pool("rooted", {.name = "roots"});

  const IsolatedEnd end = run("borrow", {{"interface", Value::of_text("guest.rooted/1")}});

  EXPECT_EQ(end.status, GANGER_NO_RESOURCE);
  EXPECT_THAT(end.why, AllOf(HasSubstr("pool 'roots'"), HasSubstr("cannot live in a child process")));
}

TEST_F(ChildPools, AResourceThatCannotBeOpenedIsCounted) {
  add_pool("thing", {.name = "things", .limit = 1}, {Value::of_bool(true)});

  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(end.status, GANGER_NO_RESOURCE);
  EXPECT_THAT(end.why, HasSubstr("pool 'things' cannot be opened: nothing to open"));
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_failed, 1u);
  EXPECT_EQ(pools.all()[0]->pool->statistics().open_now, 0u);
}

TEST_F(ChildPools, APoolThatIsNotThereIsAClearError) {
  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(end.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(end.why, "no pool of this job offers guest.thing/1");
}

}  // namespace
}  // namespace ganger::host::test
