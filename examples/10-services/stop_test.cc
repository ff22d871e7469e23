#include <gtest/gtest.h>

#include <ganger/testing.hpp>

TEST(Sleep, LastsAnHourOfTheHostsTime) {
  ganger::testing::host h;  // whose clock is made up: nobody waits

  const auto r = h.run(ganger_plugin_v1, "sleep");

  EXPECT_TRUE(r.ok()) << r;
}

TEST(Sleep, StopsWellAnywhere) {
  const auto swept =
      ganger::testing::sweep([](ganger::testing::host& h) { return h.run(ganger_plugin_v1, "sleep"); });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;  // 0 = at no call
}

TEST(Poll, EndsWhenItIsAskedTo) {
  ganger::testing::host h;
  h.stop_at_call(2);

  const auto r = h.run(ganger_plugin_v1, "poll");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_TRUE(r.leaked.empty()) << r;
}

TEST(Library, EndsWhenItIsAskedTo) {
  ganger::testing::host h;
  h.stop();

  const auto r = h.run(ganger_plugin_v1, "library");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_TRUE(r.leaked.empty()) << r;
}
