// The verbs that read the journal.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "host/cli/verbs.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/table.h"
#include "host/report/value_json.h"
#include "host/secrets.h"
#include "host/session/record.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

constexpr std::string_view kMask = "***";

using SystemTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "2026-11-22 04:30:00" in the zone of the machine; empty for 0.
std::string local_time(std::int64_t ns) {
  if (ns == 0) return {};
  const SystemTime time{std::chrono::nanoseconds(ns)};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

/// RFC 3339 in UTC with nanoseconds, as in the events; null for 0.
Json utc_time(std::int64_t ns) {
  if (ns == 0) return {};
  constexpr std::int64_t kSecond = 1'000'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(static_cast<std::time_t>(ns / kSecond)),
                     ns % kSecond);
}

/// How it ended; where it wrote nothing about that, whether it can still do so.
std::string end_of(const RunEntry& run) {
  if (run.is_running) return "running";
  return run.end.empty() ? "killed" : run.end;
}

std::string took(std::int64_t started_ns, std::int64_t ended_ns) {
  return started_ns == 0 || ended_ns == 0 ? std::string() : human_time(ended_ns - started_ns);
}

Json json_of(const RunEntry& run) {
  Json json;
  json["run"] = run.header.run;
  json["job"] = run.header.job;
  json["file"] = run.header.job_file.string();
  json["started"] = utc_time(run.started_ns);
  json["ended"] = utc_time(run.ended_ns);
  json["end"] = end_of(run);
  json["exit_code"] = run.exit_code < 0 ? Json() : Json(run.exit_code);
  json["tasks"] = run.total;
  json["sessions"] = run.sessions;
  return json;
}

bool is_in_doubt(const RunEntry& run, const TaskEntryOfRun& task) {
  return task.is_in_doubt && (!run.is_running || has_ended(task.state));
}

std::string state_text(const RunEntry& run, const TaskEntryOfRun& task) {
  if (!is_in_doubt(run, task)) return std::string(name_of(task.state));
  return has_ended(task.state) ? fmt::format("{}, in doubt", name_of(task.state)) : "in doubt";
}

/// What the command line of the run said; of secrets only that they were given.
Json params_json(const RunHeader& header) {
  Json json = Json::object();
  for (const auto& [name, value] : header.params) json[name] = value;
  for (const std::string& name : header.secret_params) json[name] = kMask;
  return json;
}

std::string params_text(const RunHeader& header) {
  std::string text;
  for (const auto& [name, value] : header.params)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  for (const std::string& name : header.secret_params)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, kMask);
  return printable(text);
}

Json json_of(const RunEntry& run, const TaskEntryOfRun& task) {
  Json json;
  json["task"] = task.name;
  json["uses"] = task.type;
  json["outcome"] = has_ended(task.state) ? Json(name_of(task.state)) : Json();
  json["state"] = has_ended(task.state)    ? "ended"
                  : is_in_doubt(run, task) ? "in_doubt"
                                           : std::string(name_of(task.state));
  json["in_doubt"] = is_in_doubt(run, task);
  json["attempts"] = task.attempts;
  json["started"] = utc_time(task.started_ns);
  json["ended"] = utc_time(task.ended_ns);
  json["reason"] = task.reason;
  json["outputs"] = Json::object();
  for (const auto& [name, value] : task.outputs)
    json["outputs"][name] = value.is_text() ? Json(Secrets::shown(value.text)) : host::json_of(value);
  return json;
}

bool has_colour(const Options& options) { return use_colour(options.colour, streams().answer); }

std::string show_text(const RunEntry& run, const std::vector<TaskEntryOfRun>& tasks, const Options& options) {
  std::string text = fmt::format("run {} of {}: {}", run.header.run, printable(run.header.job), end_of(run));
  if (run.exit_code >= 0) text += fmt::format(" (exit {})", run.exit_code);
  text += fmt::format("\n  job      {}\n  started  {}\n", printable(run.header.job_file.string()),
                      local_time(run.started_ns));
  if (run.ended_ns != 0) text += fmt::format("  took     {}\n", took(run.started_ns, run.ended_ns));
  if (const std::string params = params_text(run.header); !params.empty())
    text += fmt::format("  params   {}\n", params);
  if (!run.header.options.empty())
    text += fmt::format("  options  {}\n", printable(fmt::format("{}", fmt::join(run.header.options, " "))));
  if (run.sessions > 1) text += fmt::format("  resumed  {}\n", counted(run.sessions - 1, "time"));
  Table table({"task", "type", "outcome", "attempts", "took", "reason"});
  for (const TaskEntryOfRun& t : tasks)
    table.add({t.name, t.type, state_text(run, t), t.attempts > 1 ? std::to_string(t.attempts) : "",
               took(t.started_ns, t.ended_ns), t.reason});
  return text + table.text("", has_colour(options));
}

int fail(const Error& error) {
  say(Errors{error});
  return exit_code(error.kind);
}

}  // namespace

int history_verb(const Options& options) {
  const auto journal = open_journal_to_read(options);
  if (!journal) return fail(journal.error());
  const auto runs = *journal != nullptr ? (*journal)->runs(options.most) : std::vector<RunEntry>();
  if (!runs) return fail(runs.error());
  if (options.as_json) {
    Json json{{"schema", "ganger.history/1"}, {"runs", Json::array()}};
    for (const RunEntry& run : *runs) json["runs"].push_back(json_of(run));
    answer_json(std::move(json));
    return kExitOk;
  }
  Table table({"run", "job", "started", "took", "end", "exit", "tasks"});
  for (const RunEntry& run : *runs)
    table.add({run.header.run, run.header.job, local_time(run.started_ns), took(run.started_ns, run.ended_ns),
               end_of(run), run.exit_code < 0 ? "" : std::to_string(run.exit_code), std::to_string(run.total)});
  answer(table.empty() ? "no runs yet\n" : table.text("", has_colour(options)));
  return kExitOk;
}

int show_verb(const Options& options) {
  const auto journal = open_journal_to_read(options);
  if (!journal) return fail(journal.error());
  if (*journal == nullptr) return fail(no_runs_yet(options));
  const auto run = (*journal)->find(options.subject);
  if (!run) return fail(run.error());
  const auto tasks = (*journal)->tasks(*run);
  if (!tasks) return fail(tasks.error());
  if (options.as_json) {
    Json json{{"schema", "ganger.show/1"}};
    json.update(json_of(*run));
    json["params"] = params_json(run->header);
    json["options"] = run->header.options;
    json["tasks"] = Json::array();
    for (const TaskEntryOfRun& task : *tasks) json["tasks"].push_back(json_of(*run, task));
    answer_json(std::move(json));
  } else {
    answer(show_text(*run, *tasks, options));
  }
  return kExitOk;
}

}  // namespace ganger::host
