// Asks plugins what they think of the parameters a job gives their tasks, before anything runs.
#pragma once
#include "host/error.h"
#include "host/job/job.h"
#include "host/plan/make_plan.h"
#include "host/plugin/registry.h"

namespace ganger::host {

/// Calls check() of the task types that have one, for each task whose parameters are all known by now. Starts their
/// plugins. Returns what they object to, at the places of the tasks.
Errors check_tasks(const PlannedJob& planned, const Job& job, Registry& registry);

}  // namespace ganger::host
