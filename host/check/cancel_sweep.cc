#include "host/check/cancel_sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "host/check/trial_task.h"
#include "host/job/suggest.h"
#include "host/report/exit_code.h"
#include "host/report/json_text.h"
#include "host/report/say.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

/// Threads of parallel() in the stops that come once more where it is called.
constexpr std::uint32_t kThreads = 4;
/// A task that does not stop costs a grace for each call; enough has been seen then.
constexpr std::size_t kMostBadRuns = 10;

std::string status_name(std::int32_t status) {
  constexpr std::array kNames = {"OK",        "FAILED",      "RETRY",       "CANCELLED", "TIMEOUT",
                                 "BAD_PARAM", "NO_RESOURCE", "UNSUPPORTED", "NO_MEMORY", "BUG"};
  if (status < 0 || status >= static_cast<std::int32_t>(kNames.size())) return fmt::format("status {}", status);
  return fmt::format("GANGER_{}", kNames[static_cast<std::size_t>(status)]);
}

/// What a task may return that something was done to.
bool may_return(Disturbance disturbance, std::int32_t status) {
  return status == GANGER_OK || status == GANGER_CANCELLED || disturbance == Disturbance::no_resource ||
         (disturbance == Disturbance::deadline && status == GANGER_TIMEOUT);
}

/// At most `most` of the numbers 1 to `count`, evenly spread; 0 = all.
std::vector<std::uint64_t> sample(std::uint64_t count, std::uint64_t most) {
  const std::uint64_t size = most == 0 ? count : std::min(count, most);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < size; ++i)
    numbers.push_back(size == 1
                          ? 1
                          : 1 + static_cast<std::uint64_t>(static_cast<double>(i) * static_cast<double>(count - 1) /
                                                           static_cast<double>(size - 1)));
  return numbers;
}

std::string duration_text(Duration d) {
  const double seconds = std::chrono::duration<double>(d).count();
  return seconds < 1 ? fmt::format("{:.1f}ms", seconds * 1000) : fmt::format("{:.1f}s", seconds);
}

class Sweep {
 public:
  Sweep(TrialTask task, std::uint64_t most) : task_(std::move(task)), most_(most) {}

  /// False when the user wants to leave.
  bool run() {
    whole_ = runner_.run(task_);
    if (whole_.end == Trial::End::interrupted) return false;
    if (whole_.end == Trial::End::not_run) return true;
    judge_whole();
    if (whole_.end != Trial::End::returned || whole_.status != GANGER_OK) return true;
    known_.insert(whole_.findings.begin(), whole_.findings.end());
    const auto numbers = sample(whole_.calls, most_);
    tried_ = numbers.size();
    for (const std::uint64_t call : numbers)
      for (const Disturbance d : {Disturbance::stop, Disturbance::stop_after, Disturbance::deadline})
        if (!try_one(d, call)) return !is_interrupted_;
    for (const std::uint64_t which : sample(whole_.acquires.size(), most_))
      if (!try_one(Disturbance::no_resource, whole_.acquires[which - 1])) return !is_interrupted_;
    if (!whole_.counts.contains("parallel")) return true;
    task_.threads = kThreads;
    for (const std::uint64_t call : numbers)
      if (!try_one(Disturbance::stop, call)) return !is_interrupted_;
    return true;
  }

  bool was_run() const { return whole_.end != Trial::End::not_run; }
  const std::string& why_not() const { return whole_.why; }
  bool is_fine() const { return problems_.empty(); }
  std::string text(bool is_quiet) const;
  Json json(const std::string& subject) const;

 private:
  struct Problem {
    std::uint64_t call = 0;  // 0 = of a run to which nothing was done
    std::string service;
    Disturbance disturbance = Disturbance::none;
    std::string message;
    std::uint32_t threads = 1;
  };

  void add(std::uint64_t call, const Trial& trial, Disturbance d, std::string message) {
    problems_.push_back({call, trial.disturbed, d, std::move(message), task_.threads});
  }

  void judge_whole() {
    for (const std::string& finding : whole_.findings) add(0, whole_, Disturbance::none, finding);
    if (whole_.end == Trial::End::too_long)
      add(0, whole_, Disturbance::none,
          fmt::format("does not come to an end within {}, so that its calls cannot be counted; give it less to do, "
                      "or more time with --timeout",
                      format_duration(task_.limit.count())));
    if (whole_.end == Trial::End::returned && whole_.status != GANGER_OK)
      add(0, whole_, Disturbance::none,
          fmt::format("returns {}{}; give it parameters with which it is done", status_name(whole_.status),
                      whole_.why.empty() ? "" : ": " + whole_.why));
  }

  /// False when enough has been seen.
  bool try_one(Disturbance d, std::uint64_t call) {
    const Trial trial = runner_.run(task_, d, call);
    is_interrupted_ = trial.end == Trial::End::interrupted;
    if (is_interrupted_) return false;
    ++runs_;
    const std::size_t before = problems_.size();
    judge(d, call, trial);
    if (trial.end == Trial::End::returned && trial.ended_after > slowest_) slowest_ = trial.ended_after;
    if (problems_.size() > before && ++bad_runs_ == kMostBadRuns) is_given_up_ = true;
    return !is_given_up_;
  }

