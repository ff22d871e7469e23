// What `after` and `${...}` of a job refer to: is it there?
#pragma once
#include "host/job/error_list.h"
#include "host/job/job.h"
#include "host/job/task_names.h"

namespace ganger::host {

/// Adds an error for each reference to something the job does not have. What is wrong is taken out of `after`; texts
/// stay, for the plan stage knows more that may be wrong with them.
/// What refers to a task that is misnamed, which has been reported, is no further error.
void check_references(Job& job, const TaskNames& names, ErrorList& errors);

}  // namespace ganger::host
