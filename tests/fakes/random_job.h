// A random job: tasks of all kinds, in a graph whose order is not that of the file.
#pragma once
#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "host/plan/plan.h"

namespace ganger::host {

/// Heavy, light and exclusive tasks, `when` of all kinds, timeouts and retries, all from one generator.
class RandomJob {
 public:
  RandomJob() { exclusive_[0].flags = exclusive_[1].flags = GANGER_TASK_EXCLUSIVE; }
  RandomJob(const RandomJob&) = delete;
  RandomJob& operator=(const RandomJob&) = delete;

  /// Lifetime: the plan refers to this job
  Plan make_plan(std::mt19937& random, int size) {
    const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    const auto chance = [&](int percent) { return between(1, 100) <= percent; };
    using std::chrono::milliseconds;
    PlanBuilder builder;
    const int usual_timeouts = between(0, 60), usual_heavy = between(0, 100), usual_retries = between(0, 60);
    for (int i = 0; i < size; ++i) {
      PlannedTask task;
      if (chance(25)) task.type = &exclusive_[between(0, 1)];
      task.when = chance(75) ? When::ok : chance(50) ? When::failed : When::always;
      task.is_heavy = chance(usual_heavy);
      Policy policy;
      if (chance(usual_timeouts)) policy.timeout = milliseconds(between(1, 150));
      if (chance(usual_retries)) policy.retries = static_cast<std::uint32_t>(between(1, 4));
      if (chance(70)) policy.backoff = milliseconds(between(1, 100));
      builder.add("t" + std::to_string(i), task, policy);
    }
    // File order is not the order of the graph.
    std::vector<TaskIndex> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::shuffle(order, random);
    const int density = between(0, 3);
    for (int i = 1; i < size; ++i)
      for (int edges = between(0, density); edges > 0; --edges)
        builder.add_edge(order[static_cast<std::size_t>(between(0, i - 1))], order[static_cast<std::size_t>(i)]);
    return builder.build();
  }

 private:
  TaskType exclusive_[2];
};

}  // namespace ganger::host
