#include "host/plan/graph.h"

#include <algorithm>
#include <cstddef>

namespace ganger::host {

Graph::Graph(std::uint32_t tasks, std::vector<Edge> edges)
    : first_(std::size_t{tasks} + 1, 0), predecessor_counts_(tasks, 0) {
  // Counting sort by `before`; within a row in the order given, so mostly sorted already.
  for (const auto& [before, after] : edges) ++first_[std::size_t{before} + 1];
  for (std::uint32_t i = 0; i < tasks; ++i) first_[i + 1] += first_[i];
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  successors_.resize(edges.size());
  for (const auto& [before, after] : edges) successors_[next[before]++] = after;
  edges = {};

  std::uint32_t end = 0;
  for (TaskIndex i = 0; i < tasks; ++i) {
    const auto begin = successors_.begin() + static_cast<std::ptrdiff_t>(first_[i]);
    auto last = successors_.begin() + static_cast<std::ptrdiff_t>(first_[i + 1]);
    if (last - begin > 1) {
      std::sort(begin, last);
      last = std::unique(begin, last);
    }
    first_[i] = end;
    for (auto s = begin; s != last; ++s) {
      ++predecessor_counts_[*s];
      successors_[end++] = *s;
    }
  }
  first_[tasks] = end;
  successors_.resize(end);
}

std::vector<TaskIndex> Graph::find_cycle() const {
  // Take away what has nothing before it until nothing is left, or only cycles and what comes after them.
  std::vector<std::uint32_t> missing = predecessor_counts_;
  std::vector<TaskIndex> free;
  for (TaskIndex i = 0; i < size(); ++i)
    if (missing[i] == 0) free.push_back(i);
  std::size_t taken = 0;
  while (taken < free.size())
    for (const TaskIndex s : successors(free[taken++]))
      if (--missing[s] == 0) free.push_back(s);
  if (free.size() == size()) return {};

  // Every task left has one before it that is left too: walking backwards must meet itself.
  std::vector<TaskIndex> before(size(), kNoTask);
  TaskIndex start = kNoTask;
  for (TaskIndex i = 0; i < size(); ++i) {
    if (missing[i] == 0) continue;
    if (start == kNoTask) start = i;
    for (const TaskIndex s : successors(i))
      if (missing[s] != 0 && before[s] == kNoTask) before[s] = i;
  }
  std::vector<bool> is_seen(size(), false);
  TaskIndex at = start;
  while (!is_seen[at]) {
    is_seen[at] = true;
    at = before[at];
  }
  std::vector<TaskIndex> cycle{at};
  for (TaskIndex i = before[at]; i != at; i = before[i]) cycle.push_back(i);
  std::reverse(cycle.begin() + 1, cycle.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  return cycle;
}

}  // namespace ganger::host
