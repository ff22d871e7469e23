#include <gtest/gtest.h>

#include <ganger/testing.hpp>

TEST(Greet, GreetsTheWorldUnlessItIsTold) {
  ganger::testing::host h;

  const auto r = h.run(ganger_plugin_v1, "greet");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logged("hello, world")) << r;
}

TEST(Greet, PassesOnWhomItGreeted) {
  ganger::testing::host h;
  h.param("who", "bob");

  const auto r = h.run(ganger_plugin_v1, "greet");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("greeted"), "bob");
}

TEST(Greet, FailsWhenThereIsNobody) {
  ganger::testing::host h;
  h.param("who", "");

  const auto r = h.run(ganger_plugin_v1, "greet");

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_EQ(r.why, "nobody to greet; 'who' is empty");
}

TEST(Greet, StopsWellAnywhere) {
  const auto swept =
      ganger::testing::sweep([](ganger::testing::host& h) { return h.run(ganger_plugin_v1, "greet"); });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;  // 0 = at no call
}
