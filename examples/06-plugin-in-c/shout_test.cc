#include <gtest/gtest.h>

#include <ganger/testing.hpp>

TEST(Upper, PassesOnTheTextInCapitals) {
  ganger::testing::host h;
  h.param("text", "is anybody there?");

  const auto r = h.run(ganger_plugin_v1, "upper");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logged("IS ANYBODY THERE?")) << r;
  EXPECT_EQ(r.outputs.at("text"), "IS ANYBODY THERE?");
}

TEST(Upper, StopsWellAnywhere) {
  const auto swept = ganger::testing::sweep([](ganger::testing::host& h) {
    h.param("text", "quiet, please");
    return h.run(ganger_plugin_v1, "upper");
  });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;  // 0 = at no call
}
