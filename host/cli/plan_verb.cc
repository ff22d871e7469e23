#include <fmt/format.h>

#include <algorithm>

#include "host/cli/verbs.h"
#include "host/plan/predecessors.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/table.h"
#include "host/report/value_json.h"
#include "host/session/prepare.h"
#include "host/session/rehearsal.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

/// What text and JSON show.
struct PlanView {
  const SessionSettings& settings;
  const PlannedJob& job;
  std::size_t tasks_of_job;  ///< without --only
  Rehearsal rehearsal;
  Predecessors before;
};

bool would_run(const PlanView& v, TaskIndex i) { return v.rehearsal.record.tasks[i].state != TaskState::skipped; }

std::string_view lane(const PlannedTask& task) { return task.is_heavy ? "pool" : "serial"; }

std::string reason(const PlanView& v, TaskIndex i) {
  const TaskRecord& record = v.rehearsal.record.tasks[i];
  switch (record.skip_reason) {
    case SkipReason::nothing_failed:
      return "runs only if something it comes after fails";
    case SkipReason::upstream:
      return fmt::format("depends on '{}', which would be skipped", v.job.plan.name(record.culprit));
    default:
      break;
  }
  if (v.job.plan.task(i).when == When::always) return "runs in any case, also after a failure or a stop";
  return v.before.of(i).empty() ? "comes after nothing" : "all it comes after would be done";
}

/// The names before task `i`; after a few only how many more.
std::string after_text(const PlanView& v, TaskIndex i) {
  constexpr std::size_t kMost = 4;
  const auto before = v.before.of(i);
  std::string text;
  for (std::size_t n = 0; n < std::min(before.size(), kMost); ++n)
    text += fmt::format("{}{}", n > 0 ? ", " : "", v.job.plan.name(before[n]));
  if (before.size() > kMost) text += fmt::format(" and {} more", before.size() - kMost);
  return text;
}

std::string limits_text(const Policy& policy) {
  std::string text;
  if (policy.timeout.count() > 0) text = "timeout " + format_duration(policy.timeout.count());
  if (policy.retries > 0)
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", policy.retries, policy.retries == 1 ? "retry" : "retries");
  return text;
}

std::string header(const PlanView& v) {
  const std::uint32_t n = v.job.plan.size();
  std::string text = fmt::format("{}: {}", printable(v.settings.job), counted(n, "task"));
  if (n < v.tasks_of_job) text += fmt::format(" of {}", v.tasks_of_job);
  text += fmt::format(", {}, ", counted(v.settings.workers, "worker"));
  return text + (v.settings.timeout ? "timeout " + format_duration(v.settings.timeout->count()) : "no timeout") +
         "\n";
}

std::string plan_text(const PlanView& v) {
  const bool has_colour = use_colour(v.settings.colour, streams().answer);
  const Plan& plan = v.job.plan;
  Table table({"#", "task", "type", "lane", "after", "when", "limits", "remark"});
  std::size_t position = 0;
  for (const TaskIndex i : v.rehearsal.order) {
    const PlannedTask& task = plan.task(i);
    const bool runs = would_run(v, i);
    table.add({runs ? std::to_string(++position) : "-", std::string(plan.name(i)), task.type->id,
               std::string(lane(task)), after_text(v, i),
               task.when == When::ok ? "" : std::string(name_of(task.when)), limits_text(plan.policy(i)),
               runs ? "" : fmt::format("skipped: {}", reason(v, i))});
  }
  return header(v) + table.text("", has_colour);
}

/// The text of the job file that is filled in when the task starts.
std::string reference_text(const Template& text) {
  std::string all;
  for (const auto& piece : text.pieces) {
    if (const auto* reference = std::get_if<Reference>(&piece))
      all += fmt::format("${{tasks.{}.{}}}", reference->name, reference->output);
    else
      all += std::get<std::string>(piece);
  }
  return all;
}

Json params_json(const Plan& plan, TaskIndex i) {
  const auto& params = plan.task(i).type->params;
  const Binding& binding = plan.binding(i);
  Json all = Json::object();
  for (std::size_t p = 0; p < params.size(); ++p) {
    const BoundParam& bound = binding[p];
    Json values = Json::array();
    for (std::size_t n = 0; n < bound.values.size(); ++n) {
      const bool is_deferred = !bound.deferred.empty() && bound.deferred[n];
      values.push_back(params[p].type == GANGER_SECRET ? Json("***")
                       : is_deferred                   ? Json(reference_text(*bound.deferred[n]))
                                                       : json_of(bound.values[n]));
    }
    if (params[p].is_list())
      all[params[p].name] = std::move(values);
    else
      all[params[p].name] = values.empty() ? Json() : values.front();
  }
  return all;
}

Json task_json(const PlanView& v, TaskIndex i) {
  const Plan& plan = v.job.plan;
  const PlannedTask& task = plan.task(i);
  Json after = Json::array();
  for (const TaskIndex b : v.before.of(i)) after.push_back(plan.name(b));
  const Policy& policy = plan.policy(i);
  Json json;
  json["name"] = plan.name(i);
  json["uses"] = task.type->id;
  json["lane"] = lane(task);
  json["after"] = std::move(after);
  json["when"] = name_of(task.when);
  json["timeout_ns"] = policy.timeout.count() > 0 ? Json(policy.timeout.count()) : Json();
  json["retries"] = policy.retries;
  json["params"] = params_json(plan, i);
  json["would_run"] = would_run(v, i);
  json["reason"] = reason(v, i);
  return json;
}

Json plan_json(const PlanView& v) {
  Json json;
  json["schema"] = "ganger.plan/1";
  json["job"] = v.settings.job;
  json["workers"] = v.settings.workers;
  json["timeout_ns"] = v.settings.timeout ? Json(v.settings.timeout->count()) : Json();
  json["tasks"] = Json::array();
  for (const TaskIndex i : v.rehearsal.order) json["tasks"].push_back(task_json(v, i));
  return json;
}

}  // namespace

int plan_verb(const Options& options) {
  const auto prepared = prepare(options);
  if (!prepared) {
    say(prepared.error());
    return exit_code(prepared.error());
  }
  const SessionSettings settings = make_settings(options, *prepared);
  const PlanView view{.settings = settings,
                      .job = prepared->job,
                      .tasks_of_job = prepared->reading.job.tasks.size(),
                      .rehearsal = rehearse(prepared->job.plan, {.workers = settings.workers}),
                      .before = Predecessors(prepared->job.plan.graph())};
  if (options.as_json)
    answer_json(plan_json(view));
  else
    answer(plan_text(view));
  return kExitOk;
}

}  // namespace ganger::host
