// A pool kind of its own, and a task that borrows from it. The two know each other by counter.h alone: they could be
// plugins of different authors.
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>

#include "counter.h"

namespace {

struct Counter {
  static constexpr const char* name = "counter";
  static constexpr const char* summary = "Counts up";
  static constexpr const char* interface = kCounterInterface;
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

struct Take {
  static constexpr const char* name = "take";
  static constexpr const char* summary = "Takes numbers from a counter";
  static constexpr ganger::param params[] = {{"count", GANGER_I64, "how many", "1"},
                                             {"pool", GANGER_STR, "of which counter; empty = the only one"}};
  static constexpr ganger::need needs[] = {{kCounterInterface, "pool"}};

  void run(ganger::ctx& c) {
    const auto counter = c.borrow<counter_api>(kCounterInterface, c.get<std::string>("pool"));
    std::string taken;
    for (auto left = c.get<std::int64_t>("count"); left > 0; --left)
      taken += (taken.empty() ? "" : " ") + std::to_string(counter->next(counter.handle()));
    c.info("took " + taken);
    c.out("numbers", taken);
  }
};

}  // namespace

GANGER_PLUGIN("ids", "1.0.0", Counter, Take)
