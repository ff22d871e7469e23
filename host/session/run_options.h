// What a run is asked to do: the options that the commands about a job share. The command line fills it
// (host/cli/options.h), and it travels whole.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/report/exit_code.h"
#include "host/report/terminal.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// --on-busy: what a run does when another one holds its lock.
enum class OnBusy : unsigned char { skip, wait };

/// --assume: what is taken for granted about tasks that are in doubt.
enum class Assume : unsigned char { nothing, done, rerun };

/// What the command does with the job.
enum class Purpose : unsigned char { look, run, resume };

struct RunOptions {
  Purpose purpose = Purpose::look;
  std::string subject;  ///< JOB.toml, PLUGIN.TYPE, FILE.so, a run, a name, a command; empty = none given
  std::map<std::string, std::string, std::less<>> params;
  std::vector<std::string> only;
  std::optional<Duration> timeout, grace;
  std::optional<std::uint32_t> workers;
  bool isolate = false, keep_going = false;

  std::vector<std::filesystem::path> plugin_dirs;  ///< absolute
  std::filesystem::path plugins_lock;              ///< absolute; empty = the one beside the job
  bool unsafe_plugins = false, pin = false;

  std::filesystem::path state_dir;  ///< absolute; empty = the default
  bool no_history = false, accept_changes = false;
  Assume assume = Assume::nothing;
  std::string lock;               ///< a name; empty = none
  std::optional<OnBusy> on_busy;  ///< nothing = not given: skip

  std::string events;                 ///< a file, "-", "fd:N"; empty = none
  std::string junit, trace, metrics;  ///< files; empty = none
  bool quiet = false, verbose = false;
  ColourWish colour = ColourWish::automatic;
  ExitStyle exit_style = ExitStyle::native;
};

}  // namespace ganger::host
