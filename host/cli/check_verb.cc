#include <fmt/format.h>

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

#include "host/check/cancel_sweep.h"
#include "host/check/plugin_check.h"
#include "host/cli/verbs.h"
#include "host/job/job_warnings.h"
#include "host/report/json_text.h"
#include "host/report/say.h"
#include "host/session/pins.h"
#include "host/session/prepare.h"
#include "host/text.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

bool is_plugin(const fs::path& file) {
  if (file.extension() == ".so") return true;
  // A pipe would have us wait, and gives what is read only once.
  if (std::error_code problem; !fs::is_regular_file(file, problem)) return false;
  std::array<char, 4> magic{};
  std::ifstream(file, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "\177ELF";
}

Json report_json(const Options& options, std::string_view what, bool is_fine, Json problems) {
  Json json;
  json["schema"] = "ganger.check/1";
  json["subject"] = options.subject;
  json["what"] = what;
  json["fine"] = is_fine;
  json["problems"] = std::move(problems);
  return json;
}

/// Checks the job and, with --pin, pins its plugins; then `pinned` is how many.
tl::expected<Prepared, Errors> prepare_and_pin(const Options& options, std::optional<std::size_t>& pinned) {
  auto prepared = prepare(options);
  if (!prepared || !options.pin) return prepared;
  const auto written = pin_plugins(options, *prepared);
  if (!written) return tl::unexpected(written.error());
  pinned = *written;
  return prepared;
}

int check_job(const Options& options) {
  std::optional<std::size_t> pinned;
  const auto prepared = prepare_and_pin(options, pinned);
  const Errors warnings = prepared ? warnings_of(prepared->reading.job) : Errors();
  if (options.as_json) {
    Json problems = Json::array();
    if (!prepared)
      for (const Error& e : prepared.error()) problems.push_back(problem_json("error", e.message, e.where));
    for (const Error& w : warnings) problems.push_back(problem_json("warning", w.message, w.where));
    Json json = report_json(options, "job", prepared.has_value(), std::move(problems));
    if (prepared) {
      json["tasks"] = prepared->job.plan.size();
      json["pools"] = prepared->job.pools.size();
      if (pinned) json["pinned"] = *pinned;
    }
    answer_json(std::move(json));
  } else if (!prepared) {
    say(prepared.error());
  } else {
    say_warnings(warnings);
    if (!options.quiet)
      answer(fmt::format("{}: fine ({}, {}{}{})\n", printable(options.subject),
                         counted(prepared->job.plan.size(), "task"), counted(prepared->job.pools.size(), "pool"),
                         pinned ? ", " + counted(*pinned, "plugin") + " pinned" : "",
                         warnings.empty() ? "" : ", " + counted(warnings.size(), "warning")));
  }
  return prepared ? kExitOk : kExitCheckFailed;
}

int check_plugin(const Options& given) {
  // Beside it lies what it is swept with, and it is found first, by its id.
  Options options = given;
  std::error_code gone;
  options.plugin_dirs.insert(options.plugin_dirs.begin(),
                             fs::absolute(options.subject, gone).lexically_normal().parent_path());
  // Here its code is asked in any case.
  const auto registry = make_registry(options, {}, {}, false);
  PluginCheck check(*registry, options.subject);
  check.look();
  if (!options.cancel_sweep.empty() && check.is_fine())
    return sweep_type({.type = options.cancel_sweep,
                       .arguments = options.arguments,
                       .plugin_dirs = options.plugin_dirs,
                       .timeout = options.timeout,
                       .grace = options.grace,
                       .most = options.most,
                       .subject = options.subject,
                       .as_json = options.as_json,
                       .quiet = options.quiet},
                      *registry, *check.plugin());
  if (options.cancel_sweep.empty() && check.plugin() != nullptr && !check.try_types(options.plugin_dirs))
    return kExitInterrupt;
  if (options.as_json) {
    Json json = report_json(options, "plugin", check.is_fine(), check.problems());
    json["trials"] = check.trials();
    answer_json(std::move(json));
  } else {
    answer(check.text(options.quiet));
  }
  return check.is_fine() ? kExitOk : kExitCheckFailed;
}

}  // namespace

int check_verb(const Options& options) {
  std::error_code problem;
  const fs::file_status status = fs::status(options.subject, problem);
  if (status.type() == fs::file_type::not_found || problem) {
    say(fmt::format("error: {}: {}", printable(options.subject),
                    problem ? problem.message() : "there is no such file"));
    return status.type() == fs::file_type::not_found ? kExitNotFound : kExitIo;
  }
  const bool is_for_job = !is_plugin(options.subject);
  // What the command line alone could not tell.
  const std::pair<bool, const char*> idle[] = {
      {is_for_job && !options.cancel_sweep.empty(), "--cancel-sweep takes a plugin, one of whose task types it runs"},
      {!is_for_job && options.pin, "--pin takes a job, whose plugins it pins"},
      {!is_for_job && !options.params.empty(), "--param takes a job, whose parameters it sets"},
      {!is_for_job && !options.plugins_lock.empty(), "--plugins-lock takes a job, whose plugins are pinned there"}};
  for (const auto& [is_given, message] : idle)
    if (is_given) {
      say(fmt::format("error: {}", message));
      return kExitUsage;
    }
  return is_for_job ? check_job(options) : check_plugin(options);
}

}  // namespace ganger::host
