// parallel() of the C++ wrapper, with one thread and with several.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/sdk/scripted.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;

class Parallel : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  Parallel() { host_.threads(GetParam()); }
  host host_;
};

TEST_P(Parallel, CallsEachIndexOnce) {
  std::vector<std::atomic<int>> calls(100);

  const result r = run(host_, [&](ctx& c) { c.parallel(calls.size(), [&](std::uint64_t i) { ++calls[i]; }); });

  EXPECT_TRUE(r.ok()) << r;
  for (const auto& n : calls) EXPECT_EQ(n, 1);
}

TEST_P(Parallel, NestsWithoutADeadlock) {
  std::atomic<int> calls{0};

  const result r = run(
      host_, [&](ctx& c) { c.parallel(4, [&](std::uint64_t) { c.parallel(4, [&](std::uint64_t) { ++calls; }); }); });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(calls, 16);
}

TEST_P(Parallel, TheFirstFailureStopsTheOthersAndIsTheTasks) {
  std::atomic<int> calls{0};

  const result r = run(host_, [&](ctx& c) {
    c.parallel(1000, [&](std::uint64_t i) {
      ++calls;
      if (i == 0) throw ganger::error(GANGER_RETRY, "part 0 is busy");
      while (!c.stop_requested()) std::this_thread::yield();
      EXPECT_EQ(c.stop_reason(), GANGER_STOP_UPSTREAM);
    });
  });

  EXPECT_EQ(r.status, GANGER_RETRY);
  EXPECT_EQ(r.why, "part 0 is busy");
  EXPECT_LE(calls, static_cast<int>(GetParam()));
  EXPECT_TRUE(r.is_clean()) << r;
}

TEST_P(Parallel, AFailureCanBeCaughtAsAnError) {
  const result r = run(host_, [](ctx& c) {
    EXPECT_THROW(c.parallel(3, [](std::uint64_t) { throw ganger::error(GANGER_RETRY, "busy"); }), ganger::error);
    EXPECT_FALSE(c.stop_requested());
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_P(Parallel, AStopKeepsTheRestFromStarting) {
  std::atomic<int> calls{0};

  const result r = run(host_, [&](ctx& c) {
    c.parallel(1000, [&](std::uint64_t) {
      ++calls;
      host_.stop();
    });
  });

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_LE(calls, static_cast<int>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, ::testing::Values(1U, 2U, 4U));

}  // namespace
}  // namespace sdk_test
