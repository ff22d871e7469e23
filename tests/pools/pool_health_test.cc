// Which resources a pool keeps: health check, reset, and the limits on time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

void check(FakeProvider& provider) { provider.checks = true; }
void reset(FakeProvider& provider) { provider.resets = true; }

/// Borrows and gives back, so that one idles.
void use_one(Pool& pool) { pool.release(1, pool.acquire(1).lease.id); }

TEST(PoolHealth, OneThatIdledIsCheckedBeforeItIsLent) {
  PoolRig rig({.size = 1}, check);
  use_one(*rig.pool);

  const Acquired again = rig.pool->acquire(1);

  EXPECT_EQ(number(again), 1);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "check 1"));
}

TEST(PoolHealth, OneThatFailsItsCheckIsClosedAndReplacedOnce) {
  PoolRig rig({.size = 2}, check);
  const Acquired first = rig.pool->acquire(1), second = rig.pool->acquire(1);
  rig.pool->release(1, first.lease.id);
  rig.pool->release(1, second.lease.id);
  rig.provider->sick = {1, 2, 3};
  rig.provider->take_calls();

  const Acquired got = rig.pool->acquire(1);

  EXPECT_EQ(number(got), 3);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("check 2", "close 2", "open 3"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::check_failed), 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 2u);
}

TEST(PoolHealth, OneThatGoesFromHandToHandIsNotChecked) {
  PoolRig rig({.size = 1, .limit = 1}, check);
  const Acquired out = rig.pool->acquire(1);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2); });
  rig.clock.until_waiting(1);

  rig.pool->release(1, out.lease.id);

  EXPECT_EQ(number(waiting.get()), 1);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1"));
}

TEST(PoolHealth, OneThatComesBackIsReset) {
  PoolRig rig({.size = 1}, reset);

  use_one(*rig.pool);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "reset 1"));
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
}

TEST(PoolHealth, OneThatFailsItsResetIsClosed) {
  PoolRig rig({.size = 1}, reset);
  rig.provider->stuck = {1};

  use_one(*rig.pool);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "reset 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::reset_failed), 1u);
  EXPECT_THAT(rig.observer.take_lines(), ElementsAre("Acquire: New resource", "Release: Closing"));
}

TEST(PoolHealth, ASuspectOneIsResetAndChecked) {
  PoolRig rig({.size = 1}, [](FakeProvider& provider) { provider.checks = provider.resets = true; });
  const Acquired out = rig.pool->acquire(1);
  rig.provider->sick = {1};

  rig.pool->release(1, out.lease.id, LeaseState::suspect);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "reset 1", "check 1", "close 1"));
}

TEST(PoolHealth, ABrokenOneIsClosedWithoutMuchAdo) {
  PoolRig rig({.size = 1}, [](FakeProvider& provider) { provider.checks = provider.resets = true; });
  const Acquired out = rig.pool->acquire(1);

  rig.pool->release(1, out.lease.id, LeaseState::broken);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::broken), 1u);
}

TEST(PoolHealth, OneThatIdledTooLongIsClosedAtTheNextAcquire) {
  PoolRig rig({.size = 1, .limit = 1, .idle_timeout = 5min});
  use_one(*rig.pool);
  rig.clock.advance(5min);

  const Acquired got = rig.pool->acquire(1, {.longest = 0s});

  EXPECT_EQ(number(got), 2);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1", "open 2"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::idle_timeout), 1u);
}

TEST(PoolHealth, OneThatIsUsedInTimeStays) {
  PoolRig rig({.size = 1, .idle_timeout = 5min});
  for (int i = 0; i < 3; ++i) {
    use_one(*rig.pool);
    rig.clock.advance(5min - 1ns);
  }

  rig.pool->close_expired();

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1"));
}

TEST(PoolHealth, CloseExpiredClosesOnlyThoseThatIdledTooLong) {
  PoolRig rig({.size = 2, .idle_timeout = 5min});
  const Acquired early = rig.pool->acquire(1), late = rig.pool->acquire(1);
  rig.pool->release(1, early.lease.id);
  rig.clock.advance(3min);
  rig.pool->release(1, late.lease.id);
  rig.clock.advance(2min);
  rig.provider->take_calls();

  rig.pool->close_expired();

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 1"));
  rig.clock.advance(3min);
  rig.pool->close_expired();
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 2"));
}

TEST(PoolHealth, OneThatLivedTooLongIsClosedWhenItComesBack) {
  PoolRig rig({.size = 1, .max_lifetime = 1h});
  const Acquired out = rig.pool->acquire(1);
  rig.clock.advance(1h);

  rig.pool->release(1, out.lease.id);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::max_lifetime), 1u);
}

TEST(PoolHealth, OneThatLivedTooLongIsClosedWhileItIdlesThoughItWasUsed) {
  PoolRig rig({.size = 1, .idle_timeout = 40min, .max_lifetime = 1h});
  use_one(*rig.pool);
  rig.clock.advance(30min);
  use_one(*rig.pool);
  rig.clock.advance(30min);

  rig.pool->close_expired();

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::max_lifetime), 1u);
}

TEST(PoolHealth, AnExpiredOneMakesPlaceForOneThatWaits) {
  PoolRig rig({.size = 1, .limit = 1, .max_lifetime = 1h});
  const Acquired out = rig.pool->acquire(1);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2, {.longest = 2h}); });
  rig.clock.until_waiting(1);
  rig.clock.advance(1h);

  rig.pool->release(1, out.lease.id);

  EXPECT_EQ(number(waiting.get()), 2);
}

TEST(PoolHealth, WithoutLimitsOnTimeTheClockIsNotRead) {
  PoolRig rig({.size = 1, .limit = 1});

  for (int i = 0; i < 3; ++i) use_one(*rig.pool);
  rig.pool->close_expired();

  EXPECT_EQ(rig.clock.reads(), 0);
}

TEST(PoolHealth, NegativeTimesAreAnError) {
  ManualClock clock;

  const auto pool = Pool::make({.name = "db", .idle_timeout = -1s}, std::make_unique<FakeProvider>(), clock);

  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().message, "pool 'db': its times cannot be negative");
}

}  // namespace
}  // namespace ganger::host
