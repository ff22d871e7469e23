// The numbers of a run as Prometheus text, for the textfile collector of a node exporter.
#pragma once
#include <string>

#include "host/report/summary.h"

namespace ganger::host {

/// Gauges of the last run of a job, each with the label `job`.
/// Shape:  ended_ns = the end of the run, CLOCK_REALTIME
std::string metrics_text(const Summary& summary, std::int64_t ended_ns, int exit_code);

}  // namespace ganger::host
