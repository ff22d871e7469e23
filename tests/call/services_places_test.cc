// Places in several pools that are kept for a call, and opens that end with their borrower.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "tests/call/services_fakes.h"
#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

/// Two pools of one number each, "a" and "b".
struct PlacesRig {
  PlacesRig() {
    kind.id = "test.number";
    kind.interface = "test.number/1";
    kind.api = &api;
    kind.user = &number;
    kind.open = [](const ganger_host*, ganger_ctx*, void* user, void** handle) -> ganger_status {
      *handle = user;
      return GANGER_OK;
    };
    kind.close = [](void*, void*) {};
    for (const char* name : {"a", "b"}) EXPECT_TRUE(set.add(kind, {.name = name, .limit = 1}, {}));
  }
  Acquired keep(OwnerId owner) { return set.keep(owner, both, *stop, kNever, false); }
  PoolStatistics statistics(std::size_t i) { return set.all()[i]->pool->statistics(); }

  ManualClock clock;
  PoolKind kind;
  std::uint32_t api = sizeof(api);
  int number = 0;
  PoolSet set{clock};
  const std::vector<PoolPlaces> both{{.pool = 0, .places = 1}, {.pool = 1, .places = 1}};
  std::shared_ptr<StopSource> stop = std::make_shared<StopSource>();
};

TEST(KeptPlaces, ACallBorrowsThemInAnyOrderWithoutWaiting) {
  PlacesRig rig;
  CallRig call;
  call.pools = &rig.set;
  call.owner = make_owner_id();
  ASSERT_EQ(rig.keep(call.owner).end, AcquireEnd::ok);
  ganger_ctx* const ctx = call.begin();
  ganger_lease a{}, b{};

  EXPECT_EQ(call.host.acquire(ctx, "test.number/1", "b", 0, &b), GANGER_OK);
  EXPECT_EQ(call.host.acquire(ctx, "test.number/1", "a", 0, &a), GANGER_OK);
  call.host.release(ctx, &a, GANGER_LEASE_CLEAN);
  EXPECT_EQ(call.host.acquire(ctx, "test.number/1", "a", 0, &a), GANGER_OK);
  call.host.release(ctx, &a, GANGER_LEASE_CLEAN);
  call.host.release(ctx, &b, GANGER_LEASE_CLEAN);

  EXPECT_EQ(call.ctx.end(), 0u);
  EXPECT_EQ(rig.statistics(0).lent_now + rig.statistics(1).lent_now, 0u);
  EXPECT_THAT(call.scope.take(), testing::Not(testing::Contains(HasSubstr("leaked"))));
}

TEST(KeptPlaces, TheOneThatIsTakenFirstIsTheFirstOfTheSet) {
  PlacesRig rig;
  ASSERT_EQ(rig.keep(1).end, AcquireEnd::ok);
  auto second = std::async(std::launch::async, [&] { return rig.keep(2); });

  while (rig.statistics(0).waiting_now == 0) std::this_thread::yield();

  EXPECT_EQ(rig.statistics(1).waiting_now, 0u);
  rig.set.take_back(1);
  EXPECT_EQ(second.get().end, AcquireEnd::ok);
}

TEST(KeptPlaces, WhenOneCannotBeHadTheOthersAreLetGo) {
  PlacesRig rig;
  rig.set.all()[1]->pool->keep(9, 1);
  auto waiting = std::async(std::launch::async, [&] { return rig.keep(1); });
  rig.clock.until_waiting(1);

  rig.clock.advance(std::chrono::seconds(30));

  const Acquired got = waiting.get();
  EXPECT_EQ(got.end, AcquireEnd::timed_out);
  EXPECT_THAT(got.error.value().message, HasSubstr("pool 'b': all 1 are out, none came free in 30.0s"));
  EXPECT_EQ(rig.statistics(0).lent_now, 0u);
}

TEST(KeptPlaces, AStopEndsTheWait) {
  PlacesRig rig;
  rig.set.all()[1]->pool->keep(9, 1);
  auto waiting = std::async(std::launch::async, [&] { return rig.keep(1); });
  while (rig.statistics(1).waiting_now == 0) std::this_thread::yield();

  rig.stop->request(GANGER_STOP_USER);

  EXPECT_EQ(waiting.get().end, AcquireEnd::cancelled);
  EXPECT_EQ(rig.statistics(0).lent_now, 0u);
  rig.stop->end_attempt();
}

