// A thread that a task has left behind, and what it still gets of a host whose call is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <limits>
#include <set>
#include <thread>

#include "tests/call/services_fakes.h"
#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A call that is over, and one that goes on in its place.
struct LateRig : CallRig {
  LateRig() {
    label = 7;
    late = begin();
    label = 8;
    now = begin();
    on_late_call([this](CallLabel who) { told.push_back(who); });
  }
  ~LateRig() { on_late_call(nullptr); }

  ganger_ctx* late;
  ganger_ctx* now;
  std::vector<CallLabel> told;
};

TEST(LateCall, NoServiceDoesAnythingForACallThatIsOver) {
  LateRig rig;
  rig.add_param("p", GANGER_I64, {Value::of_integer(1)});
  rig.scope.inputs["a.b"] = Value::of_integer(1);
  ganger_value value = Value::of_integer(1).borrowed();
  ganger_lease lease{1, nullptr, nullptr};
  int calls = 0;
  const auto counts = [](void* n) { ++*static_cast<int*>(n); };
  const auto part = [](void* n, std::uint64_t) { return ++*static_cast<int*>(n), ganger_status{GANGER_OK}; };

  rig.host.log(rig.late, GANGER_LOG_INFO, str("late"));
  rig.host.progress(rig.late, 1, 2, str("late"));
  EXPECT_EQ(rig.host.fail(rig.late, GANGER_RETRY, str("late")), GANGER_RETRY);
  EXPECT_NE(rig.host.stop_reason(rig.late), GANGER_RUNNING) << "what goes on for ever ends";
  EXPECT_EQ(rig.host.stop_fd(rig.late), -1);
  EXPECT_EQ(rig.host.deadline_ns(rig.late), 0);
  EXPECT_EQ(rig.host.on_stop(rig.late, counts, &calls), 0u);
  rig.host.off_stop(rig.late, 1);
  EXPECT_EQ(rig.host.param(rig.late, "p", 0, &value), GANGER_BUG);
  EXPECT_EQ(rig.host.input(rig.late, "a", "b", &value), GANGER_BUG);
  EXPECT_EQ(rig.host.output(rig.late, "late", &value), GANGER_BUG);
  EXPECT_EQ(text(rig.host.work_dir(rig.late)), "");
  EXPECT_EQ(rig.host.acquire(rig.late, "i/1", nullptr, 0, &lease), GANGER_BUG);
  rig.host.release(rig.late, &lease, GANGER_LEASE_CLEAN);
  EXPECT_EQ(rig.host.parallel(rig.late, 1, part, &calls, 0), GANGER_BUG);

  EXPECT_EQ(calls, 0);
  EXPECT_THAT(rig.scope.take(), IsEmpty());
  EXPECT_THAT(rig.ctx.take_why(), IsEmpty());
  EXPECT_THAT(rig.ctx.take_outputs(), IsEmpty());
}

TEST(LateCall, ItIsCountedEachTimeAndToldOnce) {
  LateRig rig;
  const std::uint64_t before = late_calls();

  for (int i = 0; i < 3; ++i) rig.host.log(rig.late, GANGER_LOG_INFO, str("late"));
  rig.host.log(rig.now, GANGER_LOG_INFO, str("in time"));

  EXPECT_EQ(late_calls() - before, 3u);
  EXPECT_THAT(rig.told, ElementsAre(7u));
  EXPECT_THAT(rig.scope.take(), ElementsAre("2 in time"));
}

TEST(LateCall, AHandleIsNeverThatOfAnotherCall) {
  CallRig rig;
  std::set<ganger_ctx*> seen;

  for (int i = 0; i < 1000; ++i) seen.insert(rig.begin());

  EXPECT_THAT(seen, SizeIs(1000));
}

TEST(LateCall, WhatIsNoHandleIsNone) {
  LateRig rig;

  for (const std::uint64_t made_up :
       {std::uint64_t{1}, std::uint64_t{0xffff}, std::numeric_limits<std::uint64_t>::max()})
    rig.host.log(reinterpret_cast<ganger_ctx*>(made_up), GANGER_LOG_INFO, str("made up"));

  EXPECT_THAT(rig.scope.take(), IsEmpty());
}

TEST(LateCall, ThreadsOfACallThatGoesOnAreServed) {
  CallRig rig;
  ganger_ctx* const ctx = rig.begin();

  std::thread([&] { rig.host.log(ctx, GANGER_LOG_INFO, str("of another thread")); }).join();

  EXPECT_THAT(rig.scope.take(), ElementsAre("2 of another thread"));
}

TEST(LateCall, ACallIsNotOverWhileAnotherThreadIsInOneOfItsServices) {
  CallRig rig;
  ganger_ctx* const ctx = rig.begin();
  std::latch is_in(1);
  std::latch may_leave(1);
  std::atomic<bool> has_left{false};
  const auto part = [&] {
    is_in.count_down();
    may_leave.wait();
    has_left = true;
    return ganger_status{GANGER_OK};
  };
  std::thread other([&] {
    rig.host.parallel(
        ctx, 1, [](void* f, std::uint64_t) { return (*static_cast<decltype(part)*>(f))(); },
        const_cast<void*>(static_cast<const void*>(&part)), 1);
  });
  is_in.wait();

  std::thread lets([&] { may_leave.count_down(); });
  rig.handle.reset();

  EXPECT_TRUE(has_left);
  lets.join();
  other.join();
}

TEST(LateCall, AThreadThatWaitsForAPlaceGetsNoneOnceTheCallIsOver) {
  PoolKind kind;
  kind.id = "test.number";
  kind.interface = "i/1";
  std::uint32_t api = sizeof(api);
  kind.api = &api;
  kind.open = [](const ganger_host*, ganger_ctx*, void*, void** handle) -> ganger_status {
    static int number = 0;
    *handle = &number;
    return GANGER_OK;
  };
  kind.close = [](void*, void*) {};
  SteadyClock clock;
  PoolSet set(clock);
  ASSERT_TRUE(set.add(kind, {.name = "n", .size = 1, .limit = 1}, {}));
  CallRig holder;
  holder.pools = &set;
  ganger_lease held{};
  ASSERT_EQ(holder.host.acquire(holder.begin(), "i/1", nullptr, 0, &held), GANGER_OK);
  CallRig rig;
  rig.pools = &set;
  ganger_ctx* const ctx = rig.begin();
  ganger_status status = GANGER_OK;
  std::thread other([&] {
    ganger_lease lease{};
    status = rig.host.acquire(ctx, "i/1", nullptr, 3'600'000'000'000, &lease);
  });
  while (set.all()[0]->pool->statistics().waiting_now == 0) std::this_thread::yield();

  rig.handle.reset();

  other.join();
  EXPECT_EQ(status, GANGER_CANCELLED);
  rig.ctx.end();
  holder.host.release(holder.held(), &held, GANGER_LEASE_CLEAN);
  holder.ctx.end();
}

TEST(LateCall, WhatIsToldNamesThePluginAndTheTask) {
  EXPECT_EQ(
      text_of_late_call("t", "p"),
      "plugin 'p' called ganger after run() had returned, which does nothing: a bug of the plugin; task 't' has "
      "left a thread behind");
  EXPECT_EQ(text_of_late_call("", ""),
            "a plugin called ganger after run() had returned, which does nothing: a bug of the plugin");
}

}  // namespace
}  // namespace ganger::host
