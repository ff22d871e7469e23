// A job checked against the plugins and put in order: what the loop runs. Dense, because a job may hold a million
// tasks.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/job/interpolate.h"
#include "host/job/job.h"
#include "host/plan/graph.h"
#include "host/plan/sandbox.h"
#include "host/plugin/types.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// A parameter of a task with the value it will have. Where an element refers to the output of another task, it is
/// known only when the task starts.
struct BoundParam {
  Values values;                                  ///< all elements; those that are deferred are placeholders
  std::vector<std::optional<Template>> deferred;  ///< empty, or one for each element; only text and task outputs
  Where where;                                    ///< in the job file, for what turns out wrong at the start
};

/// Values for all parameters of a type, in the order of TaskType::params.
using Binding = std::vector<BoundParam>;

/// How often and how long a task is tried. Most tasks of a job share one.
struct Policy {
  Duration timeout{0};  ///< of one attempt; 0 = none
  Duration backoff{0};  ///< before the second attempt at most; doubled each time
  std::uint32_t retries = 0;

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// One task of a plan, as small as it goes; names, bindings and policies are kept beside it.
struct PlannedTask {
  const TaskType* type = nullptr;  ///< null only in tests of the loop
  std::uint32_t binding = 0;
  std::uint32_t policy = 0;
  When when = When::ok;
  bool is_heavy = false;
  bool is_isolated = false;   ///< runs in a child process
  std::uint16_t sandbox = 0;  ///< of Plan::sandbox(); only where it is isolated
  std::uint16_t places = 0;   ///< of Plan::places(); 0 = none are kept for it
};
static_assert(sizeof(PlannedTask) <= 24);

/// Read-only once built. Thread: any.
class Plan {
 public:
  std::uint32_t size() const { return static_cast<std::uint32_t>(tasks_.size()); }
  const PlannedTask& task(TaskIndex i) const { return tasks_[i]; }
  /// A 0 follows it.
  std::string_view name(TaskIndex i) const {
    return {names_.data() + name_ends_[i], name_ends_[i + 1] - name_ends_[i] - std::size_t{1}};
  }
  const Policy& policy(TaskIndex i) const { return policies_[tasks_[i].policy]; }
  const Sandbox& sandbox(TaskIndex i) const { return sandboxes_[tasks_[i].sandbox]; }
  /// Places in pools that are kept for the task while it runs, in the order of the pools.
  const std::vector<PoolPlaces>& places(TaskIndex i) const { return places_[tasks_[i].places]; }
  const Binding& binding(TaskIndex i) const { return bindings_[tasks_[i].binding]; }
  const Graph& graph() const { return graph_; }
  /// All tasks that `i` comes after, directly. Linear: for one task; Predecessors is for all of them.
  std::vector<TaskIndex> predecessors(TaskIndex i) const;

 private:
  friend class PlanBuilder;
  std::vector<PlannedTask> tasks_;
  std::string names_;
  std::vector<std::uint32_t> name_ends_{0};
  std::vector<Policy> policies_;
  std::vector<Binding> bindings_;
  std::vector<Sandbox> sandboxes_{Sandbox{}};
  std::vector<std::vector<PoolPlaces>> places_{{}};
  Graph graph_;
};

/// Puts a plan together: tasks first, then edges.
class PlanBuilder {
 public:
  TaskIndex add(std::string_view name, PlannedTask task, const Policy& policy = {}, Binding binding = {});
  /// For PlannedTask::sandbox. Equal ones are one, and there is room for 65,536; nothing beyond.
  std::optional<std::uint16_t> add(Sandbox sandbox);
  /// For PlannedTask::places, in the same way.
  std::optional<std::uint16_t> add(std::vector<PoolPlaces> places);
  void add_edge(TaskIndex before, TaskIndex after) { edges_.emplace_back(before, after); }
  Plan build();

 private:
  Plan plan_;
  std::vector<Graph::Edge> edges_;
};

}  // namespace ganger::host
