#include <ganger/clock.h>

#include <ganger/plugin.hpp>

struct Ask {
  static constexpr const char* name = "ask";
  static constexpr const char* summary = "Asks for a service that not every host has";

  void run(const ganger::ctx& c) {
    const auto* clock = static_cast<const ganger_clock_api*>(c.host()->get_interface(GANGER_CLOCK_INTERFACE));
    // A function that was appended to the table later than its first version may be missing: GANGER_HAS says so.
    c.info(GANGER_HAS(clock, now_ns) ? "this host makes its own time" : "this host lives in real time");
  }
};

GANGER_PLUGIN("interfaces", "1.0.0", Ask)
