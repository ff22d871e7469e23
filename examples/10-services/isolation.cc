#include <csignal>
#include <cstdint>
#include <ganger/plugin.hpp>

struct Fragile {
  static constexpr const char* name = "fragile";
  static constexpr const char* summary = "Uses a library that crashes now and then";
  static constexpr std::uint32_t flags = ganger::isolate | ganger::idempotent;
  static constexpr ganger::param params[] = {{"crash", GANGER_BOOL, "as now", "false"}};

  void run(const ganger::ctx& c) {
    if (c.get<bool>("crash")) std::raise(SIGSEGV);
    c.info("this time it went well");
  }
};

GANGER_PLUGIN("isolation", "1.0.0", Fragile)
