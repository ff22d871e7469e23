// What each task comes after: the graph backwards, for who needs that of all tasks.
#pragma once
#include <span>
#include <vector>

#include "host/plan/graph.h"

namespace ganger::host {

/// Built once in linear time. Each list is in file order.
class Predecessors {
 public:
  explicit Predecessors(const Graph& graph) : first_(graph.size() + 1, 0), all_(graph.edge_count()) {
    for (TaskIndex i = 0; i < graph.size(); ++i) first_[i + 1] = first_[i] + graph.predecessor_count(i);
    std::vector<std::uint32_t> next(first_.begin(), first_.end());
    for (TaskIndex i = 0; i < graph.size(); ++i)
      for (const TaskIndex s : graph.successors(i)) all_[next[s]++] = i;
  }

  std::span<const TaskIndex> of(TaskIndex i) const { return {all_.data() + first_[i], all_.data() + first_[i + 1]}; }

 private:
  std::vector<std::uint32_t> first_;  // n + 1 places in all_
  std::vector<TaskIndex> all_;
};

}  // namespace ganger::host
