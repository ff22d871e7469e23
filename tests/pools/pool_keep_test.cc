// Places that are kept for an owner before it borrows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

std::future<Acquired> keeps(PoolRig& rig, OwnerId owner, std::uint32_t places) {
  return std::async(std::launch::async, [&rig, owner, places] { return rig.pool->keep(owner, places); });
}

void until_waiting(PoolRig& rig, std::uint32_t count) {
  while (rig.pool->statistics().waiting_now < count) std::this_thread::yield();
}

TEST(PoolKeep, AKeptPlaceOpensNothingAndIsNobodyElses) {
  PoolRig rig({.size = 1, .limit = 1});

  const Acquired kept = rig.pool->keep(1, 1);

  EXPECT_EQ(kept.end, AcquireEnd::ok);
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
  EXPECT_THAT(rig.observer.take_events(), IsEmpty());
  EXPECT_EQ(rig.pool->acquire(2, {.longest = 0s}).end, AcquireEnd::timed_out);
}

TEST(PoolKeep, ItsOwnerAcquiresItAndGivesItBackToItselfAgainAndAgain) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);

  for (int i = 0; i < 3; ++i) {
    const Acquired got = rig.pool->acquire(1, {.longest = 0s});
    ASSERT_EQ(got.end, AcquireEnd::ok);
    EXPECT_EQ(number(got), 1);
    EXPECT_TRUE(rig.pool->release(1, got.lease.id));
    EXPECT_EQ(rig.pool->acquire(2, {.longest = 0s}).end, AcquireEnd::timed_out);
  }

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1"));
  EXPECT_EQ(rig.pool->statistics().reused, 2u);
}

TEST(PoolKeep, WhatIsBrokenIsClosedAndThePlaceStaysKept) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id, LeaseState::broken);

  const Acquired other = rig.pool->acquire(2, {.longest = 0s});
  const Acquired again = rig.pool->acquire(1, {.longest = 0s});

  EXPECT_EQ(other.end, AcquireEnd::timed_out);
  EXPECT_EQ(again.end, AcquireEnd::ok);
  EXPECT_EQ(number(again), 2);
}

TEST(PoolKeep, AnOpenThatFailsLeavesThePlaceKept) {
  PoolRig rig({.size = 1, .limit = 1}, [](FakeProvider& provider) { provider.open_failures = 1; });
  rig.pool->keep(1, 1);

  const Acquired failed = rig.pool->acquire(1);
  const Acquired again = rig.pool->acquire(1, {.longest = 0s});

  EXPECT_EQ(failed.end, AcquireEnd::failed);
  EXPECT_EQ(again.end, AcquireEnd::ok);
}

TEST(PoolKeep, WhatIdledIsCheckedWhenItIsAcquired) {
  PoolRig rig({.size = 1, .limit = 1}, [](FakeProvider& provider) { provider.checks = true; });
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->keep(2, 1);
  rig.provider->take_calls();
  rig.provider->sick.insert(1);

  const Acquired got = rig.pool->acquire(2);

  EXPECT_EQ(number(got), 2);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("check 1", "close 1", "open 2"));
}

TEST(PoolKeep, WhatHasLivedTooLongMeanwhileIsReplaced) {
  PoolRig rig({.size = 1, .limit = 1, .max_lifetime = 1min});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->keep(2, 1);
  rig.clock.advance(2min);

  const Acquired got = rig.pool->acquire(2);

  EXPECT_EQ(number(got), 2);
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::max_lifetime), 1u);
}

TEST(PoolKeep, PlacesThatWereNeverUsedGoBackSilently) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->keep(2, 2);
  rig.observer.take_events();

  EXPECT_EQ(rig.pool->take_back(2), 0u);

  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 1u);
  EXPECT_EQ(rig.pool->statistics().leaked, 0u);
  EXPECT_THAT(rig.observer.take_events(), IsEmpty());
}

TEST(PoolKeep, ALeaseOfAKeptPlaceLeaksAsAnyOther) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  rig.pool->acquire(1);

  EXPECT_EQ(rig.pool->take_back(1), 1u);

  EXPECT_EQ(rig.pool->statistics().leaked, 1u);
  EXPECT_EQ(rig.pool->acquire(2, {.longest = 0s}).end, AcquireEnd::ok);
}

TEST(PoolKeep, ThePlaceItselfCannotBeReleased) {
  PoolRig rig({.size = 1, .limit = 1});
  const Acquired got = (rig.pool->keep(1, 1), rig.pool->acquire(1));
  rig.pool->release(1, got.lease.id);

  constexpr std::uint64_t kNextLending = 1u << 24;
  const bool was_out = rig.pool->release(1, got.lease.id + kNextLending);

  EXPECT_FALSE(was_out);
  EXPECT_EQ(rig.pool->statistics().misused, 1u);
}

