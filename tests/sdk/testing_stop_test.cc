// How ganger/testing.hpp makes stops and time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <ganger/testing.hpp>
#include <vector>

#include "tests/sdk/rogue.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

// ---- stop

TEST(Stop, ComesAtTheCallThatTheTestNames) {
  host h;
  h.stop_at_call(3, GANGER_STOP_DEADLINE);
  std::vector<std::int32_t> seen;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    for (int i = 0; i < 4; ++i) seen.push_back(sdk.stop_reason(c));
    return GANGER_CANCELLED;
  });

  EXPECT_THAT(seen, ElementsAre(GANGER_RUNNING, GANGER_RUNNING, GANGER_STOP_DEADLINE, GANGER_STOP_DEADLINE));
}

TEST(Stop, BeforeARunIsForTheNextRunOnly) {
  host h;
  h.stop();
  const Rogue rogue(
      [](const ganger_host& sdk, ganger_ctx* c) { return sdk.stop_reason(c) == 0 ? GANGER_OK : GANGER_CANCELLED; });

  EXPECT_EQ(h.run(rogue.task()).status, GANGER_CANCELLED);
  EXPECT_EQ(h.run(rogue.task()).status, GANGER_OK);
}

TEST(Stop, ACallbackThatTakesItselfOffIsABugAndNoDeadlock) {
  struct Call {
    const ganger_host* sdk;
    ganger_ctx* c;
    std::atomic<std::uint64_t> token;
    std::promise<void> done;
  };
  host h;

  const result r = run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    Call call{&sdk, c, {}, {}};
    std::promise<void> known;
    call.token = sdk.on_stop(
        c,
        [](void* p) {
          auto* self = static_cast<Call*>(p);
          self->sdk->off_stop(self->c, self->token);
          self->done.set_value();
        },
        &call);
    h.stop();
    call.done.get_future().wait();
    sdk.off_stop(c, call.token);
    return GANGER_CANCELLED;
  });

  EXPECT_THAT(r.bugs, ElementsAre("a stop callback takes itself off, which waits for ever"));
}

// ---- sweep

struct Careful {
  static constexpr const char* name = "careful";
  static constexpr const char* summary = "Stops wherever it is asked to";
  void run(ctx& c) {
    c.info("begins");
    const auto lease = c.borrow<std::uint32_t>(kThing);
    c.parallel(3, [&](std::uint64_t) { c.sleep_for(1h); });
    c.out("done", true);
  }
};

TEST(Sweep, FindsNothingInATaskThatStopsWell) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return h.run<Careful>();
  });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;
  EXPECT_TRUE(swept.at.ok()) << swept.at;
}

TEST(Sweep, FindsTheCallAtWhichAStopIsTakenForAFailure) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return run(h, [](const ganger_host& sdk, ganger_ctx* c) {
      sdk.progress(c, 0, 0, {"", 0});
      ganger_lease lease{};
      if (borrow(sdk, c, &lease) != GANGER_OK) return GANGER_FAILED;
      sdk.release(c, &lease, GANGER_LEASE_CLEAN);
      return GANGER_OK;
    });
  });

  EXPECT_EQ(swept.bad_call, 1U);
  EXPECT_EQ(swept.at.status, GANGER_FAILED);
}

TEST(Sweep, FindsALeaseThatOnlyAStopLeavesOut) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return run(h, [](const ganger_host& sdk, ganger_ctx* c) -> ganger_status {
      ganger_lease lease{};
      if (const auto s = borrow(sdk, c, &lease); s != GANGER_OK) return s;
      if (sdk.stop_reason(c) != GANGER_RUNNING) return GANGER_CANCELLED;
      sdk.release(c, &lease, GANGER_LEASE_CLEAN);
      return GANGER_OK;
    });
  });

  EXPECT_EQ(swept.bad_call, 2U);
  EXPECT_THAT(swept.at.leaked, ElementsAre("lease 1 of pool 'things'"));
}

// ---- time

struct Naps {
  static constexpr const char* name = "naps";
  static constexpr const char* summary = "Sleeps an hour, twice";
  void run(ctx& c) {
    for (int i = 0; i < 2; ++i) {
      c.sleep_for(1h);
      c.progress(static_cast<std::uint64_t>(i) + 1, 2, "naps");
    }
  }
};

TEST(Time, ASleepTakesMadeUpTimeOnly) {
  host h;
  const auto begin = h.now();
  const auto real_begin = std::chrono::steady_clock::now();

  const result r = h.run<Naps>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(h.now() - begin, 2h);
  EXPECT_LT(std::chrono::steady_clock::now() - real_begin, 1h);
}

TEST(Time, TheDeadlineEndsASleepWhereItIs) {
  host h;
  h.time_limit(90min);
  const auto begin = h.now();

  const result r = h.run<Naps>();

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_EQ(h.now() - begin, 90min);
  ASSERT_EQ(r.progress.size(), 1U);
  EXPECT_EQ(r.progress[0].done, 1U);
}

TEST(Time, AdvancedPastTheDeadlineIsAStop) {
  host h;
  h.time_limit(1s);
  std::int32_t reason = GANGER_RUNNING;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    h.advance(1s);
    reason = sdk.stop_reason(c);
    return GANGER_CANCELLED;
  });

  EXPECT_EQ(reason, GANGER_STOP_DEADLINE);
}

}  // namespace
}  // namespace sdk_test
