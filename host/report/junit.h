// The outcome of a run as JUnit XML, which build servers show.
#pragma once
#include <string>

#include "host/report/summary.h"

namespace ganger::host {

/// One suite, the job; one case a task, of the class of its type. What failed or timed out is a failure, what crashed
/// or was interrupted an error, what was left out skipped. Times in seconds.
/// Shape:  started_ns = the start of the run, CLOCK_REALTIME
std::string junit_text(const Summary& summary, std::int64_t started_ns);

}  // namespace ganger::host
