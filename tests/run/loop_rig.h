// Runs of the loop with fake workers and a fake clock: what its tests share.
#pragma once
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/fakes/fake_run.h"

namespace ganger::host {

/// A FakeRun whose tasks are told apart by their names, and which writes down what starts.
class LoopRig : public FakeRun {
 public:
  using FakeRun::FakeRun;

  TaskIndex add(const std::string& name, Act act = {}, PlannedTask task = {}, const Policy& policy = {}) {
    acts_.push_back(act);
    return builder_.add(name, task, policy);
  }
  void after(TaskIndex task, std::initializer_list<TaskIndex> all) {
    for (const TaskIndex before : all) builder_.add_edge(before, task);
  }
  void go(std::uint32_t workers_size = 2) {
    plan = builder_.build();
    script.act = [this](const Attempt& a) { return act_of ? act_of(a, acts_[a.task]) : acts_[a.task]; };
    script.started = [this](const Attempt& a, bool) {
      started.emplace_back(plan.name(a.task));
      start_times.push_back(clock.now() - start);
      deadlines.push_back(a.deadline == kNever ? Duration(-1) : a.deadline - start);
    };
    run(workers_size);
  }

  std::function<Act(const Attempt&, Act)> act_of;  ///< for attempts that differ
  std::vector<std::string> started;
  std::vector<Duration> start_times, deadlines;

 private:
  PlanBuilder builder_;
  std::vector<Act> acts_;
};

inline constexpr Act kFails{.status = GANGER_FAILED};
constexpr Act takes(Duration time) { return {.length = time}; }
constexpr Act hangs() { return {.never_ends = true, .obeys = false}; }
constexpr Act waits_for_stop() { return {.never_ends = true}; }
constexpr PlannedTask heavy() { return {.is_heavy = true}; }
constexpr PlannedTask when(When w) { return {.when = w}; }

}  // namespace ganger::host