  void judge(Disturbance d, std::uint64_t call, const Trial& trial) {
    if (trial.end == Trial::End::not_run) return add(call, trial, d, "could not be run again: " + trial.why);
    if (trial.end == Trial::End::too_long)
      return add(call, trial, d, "took longer than it may before it made this call");
    for (const std::string& finding : trial.findings)
      if (!known_.contains(finding)) add(call, trial, d, finding);
    if (trial.end != Trial::End::returned) return;
    if (trial.disturbed.empty()) {
      ++missed_;
      return;
    }
    if (!may_return(d, trial.status))
      add(call, trial, d,
          fmt::format("returned {}{} and not GANGER_CANCELLED", status_name(trial.status),
                      trial.why.empty() ? "" : fmt::format(" ({})", trial.why)));
    for (const std::string& file : trial.files)
      if (!std::ranges::binary_search(whole_.files, file))
        add(call, trial, d, "left a file that is not there after a whole run: " + file);
  }

  std::string what_was_swept() const;

  TrialTask task_;
  const std::uint64_t most_;
  TrialRunner runner_;
  Trial whole_;
  std::set<std::string> known_;  // what it leaves behind in any case, told once
  std::vector<Problem> problems_;
  std::uint64_t tried_ = 0, runs_ = 0, missed_ = 0;
  std::size_t bad_runs_ = 0;
  Duration slowest_{};
  bool is_interrupted_ = false, is_given_up_ = false;
};

std::string Sweep::what_was_swept() const {
  std::string text;
  if (is_given_up_)
    text = fmt::format("given up after {}, of which {} were bad", counted(runs_, "run"), kMostBadRuns);
  else if (tried_ == whole_.calls)
    text = fmt::format("each of them tried, in {}", counted(runs_, "run"));
  else
    text = fmt::format("{} of them tried, evenly spread (--most 0 for all), in {}", tried_, counted(runs_, "run"));
  if (missed_ > 0)
    text += fmt::format("; in {} the call did not come, as its calls are not always the same", missed_);
  return text;
}

std::string Sweep::text(bool is_quiet) const {
  std::string text;
  if (!is_quiet && whole_.end == Trial::End::returned) {
    std::vector<std::string> counts;
    for (const auto& [service, count] : whole_.counts) counts.push_back(fmt::format("{} {}", count, service));
    text += fmt::format("{} makes {} in {}{}{}\n", task_.type, counted(whole_.calls, "call"),
                        duration_text(whole_.took), counts.empty() ? "" : ": ", fmt::join(counts, ", "));
    if (runs_ > 0) text += what_was_swept() + "\n";
  }
  for (const Problem& p : problems_)
    text += p.call == 0 ? fmt::format("error: left alone, it {}\n", p.message)
                        : fmt::format("error: {}{} call {}{}{}: {}\n", name_of(p.disturbance),
                                      p.disturbance == Disturbance::stop_after ? "" : " at", p.call,
                                      p.service.empty() ? "" : fmt::format(" ({})", p.service),
                                      p.threads == 1 ? "" : fmt::format(", on {} threads", p.threads), p.message);
  if (!is_quiet && is_fine())
    text += runs_ == 0 ? "ok: there is no call at which it could be told to stop\n"
                       : fmt::format("ok: it always ended within {} ({} are allowed), and left nothing behind\n",
                                     duration_text(slowest_), format_duration(task_.grace.count()));
  return text;
}

Json Sweep::json(const std::string& subject) const {
  Json json{{"schema", "ganger.sweep/1"}, {"subject", subject}, {"type", task_.type}, {"fine", is_fine()}};
  json["calls"] = whole_.calls;
  json["counts"] = whole_.counts;
  json["took_ns"] = whole_.took.count();
  json["tried_calls"] = tried_;
  json["runs"] = runs_;
  json["missed"] = missed_;
  json["given_up"] = is_given_up_;
  json["grace_ns"] = task_.grace.count();
  json["slowest_ns"] = slowest_.count();
  json["problems"] = Json::array();
  for (const Problem& p : problems_) {
    Json one{{"severity", "error"}, {"message", p.message}, {"disturbance", name_of(p.disturbance)}};
    one["call"] = p.call == 0 ? Json() : Json(p.call);
    one["service"] = p.service.empty() ? Json() : Json(p.service);
    one["threads"] = p.threads;
    json["problems"].push_back(std::move(one));
  }
  return json;
}

/// TYPE, or PLUGIN.TYPE.
Result<const TaskType*> type_of(const Plugin& plugin, std::string_view name) {
  if (name.starts_with(plugin.id + ".")) name.remove_prefix(plugin.id.size() + 1);
  const TaskType* type = plugin.find_task_type(name);
  std::vector<std::string_view> names;
  for (const auto& one : plugin.task_types) names.push_back(one->name);
  if (type == nullptr)
    return failure(ErrorKind::not_found,
                   fmt::format("plugin '{}' has no task type '{}'{}; it has: {}", plugin.id, excerpt(name),
                               did_you_mean(name, names), fmt::join(names, ", ")));
  if (!type->unusable.empty())
    return failure(ErrorKind::wrong_abi, fmt::format("task type '{}' {}", type->id, type->unusable));
  return type;
}

}  // namespace

int sweep_type(const SweepOptions& options, Registry& registry, const Plugin& plugin) {
  const auto fail = [](const Error& error) {
    say(Errors{error});
    return exit_code(error.kind);
  };
  const auto type = type_of(plugin, options.type);
  if (!type) return fail(type.error());
  auto task = make_trial_task(registry, **type, options.arguments, options.plugin_dirs);
  if (!task) return fail(task.error());
  task->limit = options.timeout.value_or(task->limit);
  task->grace = options.grace.value_or(task->grace);
  Sweep sweep(std::move(*task), options.most);
  if (!sweep.run()) return kExitInterrupt;
  if (!sweep.was_run()) return fail({ErrorKind::bad_job, sweep.why_not(), {}});
  if (options.as_json)
    answer_json(sweep.json(options.subject));
  else
    answer(sweep.text(options.quiet));
  return sweep.is_fine() ? kExitOk : kExitCheckFailed;
}

}  // namespace ganger::host
