// What `after` and `${...}` of a job refer to: is it there?
#pragma once
#include <string>
#include <unordered_set>

#include "host/job/error_list.h"
#include "host/job/job.h"

namespace ganger::host {

/// Adds an error for each reference to something the job does not have, and takes what is wrong out of the job: names
/// out of `after`; values become std::monostate.
/// `misnamed`: names of tasks that have been reported as wrong; what refers to them is no further error.
void check_references(Job& job, const std::unordered_set<std::string>& misnamed, ErrorList& errors);

}  // namespace ganger::host
