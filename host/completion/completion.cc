#include "host/completion/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "host/completion/typed_line.h"
#include "host/job/lenient_reading.h"
#include "host/journal/journal.h"
#include "host/report/exit_code.h"
#include "host/report/say.h"
#include "host/session/prepare.h"
#include "host/text.h"

namespace ganger::host {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostRuns = 50;

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(between, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

/// Without the brackets of what need not be given.
std::string_view bare(std::string_view word) {
  while (word.starts_with("[")) word.remove_prefix(1);
  while (word.ends_with("]")) word.remove_suffix(1);
  return word;
}

/// What the verb of a line wants at its cursor, by its usage: "PLUGIN.TYPE", "KEY=VALUE". The last one again where it
/// may be repeated; what comes after an option only where that is given; empty when there are as many as it takes.
std::string_view wanted(const TypedLine& line) {
  std::vector<std::string_view> wishes;
  const std::size_t place = line.subjects.size();
  const auto words = split(row_of(*line.verb).usage, ' ');
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string_view word = bare(words[i]);
    if (word.starts_with("--")) {
      if (!line.given.contains(word.substr(2))) break;
      ++i;  // its value
    } else if (word == "..." && !wishes.empty()) {
      return wishes[std::min(place, wishes.size() - 1)];
    } else if (word != "OPTIONS") {
      wishes.push_back(word);
    }
  }
  return place < wishes.size() ? wishes[place] : std::string_view();
}

/// A default or another value as it would be typed; empty for a list.
std::string typed(const JobValue& value) {
  if (const auto* text = value.text()) return *text;
  if (const auto* flag = std::get_if<bool>(&value.value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value.value)) return fmt::format("{}", *number);
  return {};
}

class Completer {
 public:
  explicit Completer(TypedLine line) : line_(std::move(line)) {
    for (const std::string& dir : line_.given["plugin-dir"]) options_.plugin_dirs.push_back(absolute(dir));
    options_.state_dir = absolute(line_.value("state-dir"));
  }

  std::vector<std::string> lines() {
    if (!line_.verb)
      add_first();
    else if (line_.open)
      for (const std::string_view wish : split(line_.open->value, '|')) add_wish(wish);
    else if (line_.current.starts_with("-") && !line_.are_options_over)
      add_options();
    else
      for (const std::string_view wish : split(wanted(line_), '|')) add_wish(wish);
    return std::move(lines_);
  }

 private:
  static fs::path absolute(std::string_view path) {
    std::error_code problem;
    return path.empty() ? fs::path() : fs::absolute(expanded(path), problem).lexically_normal();
  }

  void add(const std::string& word, std::string_view help) {
    // A line is a line: nothing of ours has such characters, but names of others may.
    if (!word.starts_with(line_.current) || printable(word) != word) return;
    lines_.push_back(fmt::format("{}{}\t{}", line_.prefix, word, printable(help)));
  }
  void add_files(std::string_view suffix) { lines_.push_back(fmt::format(":files\t{}", suffix)); }

  /// What is wanted, as usage and options call it.
  void add_wish(std::string_view wish) {
    if (wish.ends_with("...")) wish.remove_suffix(3);
    if (wish == "PLUGIN")
      add_plugins();
    else if (wish == "PLUGIN.TYPE")
      add_types();
    else if (wish == "TYPE")
      add_types_of_file();
    else if (wish == "KEY=VALUE")
      add_params_of_type();
    else if (wish == "K=V")
      add_params_of_job();
    else if (wish == "TASK")
      add_tasks();
    else if (wish == "RUN")
      add_runs();
    else if (wish == "COMMAND")
      add_verbs();
    else if (wish == "DIR")
      lines_.emplace_back(":folders\t");
    else if (wish == "FILE")
      add_files("");
    else if (const auto dot = wish.find('.'); dot != std::string_view::npos)
      add_files(wish.substr(dot));
    else if (wish.find_first_not_of("abcdefghijklmnopqrstuvwxyz+") == std::string_view::npos && !wish.empty())
      add(std::string(wish), "");
  }

  void add_first() {
    add_verbs();
    if (!line_.current.starts_with("-")) return;
    add("--help", "shows help");
    add("--version", "shows the version");
  }

  void add_verbs() {
    for (const CommandRow& verb : command_rows()) add(std::string(verb.name), verb.summary);
  }

  void add_options() {
    for (const OptionRow* option : options_of(*line_.verb)) {
      if (option->letter != '\0' && line_.current == "-") add(fmt::format("-{}", option->letter), option->help);
      add("--" + std::string(option->name), option->help);
    }
  }

  Registry& registry() {
    if (!registry_) registry_ = make_registry(options_, {});
    return *registry_;
  }

  void add_plugins() {
    std::set<std::string> ids;
    for (const Candidate& candidate : registry().search_path().find_all())
      if (const std::string id = candidate.file.stem().string(); ids.insert(id).second) add(id, "");
  }

