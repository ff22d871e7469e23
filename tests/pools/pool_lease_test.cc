// Leases have an owner: what is misused, what leaks, and what a thread that was given up takes with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(PoolLease, GivingBackTwiceChangesNothingAndIsCounted) {
  PoolRig rig({.size = 1});
  const Acquired out = rig.pool->acquire(1);

  EXPECT_TRUE(rig.pool->release(1, out.lease.id));
  EXPECT_FALSE(rig.pool->release(1, out.lease.id));

  EXPECT_EQ(rig.pool->statistics().misused, 1u);
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("acquired 1", "released 1", "misused"));
}

TEST(PoolLease, AStaleLeaseDoesNotGiveBackTheNextLendingOfTheSameResource) {
  PoolRig rig({.size = 1});
  const Acquired stale = rig.pool->acquire(1);
  rig.pool->release(1, stale.lease.id);
  const Acquired current = rig.pool->acquire(1);

  EXPECT_FALSE(rig.pool->release(1, stale.lease.id));

  EXPECT_EQ(current.lease.handle, stale.lease.handle);
  EXPECT_NE(current.lease.id, stale.lease.id);
  EXPECT_EQ(rig.pool->statistics().lent_now, 1u);
}

TEST(PoolLease, MadeUpLeasesChangeNothing) {
  PoolRig rig({.size = 1});
  const Acquired out = rig.pool->acquire(1);

  for (const std::uint64_t made_up : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, out.lease.id + 1}) {
    EXPECT_FALSE(rig.pool->release(std::nullopt, made_up)) << made_up;
  }

  EXPECT_EQ(rig.pool->statistics().misused, 4u);
  EXPECT_EQ(rig.pool->statistics().lent_now, 1u);
}

TEST(PoolLease, OnlyItsOwnerGivesALeaseBack) {
  PoolRig rig({.size = 1});
  const Acquired out = rig.pool->acquire(1);

  EXPECT_FALSE(rig.pool->release(2, out.lease.id));
  EXPECT_TRUE(rig.pool->release(1, out.lease.id));

  EXPECT_EQ(rig.pool->statistics().misused, 1u);
}

TEST(PoolLease, WhatAnOwnerStillHasComesBackAsSuspectAndCountsAsLeaked) {
  PoolRig rig({.size = 4}, [](FakeProvider& provider) { provider.checks = provider.resets = true; });
  rig.pool->acquire(7);
  const Acquired proper = rig.pool->acquire(7);
  rig.pool->acquire(7);
  rig.pool->release(7, proper.lease.id);
  rig.provider->sick = {3};
  rig.provider->take_calls();
  rig.observer.take_events();

  EXPECT_EQ(rig.pool->take_back(7), 2u);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("reset 3", "check 3", "close 3", "reset 1", "check 1"));
  EXPECT_THAT(rig.observer.take_events(), ElementsAre("leaked 7", "leaked 7"));
  EXPECT_EQ(rig.pool->statistics().leaked, 2u);
  EXPECT_EQ(rig.pool->statistics().lent_now, 0u);
  EXPECT_EQ(rig.pool->take_back(7), 0u);
}

TEST(PoolLease, TakingBackLeavesTheLeasesOfOthersAlone) {
  PoolRig rig({.size = 4});
  const Acquired same_group = rig.pool->acquire(1 + 64), other = rig.pool->acquire(2);
  rig.pool->acquire(1);

  EXPECT_EQ(rig.pool->take_back(1), 1u);

  EXPECT_TRUE(rig.pool->release(1 + 64, same_group.lease.id));
  EXPECT_TRUE(rig.pool->release(2, other.lease.id));
}

TEST(PoolLease, ALeakedLeaseGoesToOneThatWaits) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->acquire(1);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2); });
  rig.clock.until_waiting(1);

  rig.pool->take_back(1);

  EXPECT_EQ(number(waiting.get()), 1);
}

TEST(PoolLease, WhatAThreadThatWasGivenUpHasIsNeverLentAgainNorTouched) {
  PoolRig rig({.size = 1, .limit = 2});
  const Acquired lost = rig.pool->acquire(1);
  const Acquired kept = rig.pool->acquire(2);
  rig.provider->take_calls();

  EXPECT_EQ(rig.pool->abandon(1), 1u);
  EXPECT_EQ(rig.pool->acquire(3, {.longest = 0s}).end, AcquireEnd::timed_out);
  EXPECT_FALSE(rig.pool->release(1, lost.lease.id));
  EXPECT_EQ(rig.pool->acquire(1).end, AcquireEnd::cancelled);
  rig.pool->release(2, kept.lease.id);
  rig.pool->close();

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 2"));
  EXPECT_EQ(rig.pool->statistics().leaked, 1u);
  EXPECT_EQ(rig.pool->statistics().lost_now, 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 1u);
}

TEST(PoolLease, AThreadThatWasGivenUpStopsWaiting) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2); });
  rig.clock.until_waiting(1);

  EXPECT_EQ(rig.pool->abandon(2), 0u);

  EXPECT_EQ(waiting.get().end, AcquireEnd::cancelled);
  EXPECT_TRUE(rig.pool->release(1, out.lease.id));
}

TEST(PoolLease, TheObserverMayCallThePool) {
  struct Curious final : PoolObserver {
    void log(const Pool& pool, std::string_view) noexcept override { most_lent(pool); }
    void acquired(const Pool& pool, OwnerId, std::uint64_t, Duration, bool) noexcept override { most_lent(pool); }
    void released(const Pool& pool, OwnerId, std::uint64_t, bool) noexcept override { most_lent(pool); }
    void leaked(const Pool& pool, OwnerId, std::uint64_t) noexcept override { most_lent(pool); }
    void misused(const Pool& pool, std::uint64_t) noexcept override { most_lent(pool); }
    void most_lent(const Pool& pool) { most = std::max(most, pool.statistics().lent_now); }
    std::uint32_t most = 0;
  } observer;
  ManualClock clock;
  auto pool = Pool::make({.name = "db"}, std::make_unique<FakeProvider>(), clock, &observer).value();

  const Acquired out = pool->acquire(1);
  pool->acquire(1);
  pool->release(1, out.lease.id, LeaseState::broken);
  pool->release(1, out.lease.id);
  pool->take_back(1);

  EXPECT_EQ(observer.most, 2u);
}

}  // namespace
}  // namespace ganger::host
