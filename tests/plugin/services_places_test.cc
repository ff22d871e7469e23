// Places in several pools that are kept for a call, and opens that end with their borrower.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/plugin/services_fakes.h"
#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
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
  rig.set.all()[1]->pool->acquire(9);
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
  rig.set.all()[1]->pool->acquire(9);
  auto waiting = std::async(std::launch::async, [&] { return rig.keep(1); });
  while (rig.statistics(1).waiting_now == 0) std::this_thread::yield();

  rig.stop->request(GANGER_STOP_USER);

  EXPECT_EQ(waiting.get().end, AcquireEnd::cancelled);
  EXPECT_EQ(rig.statistics(0).lent_now, 0u);
  rig.stop->end_attempt();
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
    status = host.acquire(&ctx, "test.number/1", "a", 0, &lease);
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
