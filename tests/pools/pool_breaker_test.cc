// A pool whose resources cannot be opened is not asked for them again and again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// No open works, until the test says so.
PoolRig broken(PoolSettings settings = {.size = 1}) {
  return PoolRig(std::move(settings), [](FakeProvider& provider) { provider.open_failures = 1000; });
}

void fail(PoolRig& rig, int times) {
  for (int i = 0; i < times; ++i) EXPECT_EQ(rig.pool->acquire(1).end, AcquireEnd::failed);
}

int opens(PoolRig& rig) { return static_cast<int>(rig.provider->take_calls().size()); }

std::string why(const Acquired& acquired) { return acquired.error ? acquired.error->message : ""; }

TEST(PoolBreaker, AfterThreeFailuresInARowNoneIsTried) {
  PoolRig rig = broken();
  fail(rig, 3);
  EXPECT_EQ(opens(rig), 3);
  rig.clock.advance(200ms);

  const Acquired refused = rig.pool->acquire(1);

  EXPECT_EQ(refused.end, AcquireEnd::failed);
  EXPECT_EQ(
      why(refused),
      "pool 'db' cannot be opened: no such host; opening it failed 3 times in a row; it is tried again in 800ms");
  EXPECT_EQ(opens(rig), 0);
  EXPECT_EQ(rig.pool->statistics().open_failed, 3u);
  EXPECT_EQ(rig.pool->statistics().refused, 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(PoolBreaker, ASuccessInBetweenBeginsTheCountAnew) {
  PoolRig rig = broken();
  fail(rig, 2);
  rig.provider->open_failures = 0;
  rig.pool->release(1, rig.pool->acquire(1).lease.id, LeaseState::broken);
  rig.provider->open_failures = 3;

  fail(rig, 3);

  EXPECT_EQ(rig.pool->statistics().open_failed, 5u);
  EXPECT_EQ(rig.pool->statistics().refused, 0u);
}

TEST(PoolBreaker, AfterThePauseOneIsTriedAndItsFailureDoublesThePause) {
  PoolRig rig = broken();
  fail(rig, 3);
  opens(rig);

  std::vector<Duration> pauses;
  for (Duration pause = 1s; pauses.size() < 8; pause = std::min<Duration>(pause * 2, 60s)) {
    rig.clock.advance(pause - 1ns);
    fail(rig, 1);
    EXPECT_EQ(opens(rig), 0) << "tried before " << pause.count();
    rig.clock.advance(1ns);
    fail(rig, 2);
    EXPECT_EQ(opens(rig), 1) << "not tried once after " << pause.count();
    pauses.push_back(pause);
  }

  EXPECT_EQ(pauses.back(), Duration(60s));
}

TEST(PoolBreaker, ASuccessAfterThePauseEndsIt) {
  PoolRig rig = broken();
  fail(rig, 3);
  rig.clock.advance(1s);
  rig.provider->open_failures = 0;

  const Acquired tried = rig.pool->acquire(1);
  const Acquired next = rig.pool->acquire(2);

  EXPECT_EQ(tried.end, AcquireEnd::ok);
  EXPECT_EQ(next.end, AcquireEnd::ok);
}

TEST(PoolBreaker, WhileOneIsTriedOthersFailAtOnce) {
  std::latch is_trying(1), may_go_on(1);
  PoolRig rig = broken();
  fail(rig, 3);
  rig.clock.advance(1s);
  rig.provider->open_failures = 0;
  rig.provider->on_open = [&](void*) {
    is_trying.count_down();
    may_go_on.wait();
  };
  auto trial = std::async(std::launch::async, [&] { return rig.pool->acquire(1); });
  is_trying.wait();

  const Acquired other = rig.pool->acquire(2);
  may_go_on.count_down();

  EXPECT_EQ(trial.get().end, AcquireEnd::ok);
  EXPECT_EQ(other.end, AcquireEnd::failed);
  EXPECT_THAT(why(other), HasSubstr("3 times in a row; it is being tried again now"));
}

TEST(PoolBreaker, FailuresOfOpensThatHadBegunBeforeDoNotLengthenThePause) {
  std::latch all_open(4), may_go_on(1);
  PoolRig rig = broken();
  rig.provider->on_open = [&](void*) {
    all_open.count_down();
    may_go_on.wait();
  };
  std::vector<std::future<Acquired>> opening;
  for (OwnerId owner = 1; owner <= 4; ++owner)
    opening.push_back(std::async(std::launch::async, [&, owner] { return rig.pool->acquire(owner); }));
  all_open.wait();
  may_go_on.count_down();
  for (auto& one : opening) EXPECT_EQ(one.get().end, AcquireEnd::failed);
  opens(rig);
  rig.provider->on_open = nullptr;

  const Acquired early = rig.pool->acquire(1);
  rig.clock.advance(1s);
  fail(rig, 1);

  EXPECT_THAT(why(early), HasSubstr("failed 4 times in a row; it is tried again in 1.00s"));
  EXPECT_EQ(opens(rig), 1);
}

TEST(PoolBreaker, WhatIdlesIsLentAllTheSame) {
  PoolRig rig({.size = 2});
  const Acquired out = rig.pool->acquire(1);
  rig.provider->open_failures = 1000;
  fail(rig, 3);
  rig.pool->release(1, out.lease.id);

  const Acquired idle = rig.pool->acquire(2);

  EXPECT_EQ(idle.end, AcquireEnd::ok);
  EXPECT_EQ(number(idle), 1);
}

TEST(PoolBreaker, AnOpenThatItsBorrowerHadToEndIsNoFailure) {
  PoolRig rig = broken();
  rig.provider->borrowers_end = true;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rig.pool->acquire(1).was_cut_short);
  EXPECT_EQ(opens(rig), 5);
  rig.provider->borrowers_end = false;
  fail(rig, 3);
  rig.clock.advance(1s);
  rig.provider->borrowers_end = true;
  fail(rig, 1);
  opens(rig);

  fail(rig, 1);

  EXPECT_EQ(opens(rig), 1) << "that the try came to nothing is no reason to wait again";
  EXPECT_EQ(rig.pool->statistics().refused, 0u);
}

TEST(PoolBreaker, WhoWaitsAtTheLimitFailsWithIt) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.provider->open_failures = 2;
  fail(rig, 2);
  const Acquired out = rig.pool->acquire(1);
  rig.provider->open_failures = 1000;
  auto waiting = [&](OwnerId owner) {
    return std::async(std::launch::async, [&rig, owner] { return rig.pool->acquire(owner); });
  };
  std::vector<std::future<Acquired>> all;
  for (OwnerId owner = 2; owner <= 6; ++owner) all.push_back(waiting(owner));
  while (rig.pool->statistics().waiting_now < 5) std::this_thread::yield();
  opens(rig);

  rig.pool->release(1, out.lease.id, LeaseState::broken);

  for (auto& one : all) EXPECT_EQ(one.get().end, AcquireEnd::failed);
  EXPECT_EQ(rig.pool->statistics().refused, 2u);
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(PoolBreaker, ATryWhoseOwnerIsGivenUpCountsAsFailed) {
  std::latch is_trying(1), may_go_on(1);
  PoolRig rig = broken();
  fail(rig, 3);
  rig.clock.advance(1s);
  rig.provider->open_failures = 0;
  std::atomic<int> tries{0};
  rig.provider->on_open = [&](void*) {
    if (++tries > 1) return;
    is_trying.count_down();
    may_go_on.wait();
  };
  auto hanging = std::async(std::launch::async, [&] { return rig.pool->acquire(1); });
  is_trying.wait();

  rig.pool->abandon(1);
  const Acquired early = rig.pool->acquire(2);
  rig.clock.advance(2s);
  const Acquired next = rig.pool->acquire(2);
  may_go_on.count_down();

  EXPECT_EQ(why(early),
            "pool 'db' cannot be opened: the task that tried it last was given up; opening it failed 4 times in a "
            "row; it is tried again in 2.00s");
  EXPECT_EQ(next.end, AcquireEnd::ok);
  EXPECT_EQ(hanging.get().end, AcquireEnd::cancelled);
}

TEST(PoolBreaker, GivingUpAnotherOwnerIsNoFailure) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.provider->open_failures = 3;
  fail(rig, 3);
  rig.clock.advance(1s);
  const auto trial = rig.pool->wish_for_place(1, {}, ignore)->settled();

  rig.pool->abandon(2);

  EXPECT_THAT(why(rig.pool->acquire(3)), HasSubstr("3 times in a row; it is being tried again now"));
  rig.pool->release(1, trial->lease.id);
}

