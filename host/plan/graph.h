// What comes after what, in dense arrays.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ganger::host {

using TaskIndex = std::uint32_t;
inline constexpr TaskIndex kNoTask = UINT32_MAX;

/// A directed graph in compressed rows: successors of task i are one slice of one array. Immutable once built.
class Graph {
 public:
  /// (before, after); duplicates are merged.
  using Edge = std::pair<TaskIndex, TaskIndex>;

  Graph() = default;
  Graph(std::uint32_t tasks, std::vector<Edge> edges);

  std::uint32_t size() const { return static_cast<std::uint32_t>(predecessor_counts_.size()); }
  std::span<const TaskIndex> successors(TaskIndex i) const {
    return {successors_.data() + first_[i], successors_.data() + first_[i + 1]};
  }
  std::uint32_t predecessor_count(TaskIndex i) const { return predecessor_counts_[i]; }
  std::size_t edge_count() const { return successors_.size(); }

  /// A cycle as the path first -> ... -> last -> first; empty when there is none.
  std::vector<TaskIndex> find_cycle() const;

 private:
  std::vector<std::uint32_t> first_{0};  // n + 1 places in successors_
  std::vector<TaskIndex> successors_;
  std::vector<std::uint32_t> predecessor_counts_;
};

}  // namespace ganger::host
