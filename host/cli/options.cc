#include "host/cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>
#include <utility>

#include "host/cli/option_table.h"
#include "host/job/suggest.h"

namespace ganger::host {

namespace po = boost::program_options;

namespace {

/// The rows of a command, as the library wants them.
po::options_description described(Verb verb) {
  po::options_description all("Options", 110, 60);
  for (const OptionRow* row : options_of(verb)) {
    std::string name(row->name);
    if (row->letter != 0) name += std::string(",") + row->letter;
    const std::string help(row->help);
    if (row->value.empty()) {
      all.add_options()(name.c_str(), help.c_str());
      continue;
    }
    auto* value = po::value<std::vector<std::string>>()->composing()->value_name(std::string(row->value));
    if (row->takes_many()) value->multitoken();
    all.add_options()(name.c_str(), value, help.c_str());
  }
  return all;
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

std::string hint(Verb verb) { return fmt::format("; see 'ganger help {}'", row_of(verb).name); }

/// The words of "skip|wait"; none where the value is described otherwise.
std::vector<std::string_view> words_in(std::string_view value) {
  std::vector<std::string_view> words;
  if (value.find('|') == std::string_view::npos ||
      value.find_first_not_of("abcdefghijklmnopqrstuvwxyz|") != std::string_view::npos)
    return words;
  for (std::size_t from = 0; from <= value.size();) {
    const std::size_t to = std::min(value.find('|', from), value.size());
    words.push_back(value.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

class Reader {
 public:
  Reader(Verb verb, const po::variables_map& values) : values_(values) {
    options_.verb = verb;
    if (verb == Verb::resume) options_.purpose = Purpose::resume;
    if (verb == Verb::run && values.count("dry-run") == 0) options_.purpose = Purpose::run;
    if (verb == Verb::check) options_.most = 100;
  }

  Result<Options> read() {
    static_cast<void>(take_all() && has_no_contradiction() && read_positionals() &&
                      (options_.wants_help || (has_no_idle_option() && has_no_shared_file())));
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(options_);
  }

 private:
  std::vector<std::string> all(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::vector<std::string>{} : found->second.as<std::vector<std::string>>();
  }
  bool fail(std::string message) {
    error_ = Error{ErrorKind::usage, std::move(message), {}};
    return false;
  }

  bool take_all() {
    for (const OptionRow* row : options_of(options_.verb)) {
      if (values_.count(std::string(row->name)) == 0) continue;
      const auto given = row->value.empty() ? std::vector<std::string>{""} : all(row->name);
      const auto words = words_in(row->value);
      if (given.size() > 1 && !row->may_repeat)
        return fail(
            fmt::format("option '--{}' cannot be specified more than once{}", row->name, hint(options_.verb)));
      for (const std::string& value : given) {
        if (!words.empty() && std::ranges::count(words, value) == 0)
          return fail(fmt::format("--{} {}: it is one of {}{}", row->name, value, fmt::join(words, ", "),
                                  did_you_mean(value, words)));
        if (auto taken = row->take(options_, value); !taken)
          return fail(fmt::format("--{}{}", row->name, taken.error().message));
      }
    }
    return true;
  }

  bool has_no_contradiction() {
    return !options_.quiet || !options_.verbose || fail("--quiet and --verbose exclude each other");
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
    const auto& [name, subject] = std::pair(row_of(verb).name, row_of(verb).subject);
    const bool needs_subject = !subject.empty();
    if (needs_subject && (words.empty() || words.front().empty()))
      return fail(fmt::format("{} needs {}{}", name, subject, hint(verb)));
    const bool may_have_subject = needs_subject || verb == Verb::help || verb == Verb::resume || verb == Verb::show;
    const bool takes_arguments = verb == Verb::exec || !options_.cancel_sweep.empty();
    const std::size_t most = takes_arguments ? SIZE_MAX : may_have_subject ? 1 : 0;
    if (words.size() > most) return fail(fmt::format("unexpected argument '{}'{}", words[most], hint(verb)));
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
    return space == std::string_view::npos || all(name).back() == option.substr(space + 1);
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
    for (const OptionRow* row : options_of(verb)) names.push_back("--" + std::string(row->name));
    return fmt::format("unknown option '{}'{}{}", name, did_you_mean(name, {names.begin(), names.end()}), hint(verb));
  }
  return fmt::format("{}{}", e.what(), hint(verb));
}

}  // namespace

std::vector<std::string> words_of(const RunOptions& options) {
  std::vector<std::string> words;
  for (const OptionRow* row : options_of(Verb::run))
    if (row->record != nullptr) row->record(options, "--" + std::string(row->name), words);
  return words;
}

Result<Options> read_options(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty()) return usage("no command given; see 'ganger help'");
  std::string name = words.front();
  if (name == "--version" || name == "-V") name = "version";
  if (name == "--help" || name == "-h") name = "help";
  const auto verb = std::ranges::find(command_rows(), name, &CommandRow::name);
  if (verb == command_rows().end()) {
    std::vector<std::string_view> names;
    for (const CommandRow& row : command_rows()) names.push_back(row.name);
    const std::string what = name.starts_with("-") ? "option" : "command";
    return usage(fmt::format("unknown {} '{}'{}; see 'ganger help'", what, name, did_you_mean(name, names)));
  }
  words.erase(words.begin());

  po::options_description all = described(verb->verb);
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
  for (const CommandRow& row : command_rows()) text += fmt::format("  {:<11}{}\n", row.name, row.summary);
  return text + "\nExample:\n  ganger run nightly.toml\n\n'ganger help COMMAND' shows the options of one.\n";
}

std::string help_text(Verb verb) {
  const CommandRow& t = row_of(verb);
  const std::string text = fmt::format("Usage: {}\n\n{}\n", t.usage, t.about);
  std::ostringstream options;
  options << described(verb);
  return text + "\n" + options.str() + fmt::format("\nExample:\n  {}\n", t.example);
}

}  // namespace ganger::host
