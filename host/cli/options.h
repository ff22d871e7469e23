// The command line, read. Boost.Program_options only here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/session/run_options.h"

namespace ganger::host {

enum class Verb : unsigned char {
  run,
  exec,
  resume,
  history,
  show,
  plan,
  check,
  list,
  inspect,
  graph,
  new_project,
  completion,
  version,
  help
};

struct Options : RunOptions {
  Verb verb = Verb::help;
  std::vector<std::string> arguments;  ///< key=value of exec, and of the task that is swept
  std::string note;                    ///< a file; empty = none
  std::string graph_as = "dot";
  std::string lang = "cpp";  ///< of a new project; any word
  std::uint32_t most = 20;   ///< runs in the history, calls in a sweep; 0 = all
  std::string cancel_sweep;  ///< a task type; empty = none
  bool dry_run = false, as_json = false, wants_help = false;
};

/// Errors: usage, with the fix
Result<Options> read_options(int argc, const char* const* argv);

/// The options that are recorded with a run (option_table.h), as words of a command line. Not among them: parameters,
/// which may be secret, --unsafe-plugins, and where output goes; all these are given anew each time.
std::vector<std::string> words_of(const RunOptions& options);

/// The help of a verb with its options and an example.
std::string help_text(Verb verb);
/// The help of the program: its verbs.
std::string help_text();

}  // namespace ganger::host
