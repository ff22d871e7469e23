// From options to a plan: what run, plan, check and graph have in common.
#pragma once
#include <memory>
#include <optional>

#include "host/job/read_job.h"
#include "host/job/read_pins.h"
#include "host/plan/make_plan.h"
#include "host/plugin/registry.h"
#include "host/session/run_options.h"
#include "host/session/session.h"

namespace ganger::host {

struct Prepared {
  std::filesystem::path state;  ///< empty where there is none and nothing is going to run
  JobReading reading;
  std::unique_ptr<Registry> registry;
  Facts facts;
  PlannedJob job;
};

/// Where runs keep their folders: --state-dir, $GANGER_STATE_DIR, $XDG_STATE_HOME/ganger, ~/.local/state/ganger.
/// Errors: configuration, when none of them says where
Result<std::filesystem::path> state_dir(const RunOptions& options);
/// The same, for those who are going to believe what lies there or to put something there.
/// Errors: also refused, when others could have changed it
Result<std::filesystem::path> trusted_state_dir(const RunOptions& options);

std::unique_ptr<Registry> make_registry(const RunOptions& options, const std::vector<std::filesystem::path>& job_dirs,
                                        std::optional<Pins> pins = {}, bool believes_notes = true);
/// `state` may be empty where nothing is going to run. Shape: run = the id; empty = a new one
Facts make_facts(const RunOptions& options, const std::filesystem::path& state, const std::string& run = {});

/// Reads and plans the job of the options.
tl::expected<Prepared, Errors> prepare(const RunOptions& options, const std::string& run = {});

/// Is this value of a job's parameter, or a part of it, never to be shown or recorded?
bool is_secret_param(const PlannedJob& job, const std::string& name, const std::string& value);

SessionSettings make_settings(const RunOptions& options, const Prepared& prepared);

}  // namespace ganger::host
