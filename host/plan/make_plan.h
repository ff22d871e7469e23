// Job + Registry -> Plan, with everything that is wrong found in one go.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/job/read_job.h"
#include "host/plan/bind.h"
#include "host/plan/plan.h"
#include "host/plugin/registry.h"
#include "host/pools/pool.h"

namespace ganger::host {

/// A pool a run will have.
struct PlannedPool {
  const PoolKind* kind = nullptr;
  PoolSettings settings;
  std::vector<Values> values;  ///< of kind->params
};

/// A plan and what has to be there when it runs.
struct PlannedJob {
  Plan plan;
  std::vector<PlannedPool> pools;
  std::vector<const Plugin*> plugins;   ///< to be started, each once
  std::set<std::string> secret_params;  ///< of the job: in a secret parameter of a task or pool
  std::set<OutputName> secret_outputs;  ///< that will be in one
  bool uses_run_dir = false;
  bool has_isolated = false;  ///< some task runs in a child process
};

struct PlanWishes {
  std::vector<std::string> only;  ///< names of the tasks that are wanted, with what they come after; empty = all
  bool isolates_all = false;      ///< every task in a child process, whatever the job says
};

/// Opens the plugins that the job uses, and no others.
/// Errors:  those of the reading and those found here, by place
tl::expected<PlannedJob, Errors> make_plan(const JobReading& reading, Registry& registry, const Facts& facts,
                                           const PlanWishes& wishes);

}  // namespace ganger::host
