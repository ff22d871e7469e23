#include <chrono>
#include <cstdint>
#include <ganger/plugin.hpp>

struct Knit {
  static constexpr const char* name = "knit";
  static constexpr const char* summary = "Knits rows and says how far it is";
  static constexpr ganger::param params[] = {{"rows", GANGER_I64, "how many", "100"},
                                             {"row", GANGER_DURATION_NS, "how long one takes", "\"10ms\""}};

  void run(const ganger::ctx& c) {
    const auto rows = c.get<std::uint64_t>("rows");
    for (std::uint64_t row = 1; row <= rows; ++row) {
      c.sleep_for(c.get<std::chrono::nanoseconds>("row"));
      c.progress(row, rows, "rows");
    }
  }
};

GANGER_PLUGIN("progress", "1.0.0", Knit)
