// Does a task stop, wherever it is told to? `ganger check FILE.so --cancel-sweep TYPE`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/registry.h"
#include "host/stop/clock.h"

namespace ganger::host {

struct SweepOptions {
  std::string type;                                ///< of the plugin, with or without its id
  std::vector<std::string> arguments;              ///< KEY=VALUE
  std::vector<std::filesystem::path> plugin_dirs;  ///< absolute
  std::optional<Duration> timeout, grace;          ///< of each trial
  std::uint32_t most = 0;                          ///< calls that are swept; 0 = all
  std::string subject;                             ///< the plugin, as the user named it
  bool as_json = false, quiet = false;
};

/// Runs a task of that type once for each of its calls, with a stop before and after it, a deadline and, where it
/// borrows, a failing acquire() there. Returns the exit code.
int sweep_type(const SweepOptions& options, Registry& registry, const Plugin& plugin);

}  // namespace ganger::host
