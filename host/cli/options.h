// The command line, read. Boost.Program_options only here.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/exit_code.h"
#include "host/error.h"
#include "host/report/terminal.h"
#include "host/stop/clock.h"

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

/// --on-busy: what a run does that finds its lock taken.
enum class OnBusy : unsigned char { skip, wait };

/// --assume: what became of tasks that are in doubt.
enum class Assume : unsigned char { nothing, done, rerun };

struct Options {
  Verb verb = Verb::help;
  std::string subject;                 ///< JOB.toml, PLUGIN.TYPE, FILE.so, a run, a name, a verb; empty = none given
  std::vector<std::string> arguments;  ///< key=value of exec, and of the task that is swept
  std::map<std::string, std::string, std::less<>> params;
  std::optional<Duration> timeout, grace;
  std::optional<std::uint32_t> workers;
  std::vector<std::filesystem::path> plugin_dirs;  ///< absolute
  std::vector<std::string> only;
  std::string events;
  std::string junit, trace, metrics;  ///< files; empty = none
  std::string note;                   ///< a file; empty = none
  std::filesystem::path state_dir;    ///< absolute; empty = the default
  std::string graph_as = "dot";
  std::string lang = "cpp";       ///< of a new project; any word
  std::string lock;               ///< a name; empty = none
  std::optional<OnBusy> on_busy;  ///< nothing = not given: skip
  Assume assume = Assume::nothing;
  std::uint32_t most = 20;             ///< runs in the history, calls in a sweep; 0 = all
  std::filesystem::path plugins_lock;  ///< absolute; empty = the one beside the job
  bool unsafe_plugins = false, pin = false;
  bool isolate = false, no_history = false, accept_changes = false;
  bool keep_going = false, dry_run = false, quiet = false, verbose = false, as_json = false, wants_help = false;
  ExitStyle exit_style = ExitStyle::seed;
  ColourWish colour = ColourWish::automatic;
  std::string cancel_sweep;  ///< a task type; empty = none
};

/// Errors: usage, with the fix
Result<Options> read_options(int argc, const char* const* argv);

/// Those options that decide what a run does, as words of a command line; where its output goes is asked anew each
/// time. Without parameters, which may be secret, and --unsafe-plugins, which is to be given each time.
std::vector<std::string> words_of(const Options& options);

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
