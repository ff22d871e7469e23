#include "host/report/junit.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "host/text.h"

namespace ganger::host {

namespace {

std::string escaped(std::string_view raw) {
  // XML has no way to write most control characters, not even as a reference.
  const std::string text = printable(raw, "\n\t");
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string reason_of(const Summary& s, TaskIndex i) {
  const TaskRecord& r = s.record.tasks[i];
  if (r.state == TaskState::skipped) return why_skipped(s.record, *s.names.plan, i);
  const auto why = s.record.reasons.find(i);
  return why == s.record.reasons.end() ? std::string() : why->second;
}

/// What stands inside a <testcase>; empty when all went well.
std::string verdict(const Summary& s, TaskIndex i) {
  const std::string why = escaped(reason_of(s, i));
  const std::string_view outcome = name_of(s.record.tasks[i].state);
  switch (s.record.tasks[i].state) {
    case TaskState::failed:
    case TaskState::timed_out:
      return fmt::format("<failure type=\"{}\" message=\"{}\"/>", outcome, why);
    case TaskState::crashed:
    case TaskState::interrupted:
      return fmt::format("<error type=\"{}\" message=\"{}\"/>", outcome, why);
    case TaskState::skipped:
      return fmt::format("<skipped message=\"{}\"/>", why);
    default:
      return {};
  }
}

}  // namespace

std::string junit_text(const Summary& s, std::int64_t started_ns) {
  const RunRecord& r = s.record;
  const auto failures = r.count(TaskState::failed) + r.count(TaskState::timed_out);
  const auto errors = r.count(TaskState::crashed) + r.count(TaskState::interrupted);
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", r.tasks.size(),
                  failures, errors, r.count(TaskState::skipped), in_seconds(s.run_time));
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites {}>\n", counts);
  text += fmt::format("  <testsuite name=\"{}\" {} timestamp=\"{:%Y-%m-%dT%H:%M:%SZ}\">\n", escaped(s.names.job),
                      counts, fmt::gmtime(static_cast<std::time_t>(started_ns / 1'000'000'000)));
  for (TaskIndex i = 0; i < r.tasks.size(); ++i) {
    const TaskType* type = s.names.plan->task(i).type;
    text += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3f}\"", s.names.task(i),
                        type == nullptr ? "" : type->id, in_seconds(r.time_of(i)));
    const std::string inside = verdict(s, i);
    text += inside.empty() ? "/>\n" : fmt::format(">{}</testcase>\n", inside);
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace ganger::host
