#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "host/check/describe.h"
#include "host/check/opening.h"
#include "host/check/sudden_end.h"
#include "host/check/trial.h"
#include "host/cli/option_table.h"
#include "host/cli/verbs.h"
#include "host/isolate/child/child_main.h"
#include "host/job/suggest.h"
#include "host/out_of_memory.h"
#include "host/report/json_text.h"
#include "host/report/say.h"
#include "host/report/service_manager.h"
#include "host/report/streams.h"
#include "host/stop/signals.h"

namespace ganger::host {

int help_verb(const Options& options) {
  const std::string& name = options.subject;
  if (name.empty()) {
    answer(help_text());
    return kExitOk;
  }
  const auto verb = std::ranges::find(command_rows(), name, &CommandRow::name);
  if (verb == command_rows().end()) {
    std::vector<std::string_view> names;
    for (const CommandRow& row : command_rows()) names.push_back(row.name);
    say(fmt::format("error: there is no command '{}'{}; see 'ganger help'", name, did_you_mean(name, names)));
    return kExitUsage;
  }
  answer(help_text(verb->verb));
  return kExitOk;
}

int version_verb(const Options& options) {
  if (options.as_json)
    answer_json(Json{{"schema", "ganger.version/1"},
                     {"version", GANGER_VERSION},
                     {"abi", fmt::format("{}.{}", GANGER_ABI_MAJOR, GANGER_ABI_MINOR)}});
  else
    answer(fmt::format("ganger {} (plugin ABI {}.{})\n", GANGER_VERSION, GANGER_ABI_MAJOR, GANGER_ABI_MINOR));
  return kExitOk;
}

namespace {

constexpr int kUnixUsage = 2;

/// --exit-style=unix on a command line that is wrong elsewhere.
bool wants_unix_codes(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--exit-style=unix") return true;
    if (word == "--exit-style" && i + 1 < argc && std::string_view(argv[i + 1]) == "unix") return true;
  }
  return false;
}

int run_command(const Options& options) {
  if (options.wants_help) {
    answer(help_text(options.verb));
    return kExitOk;
  }
  switch (options.verb) {
    case Verb::run:
      return options.dry_run ? plan_verb(options) : run_verb(options);
    case Verb::exec:
      return exec_verb(options);
    case Verb::resume:
      return resume_verb(options);
    case Verb::history:
      return history_verb(options);
    case Verb::show:
      return show_verb(options);
    case Verb::plan:
      return plan_verb(options);
    case Verb::check:
      return check_verb(options);
    case Verb::list:
      return list_verb(options);
    case Verb::inspect:
      return inspect_verb(options);
    case Verb::graph:
      return graph_verb(options);
    case Verb::new_project:
      return new_verb(options);
    case Verb::completion:
      return completion_verb(options);
    case Verb::version:
      return version_verb(options);
    case Verb::help:
      return help_verb(options);
  }
  return kExitBug;
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  // Whoever has started us may ignore it, and then no child could be waited for.
  std::signal(SIGCHLD, SIG_DFL);
  if (argc > 1 && argv[1] == kChildWord) return run_child(argc, argv);
  if (argc > 1 && argv[1] == kDescribeWord) return run_describe(argc, argv);
  if (argc > 1 && argv[1] == kTrialWord) return run_trial(argc, argv);
  SuddenEnd::stand_guard();
  leave_when_out_of_memory(kExitDeferred);
  take_streams();
  take_service_settings();
  leave_on_interrupt(kExitInterrupt);
  const auto options = read_options(argc, argv);
  if (!options) {
    say(Errors{options.error()});
    return wants_unix_codes(argc, argv) ? kUnixUsage : kExitUsage;
  }
  if (options->exit_style == ExitStyle::unix_like) leave_on_interrupt(std::nullopt);
  const int code = run_command(*options);
  const int told = code == kExitOk && is_answer_lost() ? kExitIo : code;
  // All is written. What a plugin has started that is no good must neither run on nor be torn down.
  if (was_plugin_refused()) _exit(told);
  return told;
}

}  // namespace ganger::host
