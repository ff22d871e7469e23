#include <fmt/format.h>

#include <algorithm>

#include "host/cli/pins.h"
#include "host/cli/prepare.h"
#include "host/cli/say.h"
#include "host/cli/sudden_end.h"
#include "host/cli/verbs.h"
#include "host/plan/check_tasks.h"
#include "host/plan/find_type.h"
#include "host/report/streams.h"
#include "host/report/value_json.h"
#include "host/text.h"

namespace ganger::host {

namespace {

/// A job of one task. What stands on the command line is meant as it is: no `${...}` in it.
Job job_of(const std::string& type, const TaskType& described, const std::vector<std::string>& arguments) {
  Job job;
  job.name = type;
  TaskEntry task;
  task.name = described.name;
  task.uses = type;
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    std::string text = argument.substr(equals + 1);
    for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) text.insert(at, "$");
    JobValue element;
    element.value = std::move(text);
    const auto param = described.find_param(key);
    const bool is_list = param && described.params[*param].is_list();
    const auto known = std::ranges::find_if(task.with, [&](const Setting& s) { return s.key == key; });
    if (!is_list) {
      if (known != task.with.end())
        known->value = std::move(element);
      else
        task.with.push_back({key, std::move(element), {}});
      continue;
    }
    if (known == task.with.end()) {
      JobValue list;
      list.value = JobValue::List{std::move(element)};
      task.with.push_back({key, std::move(list), {}});
    } else {
      std::get<JobValue::List>(known->value.value).push_back(std::move(element));
    }
  }
  job.tasks.push_back(std::move(task));
  return job;
}

/// Into what runs, plugins opened and all.
tl::expected<void, Errors> plan_task(const Options& options, Prepared& prepared) {
  const SuddenEnd opening(streams().log, kExitRefused, "while plugins were being opened", [] {});
  const auto type =
      find_task_type(*prepared.registry, options.subject, options.isolate ? Load::describe : Load::open);
  if (!type) return tl::unexpected(Errors{type.error()});
  prepared.reading.job = job_of(options.subject, **type, options.arguments);
  auto planned =
      make_plan(prepared.reading, *prepared.registry, prepared.facts, {.only = {}, .isolates_all = options.isolate});
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
  const auto state = state_dir(options);
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
  settings.again.clear();
  return run_session(prepared.job, *prepared.registry, settings, [&](const OutputStore& outputs, RunEnd end) {
    if (end != RunEnd::finished || settings.answers_with_events()) return;
    Json answer_json = Json::object();
    for (const auto& [name, value] : outputs.of(0)) {
      Json shown_value = json_of(value);
      if (shown_value.is_string()) shown_value = masked(shown_value.get<std::string>(), prepared.job.secrets);
      answer_json[name] = std::move(shown_value);
    }
    answer(json_text(answer_json) + "\n");
  });
}

}  // namespace ganger::host
