#include "host/cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>

#include "host/job/suggest.h"
#include "host/report/events_file.h"
#include "host/units.h"

namespace ganger::host {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

struct VerbText {
  Verb verb;
  std::string_view usage, about, example;
};

constexpr VerbText kTexts[] = {
    {Verb::run, "ganger run JOB.toml [OPTIONS]", "Checks a job, puts its tasks in order and runs them.",
     "ganger run nightly.toml -p root=/srv --timeout 30m --events events.jsonl"},
    {Verb::exec, "ganger exec PLUGIN.TYPE [KEY=VALUE ...] [OPTIONS]",
     "Runs one task without a job file. Its outputs are JSON on stdout; KEY=VALUE again adds to a list.",
     "ganger exec demo.echo text=hello"},
    {Verb::resume, "ganger resume [RUN] [OPTIONS]",
     "Goes on with a run that was interrupted, failed or killed: the last one, or one by its id or the start of it. "
     "What is "
     "done stays done.",
     "ganger resume"},
    {Verb::history, "ganger history [OPTIONS]", "Shows past runs, the latest first.", "ganger history --most 5"},
    {Verb::show, "ganger show [RUN] [OPTIONS]",
     "Shows one run task by task: the last one, or one by its id or the start of it.", "ganger show 20261122-0430"},
    {Verb::plan, "ganger plan JOB.toml [OPTIONS]",
     "Shows what a job would run, in which order and why, without running it.",
     "ganger plan nightly.toml -p root=/srv"},
    {Verb::check, "ganger check JOB.toml|PLUGIN.so [OPTIONS] [--cancel-sweep TYPE [KEY=VALUE ...]]",
     "Finds everything that is wrong with a job or a plugin. Exit 0 nothing, 4 something. --cancel-sweep runs a task "
     "of the plugin once for each call of the SDK it makes, with a stop, a deadline or a failing acquire there; "
     "${run.dir} in its parameters is a fresh folder of each run, the only one it may write to.",
     "ganger check ./files.so --cancel-sweep scan root=/etc"},
    {Verb::list, "ganger list [OPTIONS]",
     "Shows the plugins that are found, what they provide and where they come from.", "ganger list -v"},
    {Verb::inspect, "ganger inspect PLUGIN|PLUGIN.TYPE|FILE.so [OPTIONS]",
     "Shows what a plugin or one of its types takes and does.", "ganger inspect files.hash"},
    {Verb::graph, "ganger graph JOB.toml --as dot|mermaid|json", "Shows what comes after what in a job.",
     "ganger graph nightly.toml --as dot | dot -Tsvg > nightly.svg"},
    {Verb::new_project, "ganger new NAME [--lang cpp|c]",
     "Makes a project of that name in the current folder: a plugin with one task type, its test, an example job, and "
     "packages of its own. It is an example of the SDK with NAME in place of the example's name, except before a "
     "comma. "
     "Prints the commands that build, test, run and package it.",
     "ganger new mail"},
    {Verb::completion, "ganger completion bash|zsh|fish",
     "Prints the script that lets a shell complete ganger's commands, options and names.",
     "ganger completion bash > ~/.local/share/bash-completion/completions/ganger"},
    {Verb::version, "ganger version", "Shows the version of the program and of its plugin ABI.",
     "ganger version --format json"},
    {Verb::help, "ganger help [COMMAND]", "Shows all commands, or the help of one.", "ganger help run"},
};

const VerbText& text_of(Verb verb) {
  return *std::ranges::find_if(kTexts, [&](const VerbText& t) { return t.verb == verb; });
}

bool takes_job(Verb v) { return v == Verb::run || v == Verb::plan || v == Verb::check || v == Verb::graph; }
bool runs_tasks(Verb v) { return v == Verb::run || v == Verb::exec || v == Verb::resume; }
bool runs_job(Verb v) { return v == Verb::run || v == Verb::resume; }
bool reads_journal(Verb v) { return v == Verb::history || v == Verb::show; }
/// Neither reads nor runs what belongs to the user.
bool stands_alone(Verb v) {
  return v == Verb::new_project || v == Verb::completion || v == Verb::version || v == Verb::help;
}
bool is_reading(Verb v) { return v == Verb::version || (!runs_tasks(v) && !stands_alone(v)); }
/// Only where there is less or more to say.
bool has_quiet(Verb v) { return runs_tasks(v) || v == Verb::check || v == Verb::new_project; }
bool has_verbose(Verb v) { return runs_tasks(v) || v == Verb::list; }
bool loads_plugins(Verb v) { return !reads_journal(v) && !stands_alone(v); }

po::options_description options_of(Verb verb) {
  po::options_description d("Options", 110, 60);
  auto add = d.add_options();
  const auto text = [] { return po::value<std::string>(); };
  const auto texts = [] { return po::value<std::vector<std::string>>(); };
  if (takes_job(verb) || verb == Verb::resume)
    add("param,p", texts()->composing()->value_name("K=V"), "sets a parameter of the job");
  if (takes_job(verb)) {
    if (verb != Verb::check)
      add("only", texts()->multitoken()->composing()->value_name("TASK..."),
          "only these tasks, with what they come after");
  }
  if (runs_tasks(verb)) {
    add("timeout", text()->value_name("D"), "deadline of the run, such as 30s or 10m");
    add("grace", text()->value_name("D"), "what stopped tasks get before they are given up");
    add("workers,j", text()->value_name("N"), "threads of the work pool");
    add("events", text()->value_name("FILE|-|fd:N"), "writes the events of the run as JSON Lines");
    add("isolate", "runs every task in a child process");
    add("exit-style", text()->value_name("seed|unix"), "exit codes: ours, or 124, 128+signal, 1, 2");
  }
  if (runs_tasks(verb) || reads_journal(verb))
    add("state-dir", text()->value_name("DIR"), "where the journal and the folders of runs are");
  if (verb == Verb::history) add("most,n", text()->value_name("N"), "how many runs; 0 = all (default 20)");
  if (verb == Verb::resume) {
    add("assume", text()->value_name("done|rerun"),
        "what to assume of tasks that may have done part of their work and are not idempotent");
    add("accept-changes", "goes on though the job, its parameters or a plugin changed");
  }
  if (runs_job(verb)) {
    add("lock", text()->value_name("NAME"),
        verb == Verb::run ? "runs only while no other run holds this lock" : "this lock instead of that of the run");
    add("on-busy", text()->value_name("skip|wait"), "what to do when one does: exit 75 (default), or wait for it");
  }
  if (verb == Verb::run) {
    add("no-history", "leaves no record of the run; it cannot be resumed");
    add("dry-run,n", "shows the plan instead of running it");
  }
  if (runs_job(verb)) {
    add("keep-going,k", "goes on after a failure with what does not depend on it");
    add("junit", text()->value_name("FILE"), "writes how the tasks ended as JUnit XML");
    add("trace", text()->value_name("FILE"), "writes which thread did what when, for Perfetto and chrome://tracing");
    add("metrics", text()->value_name("FILE.prom"), "writes the numbers of the run as Prometheus text");
  }
  if (loads_plugins(verb)) {
    add("plugin-dir,P", texts()->composing()->value_name("DIR"), "looks for plugins there first");
    add("unsafe-plugins", "loads plugins that others could have changed, too");
  }
  if (takes_job(verb) || verb == Verb::resume || verb == Verb::exec)
    add("plugins-lock", text()->value_name("FILE"), "the builds that plugins must be, not plugins.lock by the job");
  if (verb == Verb::check) {
    add("pin", "writes the plugins that the job uses into plugins.lock");
    add("cancel-sweep", text()->value_name("TYPE"),
        "does this task type of the plugin stop, wherever it is told to?");
    add("most,n", text()->value_name("N"), "calls that a sweep tries, evenly spread; 0 = all (default 100)");
    add("grace", text()->value_name("D"), "what a task gets in a sweep after the stop (default 2s)");
    add("timeout", text()->value_name("D"), "what it gets until then (default 60s)");
  }
  if (verb == Verb::inspect)
    add("note", text()->value_name("FILE"),
        "writes what the plugin says of itself as the section .note.ganger for it");
  if (is_reading(verb) || verb == Verb::run)
    add("format", text()->value_name("text|json"), verb == Verb::run ? "of --dry-run" : "of the answer");
  if (verb == Verb::graph) add("as", text()->value_name("dot|mermaid|json"), "how the graph is written");
  if (verb == Verb::new_project) add("lang", text()->value_name("cpp|c"), "of the plugin (default cpp)");
  add("color", text()->value_name("auto|always|never"), "colour; also NO_COLOR, FORCE_COLOR");
  if (has_quiet(verb)) add("quiet,q", "says only what went wrong");
  if (has_verbose(verb)) add("verbose,v", "says more");
  add("help,h", "shows this");
  return d;
}

/// An option that would do nothing beside another, or without it: whoever gives it expects something else.
struct Idle {
  Verb verb;
  std::vector<std::string_view> options;
  enum : bool { beside, without } when;
  std::string_view other;  ///< the option, "--format json" for one with that value
};

const std::vector<Idle>& idle_options() {
  static const std::vector<Idle> all = {
      {Verb::run, {"format"}, Idle::without, "dry-run"},
      {Verb::run,
       {"events", "junit", "trace", "metrics", "no-history", "keep-going", "grace", "lock", "on-busy", "quiet",
        "verbose"},
       Idle::beside,
       "dry-run"},
      {Verb::run, {"on-busy"}, Idle::without, "lock"},
      {Verb::check, {"most", "grace", "timeout"}, Idle::without, "cancel-sweep"},
      {Verb::check, {"pin", "param", "plugins-lock"}, Idle::beside, "cancel-sweep"},
      {Verb::check, {"quiet"}, Idle::beside, "format json"},
      {Verb::list, {"verbose"}, Idle::beside, "format json"},
      {Verb::inspect, {"format"}, Idle::beside, "note"},
      {Verb::graph, {"as"}, Idle::beside, "format json"},
  };
  return all;
}

tl::unexpected<Error> usage(std::string message) { return failure(ErrorKind::usage, std::move(message)); }

std::string hint(Verb verb) {
  return fmt::format("; see 'ganger help {}'", verbs()[static_cast<std::size_t>(verb)].name);
}

/// One of a few words, with a suggestion.
Result<std::string> one_of(const std::string& option, const std::string& given, std::vector<std::string_view> words) {
  if (std::ranges::count(words, given) > 0) return given;
  std::string all;
  for (const auto w : words) all += (all.empty() ? "" : ", ") + std::string(w);
  return usage(fmt::format("--{} {}: it is one of {}{}", option, given, all, did_you_mean(given, words)));
}

class Reader {
 public:
  Reader(Verb verb, const po::variables_map& values) : values_(values) {
    options_.verb = verb;
    if (verb == Verb::resume) options_.purpose = Purpose::resume;
    if (verb == Verb::run && values.count("dry-run") == 0) options_.purpose = Purpose::run;
  }

