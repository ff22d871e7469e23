// What a task is tried with: its arguments, and pools for what it borrows.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/check/trial.h"
#include "host/plugin/registry.h"

namespace ganger::host {

/// Finds a pool kind for each need of the type, in its own plugin first; what such a kind has to be given must be a
/// path, which leads to a fresh file then. A pool has the name that `arguments` give it, or gets one.
/// Shape:  plugin_dirs = where the plugin is found, before all others
/// Errors: not_found, where there is no such kind
Result<TrialTask> make_trial_task(Registry& registry, const TaskType& type, std::vector<std::string> arguments,
                                  std::vector<std::filesystem::path> plugin_dirs);

}  // namespace ganger::host
