#include <fmt/format.h>

#include "host/check/sudden_end.h"
#include "host/cli/verbs.h"
#include "host/plan/check_tasks.h"
#include "host/plan/find_type.h"
#include "host/plan/one_task.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/value_json.h"
#include "host/session/arguments.h"
#include "host/session/pins.h"
#include "host/session/prepare.h"

namespace ganger::host {

namespace {

/// Into what runs, plugins opened and all.
tl::expected<void, Errors> plan_task(const Options& options, Prepared& prepared) {
  const SuddenEnd opening(streams().log, kExitRefused, "while plugins were being opened", [] {});
  const auto type =
      find_task_type(*prepared.registry, options.subject, options.isolate ? Load::describe : Load::open);
  if (!type) return tl::unexpected(Errors{type.error()});
  // What stands on the command line is meant as it is.
  std::vector<std::string> arguments = options.arguments;
  for (std::string& argument : arguments) argument = literally(std::move(argument));
  prepared.reading.job = one_task_job(options.subject, **type, arguments);
  auto planned =
      make_plan(prepared.reading, *prepared.registry, prepared.facts, {.only = {}, .isolates_all = options.isolate});
  hide_secret_arguments();
  if (!planned) return tl::unexpected(std::move(planned).error());
  prepared.job = std::move(*planned);
  Errors errors = check_tasks(prepared.job, prepared.reading.job, *prepared.registry);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return {};
}

}  // namespace

int exec_verb(const Options& options) {
  const auto fail = [](const Errors& errors) {
    say(errors);
    return exit_code(errors);
  };
  const auto state = trusted_state_dir(options);
  if (!state) return fail({state.error()});
  Prepared prepared;
  auto pins = pins_for(options, {});
  if (!pins) return fail(pins.error());
  prepared.registry = make_registry(options, {}, std::move(*pins));
  prepared.facts = make_facts(options, *state);
  if (auto planned = plan_task(options, prepared); !planned) return fail(planned.error());

  SessionSettings settings = make_settings(options, prepared);
  settings.has_summary = options.verbose;
  settings.keep_files = true;  // an output may be a path in there
  return run_session(prepared.job, *prepared.registry, settings, [&](const OutputStore& outputs, RunEnd end) {
    if (end != RunEnd::finished || settings.answers_with_events()) return;
    Json outputs_json = Json::object();
    for (const auto& [name, value] : outputs.of(0)) outputs_json[name] = json_of(value);
    answer_json(std::move(outputs_json));
  });
}

}  // namespace ganger::host