  void add_types() {
    // `inspect` takes plugins and pool kinds, too: what they provide is shown once a dot says that it is wanted.
    const bool is_inspected = line_.verb == Verb::inspect;
    if (is_inspected && line_.current.find('.') == std::string::npos) return;
    for (const Listing& listing : registry().list()) {
      if (listing.plugin == nullptr) continue;
      for (const auto& type : listing.plugin->task_types)
        if (is_inspected || type->unusable.empty()) add(type->id, type->summary);
      if (!is_inspected) continue;
      for (const auto& kind : listing.plugin->pool_kinds) add(kind->id, kind->summary);
    }
  }

  /// The plugin file that is the subject, if it is one.
  const Plugin* plugin_file() {
    if (line_.subjects.empty()) return nullptr;
    return registry().load_file(absolute(line_.subjects.front()), Load::describe).value_or(nullptr);
  }

  void add_types_of_file() {
    if (const Plugin* plugin = plugin_file())
      for (const auto& type : plugin->task_types) add(type->name, type->summary);
  }

  /// The one whose parameters are typed.
  const TaskType* type_at_hand() {
    if (line_.verb != Verb::check)
      return registry().task_type(line_.subjects.front(), Load::describe).value_or(nullptr);
    const Plugin* plugin = plugin_file();
    return plugin == nullptr ? nullptr : plugin->find_task_type(line_.value("cancel-sweep"));
  }

  void add_params_of_type() {
    const TaskType* type = type_at_hand();
    if (type == nullptr) return;
    const auto equals = line_.current.find('=');
    for (const Param& param : type->params) {
      if (equals == std::string::npos) {
        if (!is_set(line_.subjects, param.name) || param.is_list())
          add(param.name + "=", param.is_required() ? param.help + " (required)" : param.help);
      } else if (line_.current.substr(0, equals) == param.name) {
        add_values(param);
      }
    }
  }

  void add_values(const Param& param) {
    for (const std::string& choice : param.choices) add(fmt::format("{}={}", param.name, choice), "");
    if (param.type == GANGER_BOOL)
      for (const char* word : {"true", "false"}) add(fmt::format("{}={}", param.name, word), "");
    if (param.type == GANGER_PATH || (param.type == GANGER_STR && param.choices.empty())) add_files("");
  }

  /// The one that is named, or of which the run is that is to go on.
  const Job& job() {
    if (job_) return *job_;
    fs::path file;
    if (line_.verb == Verb::resume) {
      const std::string_view wish = line_.subjects.empty() ? std::string_view() : line_.subjects.front();
      const auto all = runs();
      const auto run =
          std::ranges::find_if(all, [&](const RunEntry& entry) { return entry.header.run.starts_with(wish); });
      if (run != all.end()) file = run->header.job_file;
    } else if (!line_.subjects.empty()) {
      file = expanded(line_.subjects.front());
    }
    return job_.emplace(read_what_parses(file));
  }

  void add_params_of_job() {
    const auto equals = line_.current.find('=');
    for (const Setting& param : job().params) {
      const std::string usual = typed(param.value);
      if (equals == std::string::npos) {
        if (!is_set(line_.given["param"], param.key)) add(param.key + "=", usual);
      } else if (line_.current.substr(0, equals) == param.key) {
        if (!usual.empty()) add(fmt::format("{}={}", param.key, usual), "default");
        add_files("");
      }
    }
  }

  void add_tasks() {
    for (const TaskEntry& task : job().tasks)
      if (!task.name.empty() && std::ranges::count(line_.given["only"], task.name) == 0) add(task.name, task.uses);
    // The job file may come after --only and its tasks.
    if (line_.subjects.empty()) add_files(".toml");
  }

  std::vector<RunEntry> runs() {
    const auto state = state_dir(options_);
    return state ? glance_at_runs(*state, kMostRuns) : std::vector<RunEntry>();
  }

  void add_runs() {
    for (const RunEntry& run : runs()) {
      const std::string end = run.is_running ? "running" : run.end.empty() ? "killed" : run.end;
      if (line_.verb != Verb::resume || (end != "finished" && end != "running"))
        add(run.header.run, fmt::format("{}, {}", run.header.job, end));
    }
  }

  /// Is one of the words KEY=VALUE with that key?
  static bool is_set(const std::vector<std::string>& words, const std::string& key) {
    return std::ranges::any_of(words, [&](const std::string& word) { return word.starts_with(key + "="); });
  }

  TypedLine line_;
  Options options_;
  std::unique_ptr<Registry> registry_;
  std::optional<Job> job_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> completions(const std::vector<std::string>& words) {
  auto line = read_typed(words);
  return line ? Completer(*std::move(line)).lines() : std::vector<std::string>();
}

int run_complete(int argc, const char* const* argv) {
  std::string text;
  for (const std::string& line : completions({argv + std::min(argc, 2), argv + argc})) text += line + "\n";
  answer(text);
  return kExitOk;
}

}  // namespace ganger::host
