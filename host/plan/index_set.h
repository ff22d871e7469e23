// A set of task indices that gives the smallest first: what is ready, in file order.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ganger::host {

/// The smallest index stands by itself: in a chain nothing else is ever in the set. The others are bits in levels of
/// 64, where each bit of a level says whether a word of the level below is not empty. insert, erase and pop_min touch
/// one or two words of a level, of which there are six at most, and allocate nothing. Thread: guarded by the owner.
class IndexSet {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  IndexSet() = default;
  explicit IndexSet(std::uint32_t capacity) {
    std::size_t words = capacity, all = 0;
    do {
      words = std::max<std::size_t>(1, (words + 63) / 64);
      starts_[levels_++] = static_cast<std::uint32_t>(all);
      all += words;
    } while (words > 1);
    words_.resize(all);
  }

  bool empty() const { return first_ == kNone; }
  bool contains(std::uint32_t i) const {
    return i == first_ || (i >> 6 < words_.size() && (words_[i >> 6] >> (i & 63) & 1) != 0);
  }
  /// The smallest index, kNone when empty.
  std::uint32_t min() const { return first_; }

  void insert(std::uint32_t i) {
    if (i == first_) return;
    if (i < first_) std::swap(i, first_);
    if (i != kNone) add(i);
  }

  void erase(std::uint32_t i) {
    if (i != first_) return remove(i);
    first_ = next_of_others();
    if (first_ != kNone) remove(first_);
  }

  std::uint32_t pop_min() {
    assert(!empty());
    const std::uint32_t i = first_;
    erase(i);
    return i;
  }

 private:
  void add(std::uint32_t i) {
    for (std::size_t level = 0; level < levels_; ++level, i >>= 6) {
      std::uint64_t& word = words_[starts_[level] + (i >> 6)];
      const bool was_empty = word == 0;
      word |= std::uint64_t{1} << (i & 63);
      if (!was_empty) return;
    }
  }

  void remove(std::uint32_t i) {
    for (std::size_t level = 0; level < levels_; ++level, i >>= 6) {
      std::uint64_t& word = words_[starts_[level] + (i >> 6)];
      word &= ~(std::uint64_t{1} << (i & 63));
      if (word != 0) return;
    }
  }

  std::uint32_t next_of_others() const {
    if (levels_ == 0 || words_.back() == 0) return kNone;  // the last level is one word
    // All of them are larger than the first one, so nothing comes before its own word.
    if (const std::uint64_t near = words_[first_ >> 6]; near != 0)
      return (first_ & ~63U) | static_cast<std::uint32_t>(std::countr_zero(near));
    std::uint32_t i = 0;
    for (std::size_t level = levels_; level-- > 0;)
      i = i << 6 | static_cast<std::uint32_t>(std::countr_zero(words_[starts_[level] + i]));
    return i;
  }

  std::uint32_t first_ = kNone;
  std::size_t levels_ = 0;
  std::array<std::uint32_t, 6> starts_{};  // of each level in words_; 6 * 6 bits and more
  std::vector<std::uint64_t> words_;
};

}  // namespace ganger::host
