// Leases of the C++ wrapper: how they come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "tests/sdk/scripted.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;

struct Counter {
  int lent = 0;
};
constexpr const char* kCounter = "test.counter/1";
struct CounterApi {
  std::uint32_t struct_size, reserved;
  void (*increment)(void* counter);
};
const CounterApi kCounterApi = {sizeof(CounterApi), 0, [](void* c) { ++static_cast<Counter*>(c)->lent; }};

class Lease : public ::testing::Test {
 protected:
  Lease() { host_.pool("counter", kCounter, &kCounterApi, &counter_); }
  std::uint32_t returned_as(const result& r) const {
    EXPECT_EQ(r.returned.size(), 1U) << r;
    return r.returned.empty() ? 99U : r.returned[0].state;
  }

  Counter counter_;
  host host_;
};

TEST_F(Lease, CallsTheProviderThroughItsTable) {
  const result r = run(host_, [](ctx& c) {
    const auto lease = c.borrow<CounterApi>(kCounter);
    lease->increment(lease.handle());
  });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(counter_.lent, 1);
}

TEST_F(Lease, ComesBackCleanAtTheEndOfTheScope) {
  const result r = run(host_, [](ctx& c) { const auto lease = c.borrow<CounterApi>(kCounter); });

  EXPECT_EQ(returned_as(r), std::uint32_t{GANGER_LEASE_CLEAN});
  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(Lease, ComesBackSuspectWhenAnExceptionEndsTheScope) {
  const result r = run(host_, [](ctx& c) {
    const auto lease = c.borrow<CounterApi>(kCounter);
    throw ganger::error("half done");
  });

  EXPECT_EQ(returned_as(r), std::uint32_t{GANGER_LEASE_SUSPECT});
  EXPECT_TRUE(r.leaked.empty()) << r;
}

TEST_F(Lease, BorrowedWhileAnExceptionIsOnItsWayComesBackClean) {
  struct BorrowsAtTheEnd {
    ctx& c;
    ~BorrowsAtTheEnd() { const auto lease = c.borrow<CounterApi>(kCounter); }
  };

  const result r = run(host_, [](ctx& c) {
    const BorrowsAtTheEnd last{c};
    throw ganger::error("half done");
  });

  EXPECT_EQ(returned_as(r), std::uint32_t{GANGER_LEASE_CLEAN});
}

TEST_F(Lease, MovedComesBackOnce) {
  const result r = run(host_, [](ctx& c) {
    auto first = c.borrow<CounterApi>(kCounter);
    std::optional<ganger::lease<CounterApi>> second(std::move(first));
    first = std::move(*second);
  });

  EXPECT_EQ(returned_as(r), std::uint32_t{GANGER_LEASE_CLEAN});
  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(Lease, BrokenComesBackAtOnceAndOnlyOnce) {
  const result r = run(host_, [](ctx& c) {
    auto lease = c.borrow<CounterApi>(kCounter);
    lease.broken();
    EXPECT_EQ(lease.id(), 0U);
  });

  EXPECT_EQ(returned_as(r), std::uint32_t{GANGER_LEASE_BROKEN});
  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(Lease, AFailureToBorrowCanBeCaughtAsAnError) {
  const result r = run(host_, [](ctx& c) {
    try {
      const auto lease = c.borrow<CounterApi>(kCounter, "other");
    } catch (const ganger::error& e) {
      EXPECT_EQ(e.status(), GANGER_NO_RESOURCE);
      c.out("without", true);
    }
  });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("without"), true);
}

TEST_F(Lease, AFailureToBorrowKeepsTheHostsReason) {
  const result r = run(host_, [](ctx& c) { const auto lease = c.borrow<CounterApi>(kCounter, "other"); });

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "no pool 'other' offers test.counter/1");
}

}  // namespace
}  // namespace sdk_test
