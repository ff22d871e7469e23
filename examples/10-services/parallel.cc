#include <algorithm>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>
#include <vector>

struct Sum {
  static constexpr const char* name = "sum";
  static constexpr const char* summary = "Adds up squares, in parts";
  static constexpr std::uint32_t flags = ganger::heavy;
  static constexpr ganger::param params[] = {{"to", GANGER_I64, "the last number", "1000000"}};

  void run(const ganger::ctx& c) {
    const auto to = c.get<std::uint64_t>("to");
    constexpr std::uint64_t kPart = 10'000;
    std::vector<std::uint64_t> sums(to / kPart + 1);  // each part writes its own

    c.parallel(sums.size(), [&](std::uint64_t part) {
      const std::uint64_t last = std::min((part + 1) * kPart, to + 1);
      for (std::uint64_t n = part * kPart; n < last; ++n) sums[part] += n * n;
    });

    std::uint64_t sum = 0;
    for (const auto s : sums) sum += s;
    c.info("the sum is " + std::to_string(sum));
  }
};

GANGER_PLUGIN("parallel", "1.0.0", Sum)
