#include "host/report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "host/plan/predecessors.h"
#include "host/report/terminal.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

constexpr std::size_t kMostSlow = 5;
constexpr std::size_t kMostFailed = 20;

std::string headline(const Summary& s) {
  const RunRecord& r = s.record;
  std::string text;
  switch (s.end) {
    case RunEnd::finished:
      text = painted("finished", Paint::green, s.has_colour);
      break;
    case RunEnd::timeout:
      text = painted("stopped by its timeout", Paint::red, s.has_colour);
      break;
    case RunEnd::interrupt:
      text = painted("interrupted", Paint::yellow, s.has_colour);
      break;
    case RunEnd::drained:
      text = painted("drained", Paint::yellow, s.has_colour);
      break;
    case RunEnd::not_recorded:
      text = painted("stopped, for it could not be recorded", Paint::red, s.has_colour);
      break;
    case RunEnd::no_thread:
      text = painted("stopped, no thread could be started", Paint::red, s.has_colour);
      break;
    case RunEnd::failed:
    case RunEnd::pool_unavailable:
      text = painted("failed", Paint::red, s.has_colour);
      break;
  }
  text = fmt::format("{}: {} in {}:", s.names.job, text, human_time(s.run_time.count()));
  std::string sep = " ";
  for (std::size_t i = static_cast<std::size_t>(TaskState::done); i < r.counts.size(); ++i)
    if (r.counts[i] > 0) {
      text += fmt::format("{}{} {}", sep, r.counts[i], name_of(static_cast<TaskState>(i)));
      sep = ", ";
    }
  if (r.done_before > 0) text += fmt::format(" ({} before it was resumed)", r.done_before);
  if (r.retries > 0) text += fmt::format(", {} {}", r.retries, r.retries == 1 ? "retry" : "retries");
  return text + "\n";
}

std::string slowest(const Summary& s) {
  std::vector<TaskIndex> ran;
  for (TaskIndex i = 0; i < s.record.tasks.size(); ++i)
    if (s.record.tasks[i].attempts > 0) ran.push_back(i);
  if (ran.size() < 2) return {};
  const auto n = std::min(kMostSlow, ran.size());
  std::ranges::partial_sort(ran, ran.begin() + static_cast<std::ptrdiff_t>(n), std::ranges::greater{},
                            [&](TaskIndex i) { return s.record.time_of(i); });
  std::string text = "slowest:\n";
  for (std::size_t i = 0; i < n; ++i)
    text += fmt::format("  {:>8}  {}\n", human_time(s.record.time_of(ran[i]).count()), s.names.task(ran[i]));
  return text;
}

bool is_not_done(const TaskRecord& r) { return is_failure(r.state) || r.state == TaskState::interrupted; }

std::string failed(const Summary& s) {
  std::string text;
  std::size_t n = 0;
  for (TaskIndex i = 0; i < s.record.tasks.size(); ++i) {
    const TaskRecord& r = s.record.tasks[i];
    if (!is_not_done(r)) continue;
    if (++n > kMostFailed) continue;
    const auto why = s.record.reasons.find(i);
    text += fmt::format("  {} {}{}{}\n", s.names.task(i), name_of(r.state),
                        r.attempts > 1 ? fmt::format(" after {} attempts", r.attempts) : "",
                        why == s.record.reasons.end() ? "" : ": " + printable(why->second));
  }
  if (n == 0) return {};
  if (n > kMostFailed) text += fmt::format("  ... and {} more\n", n - kMostFailed);
  return painted("not done:", Paint::red, s.has_colour) + "\n" + text;
}

/// How many tasks must run before this one.
std::size_t count_dependencies(const Plan& plan, TaskIndex task) {
  const Predecessors before(plan.graph());
  std::vector<bool> is_seen(plan.size(), false);
  std::vector<TaskIndex> found{task};
  for (std::size_t next = 0; next < found.size(); ++next)
    for (const TaskIndex b : before.of(found[next])) {
      if (!is_seen[b]) found.push_back(b);
      is_seen[b] = true;
    }
  return found.size() - 1;
}

/// The command that does what is left to do, and what else it would run.
std::string hint(const Summary& s) {
  if (s.end == RunEnd::finished || s.end == RunEnd::not_recorded) return {};
  if (!s.resume.empty()) return fmt::format("to run what is not done: {}\n", s.resume);
  const auto first = std::ranges::find_if(s.record.tasks, is_not_done);
  if (s.rerun.empty() || first == s.record.tasks.end()) return {};
  const auto task = static_cast<TaskIndex>(first - s.record.tasks.begin());
  const std::size_t n = count_dependencies(*s.names.plan, task);
  return fmt::format("to run one again{}: {} {}\n",
                     n == 0 ? "" : fmt::format(", after {} it depends on", counted(n, "task")), s.rerun,
                     s.names.task(task));
}

std::string pools(const Summary& s) {
  std::string text;
  for (const PoolSummary& p : s.pools) {
    const PoolStatistics& n = p.statistics;
    text += fmt::format("  {}: {} created, {} reused, {} waited", p.name, n.opened, n.reused, n.waited);
    if (n.waited > 0) text += fmt::format(" (longest {})", human_time(n.longest_wait.count()));
    text += fmt::format(", {} leaked", n.leaked);
    if (n.misused > 0) text += fmt::format(", {} given back wrongly", n.misused);
    if (n.open_failed > 0) text += fmt::format(", {} could not be opened", n.open_failed);
    if (n.refused > 0) text += fmt::format(", {} not tried after that", n.refused);
    if (n.lost_now > 0) text += fmt::format(", {} lost", n.lost_now);
    text += "\n";
  }
  return text.empty() ? text : "pools:\n" + text;
}

}  // namespace

std::string summary_text(const Summary& s) {
  std::string text = headline(s) + failed(s) + hint(s) + slowest(s) + pools(s);
  if (s.dropped > 0)
    text += fmt::format(
        "{} log lines and progress reports came faster than they could be written and were left out\n", s.dropped);
  return text;
}

}  // namespace ganger::host
