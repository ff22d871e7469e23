// The limit of a pool: who waits, how long, in which order, and what ends a wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// An acquire() on a thread of its own that has begun to wait, the `nth` of the pool.
std::future<Acquired> start_waiting(PoolRig& rig, OwnerId owner, std::size_t nth, WaitBounds bounds = {}) {
  auto waiting = std::async(std::launch::async, [&rig, owner, bounds] { return rig.pool->acquire(owner, bounds); });
  rig.clock.until_waiting(nth);
  return waiting;
}

TEST(PoolLimit, AtTheLimitAcquireWaitsUntilOneComesBack) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1);
  rig.clock.advance(3s);

  rig.pool->release(1, out.lease.id);
  const Acquired got = waiting.get();

  EXPECT_EQ(got.end, AcquireEnd::ok);
  EXPECT_EQ(got.waited, 3s);
  EXPECT_NE(got.lease.id, out.lease.id);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1"));
  EXPECT_EQ(rig.pool->statistics().waited, 1u);
  EXPECT_EQ(rig.pool->statistics().total_wait, 3s);
  EXPECT_EQ(rig.pool->statistics().longest_wait, 3s);
}

TEST(PoolLimit, AWaitEndsAfterTheTimeOfTheSettings) {
  PoolRig rig({.size = 1, .limit = 1, .wait = 10s});
  rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1);

  rig.clock.advance(10s);
  const Acquired got = waiting.get();

  EXPECT_EQ(got.end, AcquireEnd::timed_out);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->message, "pool 'db': all 1 are out, none came free in 10.0s; raise its limit or its wait");
  EXPECT_EQ(rig.pool->statistics().timed_out, 1u);
  EXPECT_EQ(rig.pool->statistics().waiting_now, 0u);
}

TEST(PoolLimit, AWaitEndsAfterTheTimeOfTheCaller) {
  PoolRig rig({.size = 1, .limit = 1, .wait = 10h});
  rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1, {.longest = 2s});

  rig.clock.advance(2s);

  EXPECT_EQ(waiting.get().end, AcquireEnd::timed_out);
}

TEST(PoolLimit, AWaitEndsAtTheDeadline) {
  PoolRig rig({.size = 1, .limit = 1, .wait = 10h});
  rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1, {.longest = 5h, .deadline = rig.clock.now() + 1s});

  rig.clock.advance(1s);

  EXPECT_EQ(waiting.get().end, AcquireEnd::timed_out);
}

TEST(PoolLimit, AWaitOfZeroTriesOnce) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1, {.longest = 0s});

  const Acquired refused = rig.pool->acquire(2, {.longest = 0s});

  EXPECT_EQ(out.end, AcquireEnd::ok);
  EXPECT_EQ(refused.end, AcquireEnd::timed_out);
  EXPECT_EQ(rig.clock.reads(), 0);
}

TEST(PoolLimit, ThoseWhoWaitAreServedInTheOrderOfArrival) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(100);
  std::vector<OwnerId> served;  // by who has the only resource
  std::vector<std::jthread> threads;
  for (OwnerId owner = 1; owner <= 4; ++owner) {
    threads.emplace_back([&rig, &served, owner] {
      const Acquired got = rig.pool->acquire(owner);
      served.push_back(owner);
      rig.pool->release(owner, got.lease.id);
    });
    rig.clock.until_waiting(owner);
  }

  rig.pool->release(100, out.lease.id);
  threads.clear();

  EXPECT_THAT(served, ElementsAre(1u, 2u, 3u, 4u));
}

TEST(PoolLimit, ANewcomerDoesNotOvertakeOneThatWaits) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1);

  rig.pool->release(1, out.lease.id);
  const Acquired newcomer = rig.pool->acquire(3, {.longest = 0s});

  EXPECT_EQ(newcomer.end, AcquireEnd::timed_out);
  EXPECT_EQ(waiting.get().end, AcquireEnd::ok);
}

TEST(PoolLimit, AClosedResourceMakesPlaceForOneThatWaits) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto waiting = start_waiting(rig, 2, 1);

  rig.pool->release(1, out.lease.id, LeaseState::broken);

  EXPECT_EQ(number(waiting.get()), 2);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1", "open 2"));
}

TEST(PoolLimit, AnOpenThatFailsKeepsItsReasonAndGivesItsPlaceBack) {
  PoolRig rig({.size = 1, .limit = 1}, [](FakeProvider& provider) { provider.open_failures = 1; });

  const Acquired failed = rig.pool->acquire(1);
  const Acquired next = rig.pool->acquire(1, {.longest = 0s});

  EXPECT_EQ(failed.end, AcquireEnd::failed);
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->kind, ErrorKind::pool_unavailable);
  EXPECT_EQ(failed.error->message, "pool 'db' cannot be opened: no such host");
  EXPECT_EQ(next.end, AcquireEnd::ok);
  EXPECT_EQ(rig.pool->statistics().open_failed, 1u);
}

