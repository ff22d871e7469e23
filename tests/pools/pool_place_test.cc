// Places without a resource: for resources that live in another process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(PoolPlace, APlaceCountsAsALeaseButOpensNothing) {
  PoolRig rig({.size = 1, .limit = 2});

  const auto got = rig.pool->wish_for_place(1, {}, ignore)->settled();

  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
  EXPECT_NE(got->lease.id, 0u);
  EXPECT_EQ(got->lease.handle, nullptr);
  EXPECT_EQ(rig.pool->statistics().lent_now, 1u);
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("acquired 1"));
}

TEST(PoolPlace, APlaceThatComesBackIsFree) {
  PoolRig rig({.size = 1, .limit = 1});
  const auto got = rig.pool->wish_for_place(1, {}, ignore)->settled();

  const bool was_out = rig.pool->release(1, got->lease.id);

  EXPECT_TRUE(was_out);
  EXPECT_FALSE(rig.pool->release(1, got->lease.id));
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
  EXPECT_EQ(rig.pool->acquire(2).end, AcquireEnd::ok);
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("acquired 1", "released 1", "misused", "acquired 2"));
}

TEST(PoolPlace, AtTheLimitAnIdleResourceMakesRoom) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);

  const auto got = rig.pool->wish_for_place(2, {}, ignore)->settled();

  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::made_room), 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 1u);
}

TEST(PoolPlace, BelowTheLimitAnIdleResourceStays) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);

  const auto got = rig.pool->wish_for_place(2, {}, ignore)->settled();

  ASSERT_TRUE(got);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1"));
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
}

TEST(PoolPlace, AtTheLimitItWaitsAndIsWokenByWhatComesBack) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  int woken = 0;
  const auto wish = rig.pool->wish_for_place(2, {}, [&] { ++woken; });
  const bool waited = !wish->settled();
  rig.clock.advance(2s);

  rig.pool->release(1, out.lease.id);
  const auto got = wish->settled();

  EXPECT_TRUE(waited);
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
  EXPECT_EQ(got->waited, 2s);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().longest_wait, 2s);
}

TEST(PoolPlace, ItWaitsNoLongerThanItsTime) {
  PoolRig rig({.size = 1, .limit = 1, .wait = 10s});
  rig.pool->acquire(1);
  const auto wish = rig.pool->wish_for_place(2, {}, ignore);
  rig.clock.advance(9s);
  const bool waited = !wish->settled();

  rig.clock.advance(1s);
  const auto got = wish->settled();

  EXPECT_TRUE(waited);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::timed_out);
  ASSERT_TRUE(got->error);
  EXPECT_EQ(rig.pool->statistics().timed_out, 1u);
  EXPECT_EQ(rig.pool->statistics().waiting_now, 0u);
}

TEST(PoolPlace, AWishThatGoesLeavesTheLine) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto first = rig.pool->wish_for_place(2, {}, ignore);
  auto second = rig.pool->wish_for_place(3, {}, ignore);

  first.reset();
  rig.pool->release(1, out.lease.id);
  const auto got = second->settled();

  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
  EXPECT_EQ(rig.pool->statistics().waiting_now, 0u);
}

TEST(PoolPlace, AWishThatGoesAfterItWasServedGivesItsPlaceBack) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto wish = rig.pool->wish_for_place(2, {}, ignore);
  rig.pool->release(1, out.lease.id);

  wish.reset();

  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
  EXPECT_EQ(rig.pool->acquire(3).end, AcquireEnd::ok);
}

TEST(PoolPlace, AnOwnerThatEndsLosesItsPlaces) {
  PoolRig rig({.size = 1, .limit = 2});
  for (int i = 0; i < 2; ++i)
    rig.pool->fill_place(1, rig.pool->wish_for_place(1, {}, ignore)->settled()->lease.id, Filling::opened);

  EXPECT_EQ(rig.pool->take_back(1), 2u);

  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
  EXPECT_EQ(rig.pool->statistics().leaked, 2u);
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("acquired 1", "acquired 1", "leaked 1", "leaked 1"));
}

TEST(PoolPlace, APlaceInWhichNothingWasOpenedIsNoLeak) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->wish_for_place(1, {}, ignore)->settled();

  EXPECT_EQ(rig.pool->take_back(1), 0u);

  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
  EXPECT_EQ(rig.pool->statistics().leaked, 0u);
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("acquired 1"));
}

TEST(PoolPlace, WhatBecomesOfAPlaceIsCountedOnceAndForItsOwnerOnly) {
  PoolRig rig({.size = 1, .limit = 1});
  const std::uint64_t place = rig.pool->wish_for_place(1, {}, ignore)->settled()->lease.id;

  rig.pool->fill_place(2, place, Filling::opened);
  rig.pool->fill_place(1, place + 1, Filling::opened);
  rig.pool->fill_place(1, place, Filling::reused);
  rig.pool->fill_place(1, place, Filling::reused);

  EXPECT_EQ(rig.pool->statistics().opened, 0u);
  EXPECT_EQ(rig.pool->statistics().reused, 1u);
}

TEST(PoolPlace, ACancelledOwnerAndAClosedPoolGiveNone) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->acquire(1);
  int woken = 0;
  const auto cancelled = rig.pool->wish_for_place(2, {}, [&] { ++woken; });
  const auto closed = rig.pool->wish_for_place(3, {}, [&] { ++woken; });

  rig.pool->cancel(2);
  rig.pool->close();

  EXPECT_EQ(woken, 2);
  EXPECT_EQ(cancelled->settled()->end, AcquireEnd::cancelled);
  EXPECT_EQ(closed->settled()->end, AcquireEnd::closed);
  EXPECT_EQ(rig.pool->wish_for_place(4, {}, ignore)->settled()->end, AcquireEnd::closed);
}

}  // namespace
}  // namespace ganger::host
