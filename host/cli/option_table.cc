#include "host/cli/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "host/report/events_file.h"
#include "host/units.h"

namespace ganger::host {

namespace {

namespace fs = std::filesystem;

constexpr CommandRow kCommands[] = {
    {Verb::run, "run", "runs a job", "a job file", "ganger run JOB.toml [OPTIONS]",
     "Checks a job, puts its tasks in order and runs them.",
     "ganger run nightly.toml -p root=/srv --timeout 30m --events events.jsonl"},
    {Verb::exec, "exec", "runs one task without a job file", "a task type (PLUGIN.TYPE)",
     "ganger exec PLUGIN.TYPE [KEY=VALUE ...] [OPTIONS]",
     "Runs one task without a job file. Prints its outputs as JSON. Repeat KEY=VALUE to add to a list.",
     "ganger exec demo.echo text=hello"},
    {Verb::resume, "resume", "resumes a run that did not finish", "", "ganger resume [RUN] [OPTIONS]",
     "Resumes an interrupted, failed or killed run (default: the latest; or an id or an id prefix). Tasks that are "
     "done are not run again.",
     "ganger resume"},
    {Verb::history, "history", "lists past runs", "", "ganger history [OPTIONS]",
     "Lists past runs, the latest first.", "ganger history --most 5"},
    {Verb::show, "show", "shows one run task by task", "", "ganger show [RUN] [OPTIONS]",
     "Shows one run task by task (default: the latest; or an id or an id prefix).", "ganger show 20261122-0430"},
    {Verb::plan, "plan", "shows what a job would run", "a job file", "ganger plan JOB.toml [OPTIONS]",
     "Shows what a job would run, in which order and why, without running it.",
     "ganger plan nightly.toml -p root=/srv"},
    {Verb::check, "check", "finds problems in a job or a plugin", "a job file or a plugin",
     "ganger check JOB.toml|PLUGIN.so [OPTIONS] [--cancel-sweep TYPE [KEY=VALUE ...]]",
     "Finds problems in a job or a plugin. Exits 0 if there are none, 4 if there are. --cancel-sweep runs a task "
     "of the plugin once for each SDK call it makes, and stops it, lets its deadline pass or makes an acquire fail "
     "there; ${run.dir} in its parameters is a new directory for each run, the only one the task may write to.",
     "ganger check ./files.so --cancel-sweep scan root=/etc"},
    {Verb::list, "list", "lists the plugins that are found", "", "ganger list [OPTIONS]",
     "Lists the plugins that are found, what they provide and where they come from.", "ganger list -v"},
    {Verb::inspect, "inspect", "describes a plugin or a task type", "a plugin, a type or a file",
     "ganger inspect PLUGIN|PLUGIN.TYPE|FILE.so [OPTIONS]",
     "Describes a plugin or one of its types: what it does and which parameters it takes.",
     "ganger inspect files.hash"},
    {Verb::graph, "graph", "prints a job's dependency graph", "a job file",
     "ganger graph JOB.toml --as dot|mermaid|json", "Prints the job's dependency graph.",
     "ganger graph nightly.toml --as dot | dot -Tsvg > nightly.svg"},
    {Verb::new_project, "new", "creates a plugin project", "a name for the plugin", "ganger new NAME [--lang cpp|c]",
     "Creates a project of that name in the current directory: a plugin with one task type, its test, an example job "
     "and packages. It is one of the SDK's examples with NAME in place of the example's name, except before a comma. "
     "Prints the commands that build, test, run and package it.",
     "ganger new mail"},
    {Verb::completion, "completion", "prints a shell completion script", "a shell: bash, zsh or fish",
     "ganger completion bash|zsh|fish",
     "Prints the script with which a shell completes ganger's commands, options and names.",
     "ganger completion bash > ~/.local/share/bash-completion/completions/ganger"},
    {Verb::version, "version", "prints the version", "", "ganger version",
     "Prints the version of the program and of its plugin ABI.", "ganger version --format json"},
    {Verb::help, "help", "prints help", "", "ganger help [COMMAND]", "Lists all commands, or prints the help of one.",
     "ganger help run"},
};

constexpr Verbs kTakeJob{Verb::run, Verb::plan, Verb::check, Verb::graph};
constexpr Verbs kRunTasks{Verb::run, Verb::exec, Verb::resume};
constexpr Verbs kRunJobs{Verb::run, Verb::resume};
constexpr Verbs kReadJournal{Verb::history, Verb::show};
constexpr Verbs kLoadPlugins = kTakeJob | kRunTasks | Verbs{Verb::list, Verb::inspect};
constexpr Verbs kRead =
    kReadJournal | Verbs{Verb::plan, Verb::check, Verb::list, Verb::inspect, Verb::graph, Verb::version};
constexpr Verbs kAll =
    kLoadPlugins | kReadJournal | Verbs{Verb::new_project, Verb::completion, Verb::version, Verb::help};

tl::unexpected<Error> wrong(std::string why) { return failure(ErrorKind::usage, std::move(why)); }

// -- how a value gets into the options, by the kind of its member ---------------------------------------------------

template <auto Member>
Result<void> flag(Options& options, const std::string& /*given*/) {
  options.*Member = true;
  return {};
}
template <auto Member>
Result<void> word(Options& options, const std::string& given) {
  options.*Member = given;
  return {};
}
template <auto Member>
Result<void> words(Options& options, const std::string& given) {
  (options.*Member).push_back(given);
  return {};
}
template <auto Member>
Result<void> file(Options& options, const std::string& given) {
  if (given.empty()) return wrong(" needs a file name");
  options.*Member = given;
  return {};
}
template <auto Member>
Result<void> path(Options& options, const std::string& given) {
  using Path = std::remove_cvref_t<decltype(options.*Member)>;
  constexpr bool kIsList = !std::is_same_v<Path, fs::path>;
  if (given.empty()) return wrong(" needs a path");
  const fs::path absolute = fs::absolute(given).lexically_normal();
  if constexpr (kIsList)
    (options.*Member).push_back(absolute);
  else
    options.*Member = absolute;
  return {};
}
template <auto Member>
Result<void> duration(Options& options, const std::string& given) {
  const auto ns = parse_duration(given);
  if (!ns) return wrong(fmt::format(" {}: it must be a duration such as 30s or 10m", given));
  options.*Member = Duration(*ns);
  return {};
}
template <auto Member, std::uint32_t kLeast, std::uint32_t kMost>
Result<void> number(Options& options, const std::string& given) {
  const bool is_number =
      !given.empty() && given.size() <= 6 && std::ranges::all_of(given, [](char c) { return c >= '0' && c <= '9'; });
  const std::uint32_t n = is_number ? static_cast<std::uint32_t>(std::stoul(given)) : 0;
  if (!is_number || n < kLeast || n > kMost)
    return wrong(fmt::format(" {}: it must be a number from {} to {}", given, kLeast, kMost));
  options.*Member = n;
  return {};
}

Result<void> timeout(Options& options, const std::string& given) {
  auto taken = duration<&Options::timeout>(options, given);
  if (taken && *options.timeout == Duration::zero())
    return wrong(" 0: a run needs some time; leave it out for no deadline");
  return taken;
}
Result<void> param(Options& options, const std::string& given) {
  const auto equals = given.find('=');
  if (equals == std::string::npos || equals == 0)
    return wrong(" needs NAME=VALUE");  // without what was given: it may be a secret whose name was left out
  options.params.insert_or_assign(given.substr(0, equals), given.substr(equals + 1));
  return {};
}
Result<void> events(Options& options, const std::string& given) {
  if (given.empty()) return wrong(" needs a file name, - or fd:N");
  // Now, before the program opens descriptors of its own.
  if (given.starts_with("fd:") && !open_descriptor(given))
    return wrong(fmt::format(" {}: this is not an open descriptor", given));
  options.events = given;
  return {};
}
Result<void> lock(Options& options, const std::string& given) {
  const bool is_name = !given.empty() && given.size() <= 63 &&
                       given.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  if (!is_name) return wrong(fmt::format(" {}: it must be a name of [a-z0-9_-], at most 63 bytes", given));
  options.lock = given;
  return {};
}
Result<void> swept_type(Options& options, const std::string& given) {
  if (given.empty()) return wrong(" needs a task type");
  options.cancel_sweep = given;
  return {};
}
Result<void> on_busy(Options& options, const std::string& given) {
  options.on_busy = given == "skip" ? OnBusy::skip : OnBusy::wait;
  return {};
}
Result<void> assume(Options& options, const std::string& given) {
  options.assume = given == "done" ? Assume::done : Assume::rerun;
  return {};
}
Result<void> exit_style(Options& options, const std::string& given) {
  options.exit_style = given == "unix" ? ExitStyle::unix_like : ExitStyle::native;
  return {};
}
Result<void> format(Options& options, const std::string& given) {
  options.as_json = given == "json";
  return {};
}
Result<void> colour(Options& options, const std::string& given) {
  options.colour = given == "always"  ? ColourWish::always
                   : given == "never" ? ColourWish::never
                                      : ColourWish::automatic;
  return {};
}

// -- how it is recorded
// ----------------------------------------------------------------------------------------------

using Words = std::vector<std::string>;

template <auto Member>
void record(const RunOptions& options, const std::string& option, Words& words) {
  const auto& value = options.*Member;
  using Value = std::remove_cvref_t<decltype(value)>;
  const auto add = [&](std::string text) { words.insert(words.end(), {option, std::move(text)}); };
  if constexpr (std::is_same_v<Value, bool>) {
    if (value) words.push_back(option);
  } else if constexpr (std::is_same_v<Value, std::string>) {
    if (!value.empty()) add(value);
  } else if constexpr (std::is_same_v<Value, fs::path>) {
    if (!value.empty()) add(value.string());
  } else if constexpr (std::is_same_v<Value, std::vector<fs::path>>) {
    for (const fs::path& one : value) add(one.string());
  } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    for (const std::string& one : value) words.push_back(option + "=" + one);  // which may begin with a '-'
  } else if constexpr (std::is_same_v<Value, std::optional<Duration>>) {
    if (value) add(format_duration(value->count()));
  } else {
    if (value) add(std::to_string(*value));
  }
}

constexpr OptionRow kOptions[] = {
    {kTakeJob | Verbs{Verb::resume}, "param", 'p', "K=V", "set a parameter of the job", param, nullptr, true},
    {{Verb::run, Verb::plan, Verb::graph},
     "only",
     0,
     "TASK...",
     "only these tasks and their dependencies",
     words<&Options::only>,
     record<&RunOptions::only>,
     true},
    {kRunTasks, "timeout", 0, "D", "deadline of the run, such as 30s or 10m", timeout, record<&RunOptions::timeout>},
    {kRunTasks, "grace", 0, "D", "how long stopped tasks may take before they are abandoned",
     duration<&Options::grace>, record<&RunOptions::grace>},
    {kRunTasks, "workers", 'j', "N", "number of threads in the work pool", number<&Options::workers, 1, 4096>,
     record<&RunOptions::workers>},
    {kRunTasks, "events", 0, "FILE|-|fd:N", "write the events of the run as JSON Lines", events},
    {kRunTasks, "isolate", 0, "", "run every task in a child process", flag<&Options::isolate>,
     record<&RunOptions::isolate>},
    {kRunTasks, "exit-style", 0, "native|unix",
     "exit codes: native (default), or unix: 124, 128+signal, 1, 2 as timeout(1) and shells use them", exit_style},
    {kRunTasks | kReadJournal, "state-dir", 0, "DIR", "where the journal and the directories of runs are",
     path<&Options::state_dir>},
    {{Verb::history},
     "most",
     'n',
     "N",
     "number of runs to list; 0 = all (default 20)",
     number<&Options::most, 0, 999'999>},
    {{Verb::resume},
     "assume",
     0,
     "done|rerun",
     "what to do with tasks in doubt: leave them as done, or run them again",
     assume},
    {{Verb::resume},
     "accept-changes",
     0,
     "",
     "resume although the job, its parameters or a plugin changed",
     flag<&Options::accept_changes>},
    {{Verb::run}, "lock", 0, "NAME", "run only while no other run holds this lock", lock, record<&RunOptions::lock>},
    {{Verb::resume},
     "lock",
     0,
     "NAME",
     "use this lock instead of the one of the run",
     lock,
     record<&RunOptions::lock>},
    {kRunJobs, "on-busy", 0, "skip|wait", "if the lock is held: exit with 75 (default), or wait for it", on_busy},
    {{Verb::run}, "no-history", 0, "", "do not record the run; it cannot be resumed", flag<&Options::no_history>},
    {{Verb::run}, "dry-run", 'n', "", "show the plan instead of running it", flag<&Options::dry_run>},
    {kRunJobs, "keep-going", 'k', "", "after a failure, run what does not depend on it", flag<&Options::keep_going>,
     record<&RunOptions::keep_going>},
    {kRunJobs, "junit", 0, "FILE", "write the outcomes of the tasks as JUnit XML", file<&Options::junit>},
    {kRunJobs, "trace", 0, "FILE", "write what each thread did and when, for Perfetto and chrome://tracing",
     file<&Options::trace>},
    {kRunJobs, "metrics", 0, "FILE.prom", "write the figures of the run as Prometheus text", file<&Options::metrics>},
    {kLoadPlugins, "plugin-dir", 'P', "DIR", "look for plugins in this directory first", path<&Options::plugin_dirs>,
     record<&RunOptions::plugin_dirs>, true},
    {kLoadPlugins, "unsafe-plugins", 0, "", "also load plugins that other users can modify",
     flag<&Options::unsafe_plugins>},
    {kTakeJob | Verbs{Verb::resume, Verb::exec}, "plugins-lock", 0, "FILE",
     "use FILE instead of the plugins.lock next to the job", path<&Options::plugins_lock>,
     record<&RunOptions::plugins_lock>},
    {{Verb::check}, "pin", 0, "", "write the digests of the job's plugins to plugins.lock", flag<&Options::pin>},
    {{Verb::check},
     "cancel-sweep",
     0,
     "TYPE",
     "check that this task type of the plugin stops wherever it is told to",
     swept_type},
    {{Verb::check},
     "most",
     'n',
     "N",
     "number of calls that a sweep tries, evenly spread; 0 = all (default 100)",
     number<&Options::most, 0, 999'999>},
    {{Verb::check},
     "grace",
     0,
     "D",
     "how long a task may take after the stop in a sweep (default 2s)",
     duration<&Options::grace>},
    {{Verb::check}, "timeout", 0, "D", "how long it may take until then (default 60s)", timeout},
    {{Verb::inspect},
     "note",
     0,
     "FILE",
     "write the description of the plugin as an ELF section .note.ganger",
     file<&Options::note>},
    {{Verb::run}, "format", 0, "text|json", "format of --dry-run", format},
    {kRead, "format", 0, "text|json", "format of the answer", format},
    {{Verb::graph}, "as", 0, "dot|mermaid|json", "language of the graph", word<&Options::graph_as>},
    {{Verb::new_project}, "lang", 0, "cpp|c", "language of the plugin (default cpp)", word<&Options::lang>},
    {kAll, "color", 0, "auto|always|never", "when to use colour (NO_COLOR and FORCE_COLOR are honoured)", colour},
    {kRunTasks | Verbs{Verb::check, Verb::new_project}, "quiet", 'q', "", "print problems only",
     flag<&Options::quiet>},
    {kRunTasks | Verbs{Verb::list}, "verbose", 'v', "", "print more", flag<&Options::verbose>},
    {kAll, "help", 'h', "", "shows this help", flag<&Options::wants_help>},
};

}  // namespace

std::span<const CommandRow> command_rows() { return kCommands; }

const CommandRow& row_of(Verb verb) { return *std::ranges::find(kCommands, verb, &CommandRow::verb); }

std::vector<const OptionRow*> options_of(Verb verb) {
  std::vector<const OptionRow*> all;
  for (const OptionRow& row : kOptions)
    if (row.verbs.has(verb)) all.push_back(&row);
  return all;
}

}  // namespace ganger::host
