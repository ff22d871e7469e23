// One run from a plan to its exit code: puts threads, pools, reporters and the loop together and takes them apart.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/journal/journal.h"
#include "host/plan/make_plan.h"
#include "host/plugin/registry.h"
#include "host/report/exit_code.h"
#include "host/report/terminal.h"
#include "host/run/outputs.h"

namespace ganger::host {

struct SessionSettings {
  std::string job;  ///< its name
  std::string run_id;
  std::filesystem::path run_dir;
  std::optional<Duration> timeout;
  Duration grace = std::chrono::seconds(10);
  std::uint32_t workers = 1;
  bool keep_going = false;
  bool keep_files = false;                        ///< leave what tasks wrote into their work directories
  OpenRun* record = nullptr;                      ///< the run in the journal; null = it leaves none
  std::vector<TaskIndex> done_before{};           ///< by an earlier process, whose run this one goes on with
  std::map<TaskIndex, Outputs> outputs_before{};  ///< what those had set
  /// Is stdout taken by the events?
  bool answers_with_events() const { return events == "-" || events == "fd:1"; }
  std::string events;                 ///< a file, "-", "fd:N"; empty = none
  std::string junit, trace, metrics;  ///< files; empty = none
  std::string resume, rerun;          ///< commands for the summary
  bool is_quiet = false, is_verbose = false;
  bool has_summary = true;
  ColourWish colour = ColourWish::automatic;
  ExitStyle exit_style = ExitStyle::native;
};

/// Runs the plan and says how that went, on stderr and stdout. Returns the exit code; does not return when a thread
/// hangs in a plugin, since the process must then be left without destructors. `on_outputs`, if any, gets the outputs
/// of the tasks before that.
int run_session(const PlannedJob& job, Registry& registry, const SessionSettings& settings,
                const std::function<void(const OutputStore&, RunEnd)>& on_outputs = {});

}  // namespace ganger::host