  Result<Options> read() {
    static_cast<void>(read_words() && read_durations() && read_workers() && read_most() && read_params() &&
                      read_positionals() && (options_.wants_help || (has_no_idle_option() && has_no_shared_file())));
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(options_);
  }

 private:
  const std::string* find(const char* name) const {
    return values_.count(name) > 0 ? &values_[name].as<std::string>() : nullptr;
  }
  std::vector<std::string> all(const char* name) const {
    return values_.count(name) > 0 ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>{};
  }
  bool fail(std::string message) {
    error_ = Error{ErrorKind::usage, std::move(message), {}};
    return false;
  }
  bool word(const char* name, std::vector<std::string_view> words, std::string& out) {
    const std::string* given = find(name);
    if (given == nullptr) return true;
    auto checked = one_of(name, *given, std::move(words));
    if (!checked) return fail(checked.error().message);
    out = *checked;
    return true;
  }

  bool read_words() {
    std::string colour = "auto", style = "seed", format = "text", on_busy, assume;
    if (!word("on-busy", {"skip", "wait"}, on_busy) || !word("assume", {"done", "rerun"}, assume)) return false;
    if (!on_busy.empty()) options_.on_busy = on_busy == "skip" ? OnBusy::skip : OnBusy::wait;
    options_.assume = assume.empty() ? Assume::nothing : assume == "done" ? Assume::done : Assume::rerun;
    options_.unsafe_plugins = values_.count("unsafe-plugins") > 0;
    options_.pin = values_.count("pin") > 0;
    options_.isolate = values_.count("isolate") > 0;
    options_.no_history = values_.count("no-history") > 0;
    options_.accept_changes = values_.count("accept-changes") > 0;
    if (!word("color", {"auto", "always", "never"}, colour) || !word("exit-style", {"seed", "unix"}, style) ||
        !word("format", {"text", "json"}, format) || !word("as", {"dot", "mermaid", "json"}, options_.graph_as))
      return false;
    options_.colour = colour == "auto"     ? ColourWish::automatic
                      : colour == "always" ? ColourWish::always
                                           : ColourWish::never;
    options_.exit_style = style == "seed" ? ExitStyle::seed : ExitStyle::unix_like;
    options_.as_json = format == "json";
    options_.keep_going = values_.count("keep-going") > 0;
    options_.dry_run = values_.count("dry-run") > 0;
    options_.quiet = values_.count("quiet") > 0;
    options_.verbose = values_.count("verbose") > 0;
    options_.wants_help = values_.count("help") > 0;
    if (options_.quiet && options_.verbose) return fail("--quiet and --verbose exclude each other");
    options_.only = all("only");
    if (const auto* events = find("events")) {
      if (events->empty()) return fail("--events needs a file name, - or fd:N");
      // Now, before the program opens descriptors of its own.
      if (events->starts_with("fd:") && !open_descriptor(*events))
        return fail(fmt::format("--events {}: this is not an open descriptor", *events));
      options_.events = *events;
    }
    for (const auto& [name, out] : {std::pair{"junit", &options_.junit},
                                    {"trace", &options_.trace},
                                    {"metrics", &options_.metrics},
                                    {"note", &options_.note}}) {
      const std::string* file = find(name);
      if (file == nullptr) continue;
      if (file->empty()) return fail(fmt::format("--{} needs a file name", name));
      *out = *file;
    }
    if (const auto* lang = find("lang")) options_.lang = *lang;
    if (const auto* type = find("cancel-sweep")) {
      if (type->empty()) return fail("--cancel-sweep needs a task type");
      options_.cancel_sweep = *type;
    }
    if (const auto* lock = find("lock")) {
      const bool is_name = !lock->empty() && lock->size() <= 63 &&
                           lock->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
      if (!is_name) return fail(fmt::format("--lock {}: it must be a name of [a-z0-9_-], at most 63 bytes", *lock));
      options_.lock = *lock;
    }
    if (const auto* dir = find("state-dir")) {
      if (dir->empty()) return fail("--state-dir needs a folder");
      options_.state_dir = fs::absolute(*dir).lexically_normal();
    }
    if (const auto* file = find("plugins-lock")) {
      if (file->empty()) return fail("--plugins-lock needs a file name");
      options_.plugins_lock = fs::absolute(*file).lexically_normal();
    }
    for (const std::string& dir : all("plugin-dir")) {
      if (dir.empty()) return fail("--plugin-dir needs a folder");
      options_.plugin_dirs.push_back(fs::absolute(dir).lexically_normal());
    }
    return true;
  }