TEST(PoolLimit, AnOpenThatFailsLetsTheNextOneTry) {
  std::latch may_fail(1);
  PoolRig rig({.size = 1, .limit = 1}, [&](FakeProvider& provider) {
    provider.open_failures = 1;
    provider.on_open = [&](void*) { may_fail.wait(); };
  });
  auto failing = std::async(std::launch::async, [&] { return rig.pool->acquire(1); });
  while (rig.pool->statistics().open_now == 0) std::this_thread::yield();
  auto waiting = start_waiting(rig, 2, 1);

  may_fail.count_down();

  EXPECT_EQ(failing.get().end, AcquireEnd::failed);
  EXPECT_EQ(waiting.get().end, AcquireEnd::ok);
}

TEST(PoolLimit, AProviderThatOpensNothingIsAFailure) {
  struct Empty final : Provider {
    Result<void*> open(void*) noexcept override { return nullptr; }
    void close(void*) noexcept override {}
  };
  ManualClock clock;
  auto pool = Pool::make({.name = "db", .limit = 1}, std::make_unique<Empty>(), clock).value();

  const Acquired acquired = pool->acquire(1);

  EXPECT_EQ(acquired.end, AcquireEnd::failed);
  EXPECT_EQ(acquired.error.value().message, "pool 'db' cannot be opened: its provider opened nothing");
  EXPECT_EQ(pool->statistics().open_now, 0u);
}

TEST(PoolLimit, ASlowOpenHoldsUpItsCallerOnly) {
  std::latch slow_is_opening(1), slow_may_go_on(1);
  int slow = 0;
  PoolRig rig({.size = 1, .limit = 2}, [&](FakeProvider& provider) {
    provider.on_open = [&](void* borrower) {
      if (borrower != &slow) return;
      slow_is_opening.count_down();
      slow_may_go_on.wait();
    };
  });
  auto opening = std::async(std::launch::async, [&] { return rig.pool->acquire(1, {}, &slow); });
  slow_is_opening.wait();

  const Acquired quick = rig.pool->acquire(2);
  const bool released = rig.pool->release(2, quick.lease.id);
  slow_may_go_on.count_down();

  EXPECT_EQ(quick.end, AcquireEnd::ok);
  EXPECT_TRUE(released);
  EXPECT_EQ(opening.get().end, AcquireEnd::ok);
}

TEST(PoolLimit, CancelEndsTheWaitsOfItsOwnerOnly) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto first = start_waiting(rig, 2, 1), other = start_waiting(rig, 3, 2), second = start_waiting(rig, 2, 3);

  rig.pool->cancel(2);
  const Acquired cancelled = first.get();
  second.get();
  rig.pool->release(1, out.lease.id);

  EXPECT_EQ(cancelled.end, AcquireEnd::cancelled);
  EXPECT_EQ(cancelled.error.value().message, "pool 'db': its borrower was told to stop");
  EXPECT_EQ(other.get().end, AcquireEnd::ok);
  EXPECT_EQ(rig.pool->statistics().cancelled, 2u);
}

TEST(PoolLimit, ACancelledOwnerGetsNothingUntilItEnded) {
  PoolRig rig({.size = 1});
  rig.pool->cancel(2);

  const AcquireEnd while_cancelled = rig.pool->acquire(2).end;
  rig.pool->take_back(2);

  EXPECT_EQ(while_cancelled, AcquireEnd::cancelled);
  EXPECT_EQ(rig.pool->acquire(2).end, AcquireEnd::ok);
}

TEST(PoolLimit, WhatWasOpenedForAnOwnerCancelledMeanwhileIsKeptForOthers) {
  Pool* pool = nullptr;
  PoolRig rig({.size = 1}, [&](FakeProvider& provider) { provider.on_open = [&](void*) { pool->cancel(2); }; });
  pool = rig.pool.get();

  const Acquired acquired = rig.pool->acquire(2);

  EXPECT_EQ(acquired.end, AcquireEnd::cancelled);
  EXPECT_EQ(acquired.lease.handle, nullptr);
  EXPECT_EQ(rig.pool->statistics().lent_now, 0u);
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
}

TEST(PoolLimit, WhatWasOpenedForAPoolClosedMeanwhileIsClosed) {
  Pool* pool = nullptr;
  PoolRig rig({.size = 1}, [&](FakeProvider& provider) { provider.on_open = [&](void*) { pool->close(); }; });
  pool = rig.pool.get();

  const Acquired acquired = rig.pool->acquire(2);

  EXPECT_EQ(acquired.end, AcquireEnd::closed);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(PoolLimit, CloseWakesAllWhoWait) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired out = rig.pool->acquire(1);
  auto first = start_waiting(rig, 2, 1), second = start_waiting(rig, 3, 2);
  rig.provider->take_calls();

  rig.pool->close();

  EXPECT_EQ(first.get().end, AcquireEnd::closed);
  EXPECT_EQ(second.get().error.value().message, "pool closed");
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
}

TEST(PoolLimit, ALimitThatLeaseIdsCannotCountIsAnError) {
  ManualClock clock;

  const auto pool = Pool::make({.name = "db", .limit = 1u << 24}, std::make_unique<FakeProvider>(), clock);

  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().message, "pool 'db': its size and limit can be at most 16777215");
}

}  // namespace
}  // namespace ganger::host
