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

/// Those options that decide what a run does, as words of a command line; where its output goes is asked anew each
/// time. Without parameters, which may be secret, and --unsafe-plugins, which is to be given each time.
std::vector<std::string> words_of(const RunOptions& options);

/// The help of a verb with its options and an example.
std::string help_text(Verb verb);
/// The help of the program: its verbs.
std::string help_text();

struct VerbName {
  Verb verb;
  std::string_view name, summary;
};
/// All verbs there are, in the order of the help.
const std::vector<VerbName>& verbs();

/// An option as the parser knows it, for those who tell of it.
struct OptionText {
  std::string name;         ///< without dashes
  char letter = '\0';       ///< its short form; 0 = none
  std::string value;        ///< what it takes, as the help calls it: "DIR", "skip|wait"; empty = nothing
  std::string help;         ///< one line
  bool takes_many = false;  ///< all words up to the next option
};
std::vector<OptionText> options_text(Verb verb);

/// "ganger exec PLUGIN.TYPE [KEY=VALUE ...] [OPTIONS]".
std::string_view usage_text(Verb verb);

}  // namespace ganger::host