  bool read_durations() {
    for (const auto& [name, out] : {std::pair{"timeout", &options_.timeout}, std::pair{"grace", &options_.grace}}) {
      const std::string* given = find(name);
      if (given == nullptr) continue;
      const auto ns = parse_duration(*given);
      if (!ns) return fail(fmt::format("--{} {}: it must be a duration such as 30s or 10m", name, *given));
      if (*ns == 0 && out == &options_.timeout)
        return fail("--timeout 0: a run needs some time; leave it out for no deadline");
      *out = Duration(*ns);
    }
    return true;
  }

  bool number(const char* name, std::uint32_t least, std::uint32_t most, std::optional<std::uint32_t>& out) {
    const std::string* given = find(name);
    if (given == nullptr) return true;
    const bool is_number = !given->empty() && given->size() <= 6 &&
                           std::ranges::all_of(*given, [](char c) { return c >= '0' && c <= '9'; });
    const std::uint32_t n = is_number ? static_cast<std::uint32_t>(std::stoul(*given)) : 0;
    if (!is_number || n < least || n > most)
      return fail(fmt::format("--{} {}: it must be a number from {} to {}", name, *given, least, most));
    out = n;
    return true;
  }
  bool read_workers() { return number("workers", 1, 4096, options_.workers); }
  bool read_most() {
    std::optional<std::uint32_t> most;
    if (!number("most", 0, 999'999, most)) return false;
    options_.most = most.value_or(options_.verb == Verb::check ? 100 : 20);
    return true;
  }

  bool read_params() {
    for (const std::string& given : all("param")) {
      const auto equals = given.find('=');
      if (equals == std::string::npos || equals == 0)
        return fail(
            "--param needs NAME=VALUE");  // without what was given: it may be a secret whose name was left out
      options_.params.insert_or_assign(given.substr(0, equals), given.substr(equals + 1));
    }
    return true;
  }

  bool read_positionals() {
    std::vector<std::string> words = all("words");
    const Verb verb = options_.verb;
    // --only takes all that follows it, and no task has a dot in its name.
    if (words.empty() && !options_.only.empty() && options_.only.back().ends_with(".toml")) {
      words.push_back(std::move(options_.only.back()));
      options_.only.pop_back();
      if (options_.only.empty()) return fail("--only needs the names of tasks" + hint(verb));
    }
    if (options_.wants_help) return true;
    const auto& name = verbs()[static_cast<std::size_t>(verb)].name;
    const bool needs_subject = takes_job(verb) || verb == Verb::exec || verb == Verb::inspect ||
                               verb == Verb::new_project || verb == Verb::completion;
    const std::string what = verb == Verb::exec          ? "a task type (PLUGIN.TYPE)"
                             : verb == Verb::inspect     ? "a plugin, a type or a file"
                             : verb == Verb::check       ? "a job file or a plugin"
                             : verb == Verb::new_project ? "a name for the plugin"
                             : verb == Verb::completion  ? "a shell: bash, zsh or fish"
                                                         : "a job file";
    if (needs_subject && (words.empty() || words.front().empty()))
      return fail(fmt::format("{} needs {}{}", name, what, hint(verb)));
    const bool may_have_subject = needs_subject || verb == Verb::help || verb == Verb::resume || verb == Verb::show;
    const bool takes_arguments = verb == Verb::exec || !options_.cancel_sweep.empty();
    const std::size_t most = takes_arguments ? SIZE_MAX : may_have_subject ? 1 : 0;
    if (words.size() > most)
      return fail(fmt::format("'{}' is one argument too many for {}{}", words[most], name, hint(verb)));
    if (!words.empty()) options_.subject = words.front();
    if (words.size() > 1) options_.arguments.assign(words.begin() + 1, words.end());
    for (const std::string& a : options_.arguments)
      if (const auto equals = a.find('='); equals == std::string::npos || equals == 0)
        return fail(fmt::format("'{}': parameters of a task are given as KEY=VALUE{}", a, hint(verb)));
    return true;
  }

  /// Is it given, "format json" with that value?
  bool is_given(std::string_view option) const {
    const auto space = option.find(' ');
    const std::string name(option.substr(0, space));
    if (values_.count(name) == 0) return false;
    return space == std::string_view::npos || values_[name].as<std::string>() == option.substr(space + 1);
  }

  bool has_no_idle_option() {
    for (const Idle& idle : idle_options()) {
      if (idle.verb != options_.verb || is_given(idle.other) != (idle.when == Idle::beside)) continue;
      for (const std::string_view option : idle.options)
        if (is_given(option))
          return fail(fmt::format("--{} has no effect {} --{}{}", option,
                                  idle.when == Idle::beside ? "with" : "without", idle.other, hint(options_.verb)));
    }
    return true;
  }

  /// Two that write one file would spoil it for each other.
  bool has_no_shared_file() {
    const std::pair<const char*, const std::string&> outputs[] = {{"events", options_.events},
                                                                  {"junit", options_.junit},
                                                                  {"trace", options_.trace},
                                                                  {"metrics", options_.metrics}};
    for (auto one = std::begin(outputs); one != std::end(outputs); ++one)
      for (auto other = std::begin(outputs); other != one; ++other)
        if (!one->second.empty() && one->second == other->second)
          return fail(fmt::format("--{} and --{} both write {}; give each its own file", other->first, one->first,
                                  one->second));
    return true;
  }

  const po::variables_map& values_;
  Options options_;
  std::optional<Error> error_;
};

/// Program_options' complaint in our words.
std::string complaint(const po::error& e, Verb verb) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&e)) {
    std::string name = unknown->get_option_name();
    std::vector<std::string> names;
    const po::options_description all = options_of(verb);
    for (const auto& o : all.options()) names.push_back("--" + o->long_name());
    return fmt::format("unknown option '{}'{}{}", name, did_you_mean(name, {names.begin(), names.end()}), hint(verb));
  }
  return fmt::format("{}{}", e.what(), hint(verb));
}

}  // namespace

