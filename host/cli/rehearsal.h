// A run of a plan in which nothing runs: THE loop with tasks that are done at once.
#pragma once
#include <vector>

#include "host/plan/plan.h"
#include "host/run/run_record.h"

namespace ganger::host {

struct Rehearsal {
  std::vector<TaskIndex> order;  ///< as they were started, or skipped
  RunRecord record;
};

/// What a run would do in which every task is done, each as fast as another.
Rehearsal rehearse(const Plan& plan, std::uint32_t workers);

}  // namespace ganger::host
