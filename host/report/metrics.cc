#include "host/report/metrics.h"

#include <fmt/format.h>

#include <functional>

namespace ganger::host {

namespace {

/// A label's value, as the exposition format has it.
std::string label_value(std::string_view raw) {
  std::string out = "\"";
  for (const char c : raw) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + "\"";
}

std::string heading(std::string_view name, std::string_view help) {
  return fmt::format("# HELP ganger_{0} {1}\n# TYPE ganger_{0} gauge\n", name, help);
}

struct PoolNumber {
  std::string_view name, help;
  double (*of)(const PoolStatistics&);
};

constexpr PoolNumber kPoolNumbers[] = {
    {"pool_opened", "Resources opened.", [](const PoolStatistics& n) { return static_cast<double>(n.opened); }},
    {"pool_open_failures", "Opens that failed.",
     [](const PoolStatistics& n) { return static_cast<double>(n.open_failed); }},
    {"pool_open_refusals", "Borrowings that failed at once, as opening had failed again and again.",
     [](const PoolStatistics& n) { return static_cast<double>(n.refused); }},
    {"pool_reused", "Resources lent without opening one.",
     [](const PoolStatistics& n) { return static_cast<double>(n.reused); }},
    {"pool_waits", "Borrowings that had to wait.",
     [](const PoolStatistics& n) { return static_cast<double>(n.waited); }},
    {"pool_wait_seconds", "Time spent waiting, of all borrowers together.",
     [](const PoolStatistics& n) { return in_seconds(n.total_wait); }},
    {"pool_longest_wait_seconds", "The longest wait.",
     [](const PoolStatistics& n) { return in_seconds(n.longest_wait); }},
    {"pool_timeouts", "Borrowings that got nothing in time.",
     [](const PoolStatistics& n) { return static_cast<double>(n.timed_out); }},
    {"pool_leaks", "Leases a task ended with: bugs of plugins.",
     [](const PoolStatistics& n) { return static_cast<double>(n.leaked); }},
    {"pool_misuses", "Leases given back that were not out: bugs of plugins.",
     [](const PoolStatistics& n) { return static_cast<double>(n.misused); }},
    {"pool_most_open", "Most resources open at once.",
     [](const PoolStatistics& n) { return static_cast<double>(n.most_open); }},
};

}  // namespace

std::string metrics_text(const Summary& s, std::int64_t ended_ns, int exit_code) {
  const std::string job = fmt::format("job={}", label_value(s.names.job));
  std::string text = heading("tasks", "Tasks of the run by outcome.");
  for (std::size_t i = static_cast<std::size_t>(TaskState::done); i < s.record.counts.size(); ++i)
    text += fmt::format("ganger_tasks{{{},outcome=\"{}\"}} {}\n", job, name_of(static_cast<TaskState>(i)),
                        s.record.counts[i]);
  const auto add = [&](std::string_view name, std::string_view help, const auto& value) {
    text += heading(name, help) + fmt::format("ganger_{}{{{}}} {}\n", name, job, value);
  };
  add("task_retries", "Attempts after the first one of a task.", s.record.retries);
  add("run_duration_seconds", "How long the run took.", in_seconds(s.run_time));
  add("run_exit_code", "What the program said at its end.", exit_code);
  add("run_end_timestamp_seconds", "When the run ended.", ended_ns / 1'000'000'000);
  if (s.pools.empty()) return text;
  for (const PoolNumber& number : kPoolNumbers) {
    text += heading(number.name, number.help);
    for (const PoolSummary& p : s.pools)
      text +=
          fmt::format("ganger_{}{{{},pool={}}} {}\n", number.name, job, label_value(p.name), number.of(p.statistics));
  }
  return text;
}

}  // namespace ganger::host