TEST(PoolKeep, WhoNeedsSeveralHasAllOrNone) {
  PoolRig rig({.size = 1, .limit = 3, .wait = 10s});
  const Acquired out = rig.pool->acquire(9);
  auto first = keeps(rig, 1, 3);
  until_waiting(rig, 1);

  rig.clock.until_waiting(1);
  rig.clock.advance(10s);

  const Acquired none = first.get();
  EXPECT_EQ(none.end, AcquireEnd::timed_out);
  EXPECT_THAT(
      none.error.value().message,
      HasSubstr("pool 'db': 3 of 3 are wanted at once, only 2 came free in 10.0s; raise its limit or its wait"));
  EXPECT_EQ(rig.pool->statistics().open_now, 1u);
  EXPECT_EQ(rig.pool->statistics().timed_out, 1u);
  rig.pool->release(9, out.lease.id);
}

TEST(PoolKeep, TwoThatNeedSeveralOfOnePoolDoNotBlockEachOther) {
  PoolRig rig({.size = 1, .limit = 2});
  const Acquired one = rig.pool->acquire(8), other = rig.pool->acquire(9);
  auto first = keeps(rig, 1, 2);
  until_waiting(rig, 1);
  auto second = keeps(rig, 2, 2);
  until_waiting(rig, 2);

  rig.pool->release(8, one.lease.id);
  rig.pool->release(9, other.lease.id);

  EXPECT_EQ(first.get().end, AcquireEnd::ok);
  EXPECT_EQ(rig.pool->statistics().waiting_now, 1u);
  rig.pool->take_back(1);
  EXPECT_EQ(second.get().end, AcquireEnd::ok);
}

TEST(PoolKeep, CancelAndCloseEndTheWait) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->acquire(9);
  auto cancelled = keeps(rig, 1, 1);
  until_waiting(rig, 1);
  auto closed = keeps(rig, 2, 1);
  until_waiting(rig, 2);

  rig.pool->cancel(1);
  const AcquireEnd first = cancelled.get().end;
  rig.pool->close();

  EXPECT_EQ(first, AcquireEnd::cancelled);
  EXPECT_EQ(closed.get().end, AcquireEnd::closed);
}

TEST(PoolKeep, AnAbandonedOwnerKeepsOnlyWhatItMayBeUsing) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->keep(1, 2);
  rig.pool->acquire(1);

  EXPECT_EQ(rig.pool->abandon(1), 1u);

  EXPECT_EQ(rig.pool->statistics().lost_now, 1u);
  EXPECT_EQ(rig.pool->acquire(2, {.longest = 0s}).end, AcquireEnd::ok);
}

TEST(PoolKeep, AResourceOfAKeptPlaceThatComesBackLateIsForAnyone) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->take_back(1);
  rig.pool->keep(2, 1);
  rig.pool->take_back(2);

  rig.pool->release(3, rig.pool->acquire(3).lease.id);

  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
  EXPECT_EQ(rig.pool->statistics().lent_now, 0u);
}

TEST(PoolKeep, AClosedPoolKeepsNothing) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  const Acquired out = rig.pool->acquire(1);
  rig.pool->close();

  rig.pool->release(1, out.lease.id);

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "close 1"));
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(PoolKeep, AnotherThreadOfItsOwnerIsGivenWhatComesBack) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  const Acquired out = rig.pool->acquire(1);
  auto other = std::async(std::launch::async, [&] { return rig.pool->acquire(1); });
  until_waiting(rig, 1);

  rig.pool->release(1, out.lease.id);

  EXPECT_EQ(rig.pool->statistics().waiting_now, 0u);
  rig.clock.advance(1h);
  const Acquired got = other.get();
  EXPECT_EQ(got.end, AcquireEnd::ok);
  rig.pool->release(1, got.lease.id);
  EXPECT_EQ(rig.pool->acquire(2, {.longest = 0s}).end, AcquireEnd::timed_out) << "it is kept all the same";
}

TEST(PoolKeep, AnotherThreadOfItsOwnerIsGivenThePlaceOfWhatBroke) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  const Acquired out = rig.pool->acquire(1);
  const auto wish = rig.pool->wish_for_place(1, {}, ignore);

  rig.pool->release(1, out.lease.id, LeaseState::broken);
  const auto got = wish->settled();

  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
}

TEST(PoolKeep, AnotherThreadOfItsOwnerComesBeforeThoseWhoHaveWaitedLonger) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  const Acquired out = rig.pool->acquire(1);
  const auto stranger = rig.pool->wish_for_place(2, {}, ignore);
  const auto own = rig.pool->wish_for_place(1, {}, ignore);

  rig.pool->release(1, out.lease.id);

  EXPECT_FALSE(stranger->settled());
  EXPECT_TRUE(own->settled());
}

TEST(PoolKeep, AnotherThreadOfItsOwnerIsGivenWhatIsBeingResetWhenItComes) {
  std::latch is_resetting(1), may_go_on(1);
  PoolRig rig({.size = 1, .limit = 1}, [&](FakeProvider& provider) {
    provider.resets = true;
    provider.on_reset = [&] {
      is_resetting.count_down();
      may_go_on.wait();
    };
  });
  rig.pool->keep(1, 1);
  const Acquired out = rig.pool->acquire(1);
  auto back = std::async(std::launch::async, [&] { return rig.pool->release(1, out.lease.id); });
  is_resetting.wait();
  const auto wish = rig.pool->wish_for_place(1, {}, ignore);

  may_go_on.count_down();
  back.get();
  const auto got = wish->settled();

  ASSERT_TRUE(got);
  EXPECT_EQ(got->end, AcquireEnd::ok);
}

