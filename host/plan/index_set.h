// A set of task indices that gives the smallest first: what is ready, in file order.
#pragma once
#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ganger::host {

/// Bits in levels of 64: each bit of a level says whether a word of the level below is not empty. insert, erase and
/// min touch at most four words for 16 million indices and allocate nothing. Thread: guarded by the owner.
class IndexSet {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  IndexSet() = default;
  explicit IndexSet(std::uint32_t capacity) {
    std::size_t words = capacity;
    do {
      words = std::max<std::size_t>(1, (words + 63) / 64);
      levels_.emplace_back(words, 0);
    } while (words > 1);
  }

  bool empty() const { return levels_.empty() || levels_.back()[0] == 0; }
  bool contains(std::uint32_t i) const { return (levels_[0][i >> 6] >> (i & 63) & 1) != 0; }

  void insert(std::uint32_t i) {
    for (auto& level : levels_) {
      std::uint64_t& word = level[i >> 6];
      const bool was_empty = word == 0;
      word |= std::uint64_t{1} << (i & 63);
      if (!was_empty) return;
      i >>= 6;
    }
  }

  void erase(std::uint32_t i) {
    for (auto& level : levels_) {
      std::uint64_t& word = level[i >> 6];
      word &= ~(std::uint64_t{1} << (i & 63));
      if (word != 0) return;
      i >>= 6;
    }
  }

  /// The smallest index, kNone when empty.
  std::uint32_t min() const {
    if (empty()) return kNone;
    std::uint32_t i = 0;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level)
      i = i << 6 | static_cast<std::uint32_t>(std::countr_zero((*level)[i]));
    return i;
  }

  std::uint32_t pop_min() {
    const std::uint32_t i = min();
    assert(i != kNone);
    erase(i);
    return i;
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_;
};

}  // namespace ganger::host
