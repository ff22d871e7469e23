// What is said of a run when it is over.
#pragma once
#include <string>
#include <vector>

#include "host/pools/lease.h"
#include "host/report/events_file.h"
#include "host/run/run_record.h"

namespace ganger::host {

/// How a run ended, the most important reason first.
enum class RunEnd : std::uint8_t {
  finished,
  timeout,
  interrupt,
  failed,
  pool_unavailable,
  drained,
  not_recorded,
  no_thread
};

constexpr std::string_view name_of(RunEnd end) {
  constexpr std::string_view kNames[] = {"finished",         "timeout", "interrupt",    "failed",
                                         "pool_unavailable", "drained", "not_recorded", "no_thread"};
  return kNames[static_cast<std::size_t>(end)];
}

struct PoolSummary {
  std::string name;
  PoolStatistics statistics;
};

struct Summary {
  const RunNames& names;
  const RunRecord& record;
  std::vector<PoolSummary> pools;
  RunEnd end = RunEnd::finished;
  Duration run_time{0};
  std::string resume{};       ///< the command that resumes the run; empty = none
  std::string rerun{};        ///< the command that runs one task anew, but for its name; empty = none
  std::uint64_t dropped = 0;  ///< log lines and progress nobody could keep up with
  bool has_colour = false;
};

/// Text for people: how it ended, the failed tasks and how to run them again, the slowest, the pools.
std::string summary_text(const Summary& summary);

}  // namespace ganger::host