TEST(KeptPlaces, ManyThatBorrowInAnyOrderNeverBlockEachOther) {
  constexpr int kThreads = 8, kRounds = 300;
  PlacesRig rig;
  SteadyClock clock;
  PoolSet set(clock);
  for (const std::uint32_t limit : {1U, 3U, 2U})
    EXPECT_TRUE(set.add(rig.kind, {.name = std::to_string(limit), .size = 2, .limit = limit}, {}));
  const std::vector<PoolPlaces> all{{.pool = 0, .places = 1}, {.pool = 1, .places = 2}, {.pool = 2, .places = 2}};
  const auto borrow = [&](bool is_turned_round) {
    std::vector<const char*> names{"1", "3", "3", "2", "2"};
    if (is_turned_round) std::ranges::reverse(names);
    CallRig call;
    call.pools = &set;
    call.owner = make_owner_id();
    bool has_all = set.keep(call.owner, all, *call.stop, kNever, is_turned_round).end == AcquireEnd::ok;
    ganger_ctx* const ctx = call.begin();
    std::vector<ganger_lease> leases(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      has_all = call.host.acquire(ctx, "test.number/1", names[i], 0, &leases[i]) == GANGER_OK && has_all;
    for (ganger_lease& lease : leases) call.host.release(ctx, &lease, GANGER_LEASE_CLEAN);
    return call.ctx.end() == 0 && has_all;
  };

  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) served += borrow((t + i) % 2 == 0) ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(served, kThreads * kRounds);
  for (const auto& p : set.all()) EXPECT_EQ(p->pool->statistics().lent_now, 0u);
}

TEST(KeptPlaces, HowTheyEndIsToldAsAcquireTellsIt) {
  EXPECT_EQ(status_of(AcquireEnd::ok, true), GANGER_OK);
  EXPECT_EQ(status_of(AcquireEnd::timed_out, false), GANGER_TIMEOUT);
  EXPECT_EQ(status_of(AcquireEnd::timed_out, true), GANGER_CANCELLED);
  EXPECT_EQ(status_of(AcquireEnd::cancelled, false), GANGER_CANCELLED);
  EXPECT_EQ(status_of(AcquireEnd::closed, false), GANGER_NO_RESOURCE);
  EXPECT_EQ(status_of(AcquireEnd::failed, false), GANGER_NO_RESOURCE);
  EXPECT_EQ(status_of(AcquireEnd::failed, true), GANGER_CANCELLED);
}

/// One attempt whose open fails; it is told to stop meanwhile, or its deadline has passed.
struct Attempted : CallRig {
  Attempted(PlacesRig& rig, bool is_stopped, TimePoint until = kNever) {
    pools = &rig.set;
    deadline = until;
    rig.kind.user = is_stopped ? stop.get() : nullptr;
    begin();
    ganger_lease lease{};
    status = host.acquire(held(), "test.number/1", "a", 0, &lease);
    ctx.end();
  }
  ganger_status status = GANGER_OK;
};

struct FailingRig : PlacesRig {
  FailingRig() {
    kind.open = [](const ganger_host*, ganger_ctx*, void* user, void**) -> ganger_status {
      if (user != nullptr) static_cast<StopSource*>(user)->request(GANGER_STOP_USER);
      return GANGER_FAILED;
    };
  }
};

TEST(FailingOpen, OneThatItsBorrowerHadToEndIsNoFailureOfThePool) {
  FailingRig rig;

  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Attempted(rig, true).status, GANGER_CANCELLED);
    EXPECT_EQ(Attempted(rig, false, rig.clock.now()).status, GANGER_NO_RESOURCE);
  }

  EXPECT_EQ(rig.statistics(0).open_failed, 4u);
  EXPECT_EQ(rig.statistics(0).refused, 0u);
}

TEST(FailingOpen, AfterThreeTheNextIsNotTried) {
  FailingRig rig;
  for (int i = 0; i < 3; ++i) Attempted(rig, false);

  EXPECT_EQ(Attempted(rig, false).status, GANGER_NO_RESOURCE);

  EXPECT_EQ(rig.statistics(0).open_failed, 3u);
  EXPECT_EQ(rig.statistics(0).refused, 1u);
}

}  // namespace
}  // namespace ganger::host
