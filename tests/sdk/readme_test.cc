// The code of sdk/README.md that is not examples/01-hello; readme_blocks.awk sees that they stay the same.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <ganger/testing.hpp>

TEST(Greet, GreetsWhomItIsTold) {
  ganger::testing::host h;
  h.param("who", "bob");

  const auto r = h.run(ganger_plugin_v1, "greet");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("greeted"), "bob");
  EXPECT_TRUE(r.logged("hello, bob"));
}

TEST(Greet, StopsWellAnywhere) {
  const auto swept =
      ganger::testing::sweep([](ganger::testing::host& h) { return h.run(ganger_plugin_v1, "greet"); });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;  // 0 = at no call
}

struct counter_api {  // in a header of its own, which borrowers include
  std::uint32_t struct_size, reserved;
  std::int64_t (*next)(void* counter);
};

struct Counter {
  static constexpr const char* name = "counter";
  static constexpr const char* summary = "Counts up";
  static constexpr const char* interface = "example.counter/1";
  static constexpr ganger::param params[] = {{"from", GANGER_I64, "where to begin", "0"}};

  static const counter_api* api() {
    static const counter_api table = {sizeof(counter_api), 0,
                                      [](void* c) { return static_cast<Counter*>(c)->value++; }};
    return &table;
  }
  static Counter* open(ganger::ctx& c) { return new Counter{c.get<std::int64_t>("from")}; }
  static bool reset(Counter*) { return true; }  // optional: when it comes back; false = close it
  static bool check(Counter*) { return true; }  // optional: before one that idled is lent; false = close it
  static void close(Counter* c) { delete c; }

  std::int64_t value = 0;
};

namespace {

/// Listens for the stop in each of the four ways of the README.
struct Listens {
  static constexpr const char* name = "listens";
  static constexpr const char* summary = "Waits, but not past a stop";
  void run(ganger::ctx& c) {
    using namespace std::chrono_literals;
    const auto library_interrupt = [] {};
    c.throw_if_stopped();                                          // in a loop: one atomic load, so ask often
    c.sleep_for(100ms);                                            // waits, but not past a stop
    pollfd stop = {c.stop_fd(), POLLIN, 0};                        // readable once the task should end
    const auto on_stop = c.on_stop([&] { library_interrupt(); });  // for a library that blocks
    poll(&stop, 1, 0);
  }
};

struct Takes {
  static constexpr const char* name = "takes";
  static constexpr const char* summary = "Takes three numbers from a counter";
  void run(ganger::ctx& c) {
    for (int i = 0; i < 3; ++i) {
      const auto counter = c.borrow<counter_api>("example.counter/1");
      c.out("last", counter->next(counter.handle()));
    }
  }
};

TEST(Listens, StopsWellAnywhere) {
  const auto swept = ganger::testing::sweep([](ganger::testing::host& h) { return h.run<Listens>(); });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;
  EXPECT_GT(swept.at.calls, 4U);
}

TEST(Counter, CountsOnWhenItIsLentAgain) {
  ganger::testing::host h;
  h.pool_of<Counter>("ids", {{"from", 100}});

  const auto r = h.run<Takes>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("last"), 102);
}

}  // namespace
