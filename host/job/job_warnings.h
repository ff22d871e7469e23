// What a job may say but hardly means.
#pragma once
#include "host/error.h"
#include "host/job/job.h"

namespace ganger::host {

/// Parameters that nothing refers to, and tasks that can never run. Sorted by place.
/// Shape: job = one without errors
Errors warnings_of(const Job& job);

}  // namespace ganger::host