const std::vector<VerbName>& verbs() {
  static const std::vector<VerbName> all = {
      {Verb::run, "run", "runs a job"},
      {Verb::exec, "exec", "runs one task without a job"},
      {Verb::resume, "resume", "goes on with a run that did not finish"},
      {Verb::history, "history", "shows past runs"},
      {Verb::show, "show", "shows one run task by task"},
      {Verb::plan, "plan", "shows what a job would run"},
      {Verb::check, "check", "finds what is wrong with a job or a plugin"},
      {Verb::list, "list", "shows the plugins that are found"},
      {Verb::inspect, "inspect", "shows what a plugin takes and does"},
      {Verb::graph, "graph", "shows what comes after what"},
      {Verb::new_project, "new", "makes a project for a plugin of your own"},
      {Verb::completion, "completion", "lets a shell complete commands and names"},
      {Verb::version, "version", "shows the version"},
      {Verb::help, "help", "shows help"},
  };
  return all;
}

std::vector<OptionText> options_text(Verb verb) {
  std::vector<OptionText> texts;
  const po::options_description described = options_of(verb);
  for (const auto& option : described.options()) {
    OptionText text{.name = option->long_name(), .value = {}, .help = option->description()};
    const std::string letter = option->canonical_display_name(po::command_line_style::allow_dash_for_short);
    if (letter.size() == 2 && letter.front() == '-') text.letter = letter.back();
    const auto& value = *option->semantic();
    if (value.max_tokens() > 0) text.value = value.name();
    text.takes_many = value.max_tokens() > 1;
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string_view usage_text(Verb verb) { return text_of(verb).usage; }

std::vector<std::string> words_of(const RunOptions& options) {
  std::vector<std::string> words;
  const auto add = [&](const char* name, const std::string& value) {
    words.emplace_back(name);
    words.push_back(value);
  };
  if (options.timeout) add("--timeout", format_duration(options.timeout->count()));
  if (options.grace) add("--grace", format_duration(options.grace->count()));
  if (options.workers) add("--workers", std::to_string(*options.workers));
  for (const auto& dir : options.plugin_dirs) add("--plugin-dir", dir.string());
  if (options.keep_going) words.emplace_back("--keep-going");
  if (options.isolate) words.emplace_back("--isolate");
  if (!options.plugins_lock.empty()) add("--plugins-lock", options.plugins_lock.string());
  if (!options.lock.empty()) add("--lock", options.lock);
  for (const std::string& task : options.only) words.push_back("--only=" + task);  // which may begin with a '-'
  return words;
}

Result<Options> read_options(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty()) return usage("it needs a command; see 'ganger help'");
  std::string name = words.front();
  if (name == "--version" || name == "-V") name = "version";
  if (name == "--help" || name == "-h") name = "help";
  const auto verb = std::ranges::find_if(verbs(), [&](const VerbName& v) { return v.name == name; });
  if (verb == verbs().end()) {
    std::vector<std::string_view> names;
    for (const VerbName& v : verbs()) names.push_back(v.name);
    const std::string what = name.starts_with("-") ? "option" : "command";
    return usage(fmt::format("unknown {} '{}'{}; see 'ganger help'", what, name, did_you_mean(name, names)));
  }
  words.erase(words.begin());

  po::options_description all = options_of(verb->verb);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  // An abbreviation that works today may be ambiguous with the next option.
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  try {
    po::variables_map values;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style).run(), values);
    return Reader(verb->verb, values).read();
  } catch (const po::error& e) {
    return usage(complaint(e, verb->verb));
  }
}

std::string help_text() {
  std::string text =
      "ganger runs jobs: tasks from plugins, in order, with a deadline.\n\nUsage: ganger COMMAND ...\n\nCommands:\n";
  for (const VerbName& v : verbs()) text += fmt::format("  {:<11}{}\n", v.name, v.summary);
  return text + "\nExample:\n  ganger run nightly.toml\n\n'ganger help COMMAND' shows the options of one.\n";
}

std::string help_text(Verb verb) {
  const VerbText& t = text_of(verb);
  const std::string text = fmt::format("Usage: {}\n\n{}\n", t.usage, t.about);
  std::ostringstream options;
  options << options_of(verb);
  return text + "\n" + options.str() + fmt::format("\nExample:\n  {}\n", t.example);
}

}  // namespace ganger::host
