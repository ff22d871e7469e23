// Leases of an attempt: their events, and what becomes of one that is still out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

/// A pool "n" of one number.
class PoolRig : public CallRig {
 public:
  PoolRig() {
    kind_.id = "test.number";
    kind_.interface = "test.number/1";
    kind_.api = &api_;
    kind_.user = &number_;
    kind_.open = [](const ganger_host*, ganger_ctx*, void* user, void** handle) -> ganger_status {
      *handle = user;
      return GANGER_OK;
    };
    kind_.close = [](void*, void*) {};
    EXPECT_TRUE(pools.add(kind_, {.name = "n", .limit = 1}, {}));
  }
  static ganger_status acquire(ganger_ctx* ctx, ganger_lease& lease) {
    return host().acquire(ctx, "test.number/1", "n", 0, &lease);
  }
  PoolStatistics statistics() { return pools.all()[0]->pool->statistics(); }

 private:
  PoolKind kind_;
  std::uint32_t api_ = sizeof(api_);
  int number_ = 0;
};

TEST(TaskCallLease, AcquiredAndReleasedAreEventsOfTheAttempt) {
  PoolRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    ganger_lease lease{};
    const ganger_status status = PoolRig::acquire(ctx, lease);
    host().release(ctx, &lease, GANGER_LEASE_CLEAN);
    return status;
  });

  rig.call(a, 2, 0);

  const auto acquired = rig.events.of(EventKind::lease_acquired), released = rig.events.of(EventKind::lease_released);
  ASSERT_EQ(acquired.size(), 1u);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(acquired[0].pool, "n");
  EXPECT_EQ(acquired[0].task, a);
  EXPECT_EQ(acquired[0].attempt, 2u);
  EXPECT_EQ(acquired[0].worker, 0);
  EXPECT_EQ(acquired[0].wait, Duration(0));
  EXPECT_EQ(released[0].lease, acquired[0].lease);
}

TEST(TaskCallLease, OneThatIsStillOutWhenTheTaskThrowsComesBackAndIsReported) {
  PoolRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) -> ganger_status {
    ganger_lease lease{};
    PoolRig::acquire(ctx, lease);
    throw std::runtime_error("boom");
  });

  rig.call(a);

  EXPECT_EQ(rig.statistics().lent_now, 0u);
  EXPECT_EQ(rig.events.of(EventKind::lease_leaked).size(), 1u);
  EXPECT_THAT(rig.lines(), testing::Contains(HasSubstr("lease of pool 'n' still out")));
}

TEST(TaskCallLease, OfATaskThatIsGivenUpIsLostBecauseItsThreadMayStillUseIt) {
  PoolRig rig;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    ganger_lease lease{};
    PoolRig::acquire(ctx, lease);
    rig.body().given_up(0);
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_EQ(rig.statistics().lost_now, 1u);
  EXPECT_EQ(rig.statistics().idle_now, 0u);
}

TEST(TaskCallLease, OfAnEarlierAttemptIsNobodysWhenTheNextOneIsGivenUp) {
  PoolRig rig;
  int calls = 0;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    ganger_lease lease{};
    if (++calls == 1) PoolRig::acquire(ctx, lease);
    if (calls == 1) host().release(ctx, &lease, GANGER_LEASE_CLEAN);
    if (calls == 2) rig.body().given_up(0);
    return GANGER_OK;
  });

  rig.call(a, 1);
  rig.call(a, 2);

  EXPECT_EQ(rig.statistics().lost_now, 0u);
  EXPECT_EQ(rig.statistics().idle_now, 1u);
}

}  // namespace
}  // namespace ganger::host