TEST(PoolBreaker, WhatIsKeptIsLentAllTheSame) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->keep(1, 2);
  const Acquired one = rig.pool->acquire(1), other = rig.pool->acquire(1);
  rig.pool->release(1, one.lease.id);
  rig.pool->release(1, other.lease.id, LeaseState::broken);
  rig.provider->open_failures = 1000;
  for (int i = 0; i < 3; ++i) {
    const Acquired held = rig.pool->acquire(1);
    EXPECT_EQ(rig.pool->acquire(1).end, AcquireEnd::failed);
    rig.pool->release(1, held.lease.id);
  }

  EXPECT_EQ(rig.pool->acquire(1).end, AcquireEnd::ok);
}

// -- resources elsewhere ------------------------------------------------------------------------------------------

/// So many places in which nothing could be opened.
void fail_elsewhere(PoolRig& rig, int times, Filling how = Filling::failed) {
  for (int i = 0; i < times; ++i) {
    const auto got = rig.pool->wish_for_place(1, {}, ignore)->settled();
    ASSERT_EQ(got->end, AcquireEnd::ok);
    rig.pool->fill_place(1, got->lease.id, how, "pool 'db' cannot be opened: no route");
    rig.pool->release(1, got->lease.id);
  }
}

TEST(PoolBreaker, PlacesThatCouldNotBeFilledCountAsWell) {
  PoolRig rig({.size = 1, .limit = 2});
  fail_elsewhere(rig, 3);

  const auto refused = rig.pool->wish_for_place(1, {}, ignore)->settled();
  const Acquired here = rig.pool->acquire(2);

  EXPECT_EQ(refused->end, AcquireEnd::failed);
  EXPECT_EQ(why(*refused),
            "pool 'db' cannot be opened: no route; opening it failed 3 times in a row; it is tried again in 1.00s");
  EXPECT_EQ(here.end, AcquireEnd::failed);
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(PoolBreaker, APlaceForWhatIsOpenAlreadyIsGiven) {
  PoolRig rig({.size = 1, .limit = 2});
  fail_elsewhere(rig, 3);

  const auto got = rig.pool->wish_for_place(1, {}, ignore, true)->settled();

  EXPECT_EQ(got->end, AcquireEnd::ok);
}

TEST(PoolBreaker, ARefusedPlaceClosesNothingThatIdles) {
  PoolRig rig({.size = 2, .limit = 2});
  const Acquired one = rig.pool->acquire(1);
  fail_elsewhere(rig, 3);
  const auto other = rig.pool->wish_for_place(2, {}, ignore, true)->settled();
  rig.pool->release(1, one.lease.id);
  rig.provider->take_calls();

  const auto refused = rig.pool->wish_for_place(3, {}, ignore)->settled();

  EXPECT_EQ(other->end, AcquireEnd::ok);
  EXPECT_EQ(refused->end, AcquireEnd::failed);
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
}

TEST(PoolBreaker, ATryElsewhereDecidesForAll) {
  PoolRig rig({.size = 1, .limit = 2});
  fail_elsewhere(rig, 3);
  rig.clock.advance(1s);
  const auto trial = rig.pool->wish_for_place(1, {}, ignore)->settled();
  const auto meanwhile = rig.pool->wish_for_place(2, {}, ignore)->settled();

  rig.pool->fill_place(1, trial->lease.id, Filling::opened);

  EXPECT_EQ(trial->end, AcquireEnd::ok);
  EXPECT_EQ(meanwhile->end, AcquireEnd::failed);
  EXPECT_EQ(rig.pool->acquire(2).end, AcquireEnd::ok);
}

TEST(PoolBreaker, ATryWhoseOwnerIsGoneIsMadeByAnother) {
  PoolRig rig({.size = 1, .limit = 2});
  fail_elsewhere(rig, 3);
  rig.clock.advance(1s);
  rig.pool->wish_for_place(1, {}, ignore)->settled();

  rig.pool->take_back(1);

  EXPECT_EQ(rig.pool->acquire(2).end, AcquireEnd::ok);
}

TEST(PoolBreaker, WhereOthersCountThereIsNone) {
  PoolRig rig = broken({.size = 1, .has_breaker = false});

  fail(rig, 5);

  EXPECT_EQ(opens(rig), 5);
}

}  // namespace
}  // namespace ganger::host