TEST(PoolKeep, WhatAnAbandonedOwnerKeptIsClosedByTheNextOneNotByWhoGaveItUp) {
  PoolRig rig({.size = 1, .limit = 3});
  rig.pool->keep(1, 2);
  const Acquired one = rig.pool->acquire(1), other = rig.pool->acquire(1), third = rig.pool->acquire(2);
  rig.pool->release(1, one.lease.id);
  rig.pool->release(1, other.lease.id);
  rig.provider->take_calls();

  rig.pool->abandon(1);
  const auto of_abandon = rig.provider->take_calls();
  rig.pool->release(2, third.lease.id);

  EXPECT_THAT(of_abandon, IsEmpty());
  EXPECT_EQ(rig.provider->take_calls().size(), 2u);
  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
  EXPECT_EQ(rig.pool->statistics().open_now, 1u);
}

TEST(PoolKeep, WhatAnAbandonedOwnerKeptGoesToWhoWaits) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2); });
  until_waiting(rig, 1);

  rig.pool->abandon(1);

  EXPECT_EQ(number(waiting.get()), 1);
}

TEST(PoolKeep, WhatAnAbandonedOwnerKeptTooLongIsReplacedByWhoWaited) {
  PoolRig rig({.size = 1, .limit = 1, .max_lifetime = 1min});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  auto waiting = std::async(std::launch::async, [&] { return rig.pool->acquire(2, {.longest = 1h}); });
  until_waiting(rig, 1);
  rig.clock.until_waiting(1);
  rig.clock.advance(2min);

  rig.pool->abandon(1);

  EXPECT_EQ(number(waiting.get()), 2);
}

TEST(PoolKeep, OfAClosedPoolWhatAnAbandonedOwnerKeptIsNotClosedThereAndThen) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->close();
  rig.provider->take_calls();

  rig.pool->abandon(1);
  const auto of_abandon = rig.provider->take_calls();
  rig.pool->close();

  EXPECT_THAT(of_abandon, IsEmpty());
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 1"));
}

TEST(PoolKeep, OfSeveralPlacesOneWithAResourceIsAcquiredFirst) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->keep(1, 2);
  const Acquired one = rig.pool->acquire(1), other = rig.pool->acquire(1);
  rig.pool->release(1, one.lease.id);
  rig.pool->release(1, other.lease.id, LeaseState::broken);
  rig.provider->take_calls();

  const Acquired got = rig.pool->acquire(1);

  EXPECT_EQ(number(got), number(one));
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
}

TEST(PoolKeep, WhatIdlesInAKeptPlaceForTooLongIsReplaced) {
  PoolRig rig({.size = 1, .limit = 1, .idle_timeout = 1min});
  rig.pool->keep(1, 1);
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.clock.advance(59s);
  const Acquired in_time = rig.pool->acquire(1);
  rig.pool->release(1, in_time.lease.id);
  rig.clock.advance(1min);

  const Acquired late = rig.pool->acquire(1);

  EXPECT_EQ(number(in_time), 1);
  EXPECT_EQ(number(late), 2);
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::idle_timeout), 1u);
}

// -- resources elsewhere ------------------------------------------------------------------------------------------

TEST(PoolKeep, APlaceForElsewhereIsTheKeptOne) {
  PoolRig rig({.size = 1, .limit = 1});
  rig.pool->keep(1, 1, {}, true);

  const auto got = rig.pool->wish_for_place(1, {.longest = 0s}, ignore)->settled();
  ASSERT_EQ(got->end, AcquireEnd::ok);
  rig.pool->fill_place(1, got->lease.id, Filling::opened);
  rig.pool->release(1, got->lease.id);
  const auto other = rig.pool->wish_for_place(2, {.longest = 0s}, ignore)->settled();
  const auto again = rig.pool->wish_for_place(1, {.longest = 0s}, ignore)->settled();

  EXPECT_EQ(other->end, AcquireEnd::timed_out);
  EXPECT_EQ(again->end, AcquireEnd::ok);
}

TEST(PoolKeep, ForElsewhereAnEmptyPlaceIsTakenFirst) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->keep(1, 2);
  const Acquired one = rig.pool->acquire(1), other = rig.pool->acquire(1);
  rig.pool->release(1, one.lease.id, LeaseState::broken);
  rig.pool->release(1, other.lease.id);
  rig.provider->take_calls();

  const auto got = rig.pool->wish_for_place(1, {}, ignore)->settled();

  EXPECT_EQ(got->end, AcquireEnd::ok);
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
}

TEST(PoolKeep, ForElsewhereWhatIdlesHereStaysAsLongAsThereIsRoom) {
  PoolRig rig({.size = 1, .limit = 2});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);

  rig.pool->keep(2, 1, {}, true);

  EXPECT_EQ(rig.pool->statistics().idle_now, 1u);
}

}  // namespace
}  // namespace ganger::host
