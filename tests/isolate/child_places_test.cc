// Places of pools in calls that go wrong, and places that are kept for a call before it begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/isolate/children_rig.h"

namespace ganger::host::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ChildPlaces : public ChildrenTest {
 protected:
  const Pool& pool() { return *pools.all()[0]->pool; }
  PoolStatistics statistics() { return pool().statistics(); }
  IsolatedEnd borrow_unopened() { return run("borrow", {{"interface", Value::of_text("guest.unopened/1")}}); }
};

TEST_F(ChildPlaces, WhatIsGivenBackWronglyIsCounted) {
  add_pool("thing", {.name = "things", .limit = 1});

  const IsolatedEnd end = run("borrow", {{"then", Value::of_text("twice")}});

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(statistics().misused, 1u);
}

// -- what cannot be opened ----------------------------------------------------------------------------------------

TEST_F(ChildPlaces, AfterThreeFailuresNoneIsTried) {
  add_pool("thing", {.name = "things", .limit = 1}, {Value::of_bool(true)});
  for (int i = 0; i < 3; ++i) run("borrow");

  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(end.status, GANGER_NO_RESOURCE);
  EXPECT_THAT(end.why,
              HasSubstr("pool 'things' cannot be opened: nothing to open; opening it failed 3 times in a row"));
  EXPECT_EQ(statistics().open_failed, 3u);
  EXPECT_EQ(statistics().refused, 1u);
}

TEST_F(ChildPlaces, WhatIdlesInTheChildIsLentAllTheSame) {
  add_pool("thing", {.name = "things"});
  run("borrow");
  for (int i = 0; i < 3; ++i) {
    const auto failing = pools.all()[0]->pool->wish_for_place(99, {}, [] {})->settled();
    pools.all()[0]->pool->fill_place(99, failing->lease.id, Filling::failed, "no");
    pools.all()[0]->pool->release(99, failing->lease.id);
  }

  const IsolatedEnd end = run("borrow");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(statistics().reused, 1u);
}

TEST_F(ChildPlaces, AnOpenThatCrashesIsAFailedOneAndNoLeak) {
  add_pool("unopened", {.name = "things", .limit = 1});

  const IsolatedEnd end = borrow_unopened();

  EXPECT_TRUE(end.has_crashed) << end.why;
  EXPECT_THAT(scope.recorded.take(), Not(Contains("leaked things")));
  EXPECT_EQ(statistics().leaked, 0u);
  EXPECT_EQ(statistics().open_failed, 1u);
  EXPECT_EQ(statistics().open_now, 0u);
}

TEST_F(ChildPlaces, AnOpenThatHangsIsAFailedOneAndNoLeak) {
  add_pool("unopened", {.name = "things", .limit = 1}, {Value::of_text("hang")});
  scope.on_log = [&](std::string_view line) {
    if (line == "is being opened") stop->request(GANGER_STOP_DEADLINE);
  };

  const IsolatedEnd end = borrow_unopened();

  EXPECT_EQ(end.status, GANGER_CANCELLED) << end.why;
  EXPECT_THAT(scope.recorded.take(), ElementsAre("acquired things", "2 is being opened", "released things"));
  EXPECT_EQ(statistics().leaked, 0u);
  EXPECT_EQ(statistics().open_failed, 1u);
  EXPECT_EQ(statistics().open_now, 0u);
}

// -- places that are kept -----------------------------------------------------------------------------------------

TEST_F(ChildPlaces, WhatIsKeptIsHandedOutAgainAndAgain) {
  add_pool("thing", {.name = "things", .limit = 1});
  owner = make_owner_id();
  ASSERT_EQ(pools.keep(owner, {{.pool = 0, .places = 1}}, *stop, kNever, true).end, AcquireEnd::ok);

  const IsolatedEnd end =
      run("borrow", {{"then", Value::of_text("again")}, {"wait", Value::of_integer(0, GANGER_DURATION_NS)}});

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(statistics().opened, 2u);
  EXPECT_EQ(statistics().leaked, 0u);
  EXPECT_EQ(statistics().open_now, 0u);
}

TEST_F(ChildPlaces, WhatIsKeptForNothingGoesBackSilently) {
  add_pool("thing", {.name = "things", .limit = 1});
  owner = make_owner_id();
  ASSERT_EQ(pools.keep(owner, {{.pool = 0, .places = 1}}, *stop, kNever, true).end, AcquireEnd::ok);

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_THAT(scope.recorded.take(), ElementsAre());
  EXPECT_EQ(statistics().leaked, 0u);
  EXPECT_EQ(statistics().open_now, 0u);
}

}  // namespace
}  // namespace ganger::host::test
