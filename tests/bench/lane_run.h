// Runs of plans in memory: what a run does to its tasks, without a watcher, a journal or anybody who listens.
#pragma once
#include <cstdint>
#include <set>
#include <string_view>

#include "host/plan/plan.h"
#include "host/run/loop.h"
#include "host/run/task_call.h"
#include "host/work/work_pool.h"

namespace ganger::bench {

/// The tasks t0, t1 and so on, all like `task`, in one of the shapes of shapes.h.
host::Plan make_plan(std::string_view shape, std::uint32_t tasks, const host::PlannedTask& task);

/// One run. Light tasks run on the thread of go(), heavy ones on `workers` threads.
class LaneRun {
 public:
  explicit LaneRun(const host::Plan& plan, std::uint32_t workers = 1);
  /// Once.
  void go() { loop_.run_lane(); }

 private:
  host::SteadyClock clock_;
  host::Stop stop_;
  host::NoEvents events_;
  host::NoJournal journal_;
  host::PoolSet pools_;
  host::OutputStore outputs_;
  host::RunDir dir_;
  host::Secrets secrets_;
  std::set<host::OutputName> secret_outputs_;
  host::TaskCall call_;
  host::WorkPool workers_;
  host::Loop loop_;
};

}  // namespace ganger::bench
