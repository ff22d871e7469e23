#include <gtest/gtest.h>

#include <ganger/testing.hpp>

#include "counter.h"

namespace {

/// A counter that is none: the task cannot tell.
struct Fake {
  std::int64_t given = 41;
  static std::int64_t next(void* fake) { return ++static_cast<Fake*>(fake)->given; }
  static constexpr counter_api api = {sizeof(counter_api), 0, &Fake::next};
};

TEST(Take, TakesFromWhateverOffersTheInterface) {
  ganger::testing::host h;
  Fake fake;
  h.pool("fakes", kCounterInterface, &Fake::api, &fake);
  h.param("count", 2);

  const auto r = h.run(ganger_plugin_v1, "take");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("numbers"), "42 43");
}

TEST(Take, StopsWellAnywhere) {
  const auto swept = ganger::testing::sweep([](ganger::testing::host& h) {
    Fake fake;
    h.pool("fakes", kCounterInterface, &Fake::api, &fake);
    return h.run(ganger_plugin_v1, "take");
  });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;  // 0 = at no call
}

}  // namespace
