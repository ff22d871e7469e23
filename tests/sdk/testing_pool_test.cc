// Pools of ganger/testing.hpp: faults that it makes, waits, names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <ganger/testing.hpp>
#include <thread>
#include <vector>

#include "tests/sdk/rogue.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

TEST(Pools, AFaultComesAtTheAcquireThatTheTestNames) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr);
  h.fail_acquire_at(2, GANGER_TIMEOUT);
  std::vector<ganger_status> seen;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    for (int i = 0; i < 3; ++i) {
      ganger_lease lease{};
      seen.push_back(borrow(sdk, c, &lease));
      if (lease.id != 0) sdk.release(c, &lease, GANGER_LEASE_CLEAN);
    }
    return GANGER_OK;
  });

  EXPECT_THAT(seen, ElementsAre(GANGER_OK, GANGER_TIMEOUT, GANGER_OK));
}

TEST(Pools, AWaitThatNobodyCanEndTakesMadeUpTimeOnly) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1);
  const auto begin = h.now();

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease first{}, second{};
    EXPECT_EQ(borrow(sdk, c, &first), GANGER_OK);
    EXPECT_EQ(borrow(sdk, c, &second, 5'000'000'000), GANGER_TIMEOUT);
    EXPECT_EQ(borrow(sdk, c, &second, 0), GANGER_TIMEOUT);
    sdk.release(c, &first, GANGER_LEASE_CLEAN);
    return GANGER_OK;
  });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(h.now() - begin, 5s);
}

TEST(Pools, AWaitPastTheDeadlineIsAStop) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1).time_limit(3s);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease first{}, second{};
    borrow(sdk, c, &first);
    const auto s = borrow(sdk, c, &second);
    sdk.release(c, &first, GANGER_LEASE_CLEAN);
    return s;
  });

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_TRUE(r.is_clean()) << r;
}

struct Crowd {
  static constexpr const char* name = "crowd";
  static constexpr const char* summary = "Borrows from several threads";
  void run(ctx& c) {
    c.parallel(50, [&](std::uint64_t) {
      const auto lease = c.borrow<std::uint32_t>(kThing);
      std::this_thread::yield();
    });
  }
};

TEST(Pools, AWaitEndsWhenAnotherThreadGivesBack) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1).threads(4);
  const auto begin = h.now();

  const result r = h.run<Crowd>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.returned.size(), 50U);
  EXPECT_EQ(h.now(), begin);
}

TEST(Pools, TwoThatOfferTheSameNeedAName) {
  host h;
  h.pool("a", kThing, &kThingApi, nullptr).pool("b", kThing, &kThingApi, nullptr);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease lease{};
    return borrow(sdk, c, &lease);
  });

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "several pools offer test.thing/1; name the one to borrow from");
}

}  // namespace
}  // namespace sdk_test
