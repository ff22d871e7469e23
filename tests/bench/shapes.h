// The graphs that schedulers are compared on, the same for all of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>

namespace ganger::bench {

/// Calls edge(before, after) for each edge of chain, tree (binary), random (0 to 3 of the 1000 before) or wide
/// (none).
template <class F>
void for_each_edge(std::string_view shape, std::uint32_t nodes, F&& edge) {
  std::uint64_t state = 7;
  const auto random = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state >> 33);
  };
  for (std::uint32_t i = 1; i < nodes; ++i) {
    if (shape == "chain") edge(i - 1, i);
    if (shape == "tree") edge((i - 1) / 2, i);
    if (shape == "random")
      for (std::uint32_t k = random() % 4; k > 0; --k) edge(i - 1 - random() % std::min(i, 1000U), i);
  }
}

}  // namespace ganger::bench
