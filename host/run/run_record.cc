#include "host/run/run_record.h"

#include <fmt/format.h>

#include "host/plan/plan.h"

namespace ganger::host {

namespace {

std::string_view verb_of(TaskState outcome) {
  switch (outcome) {
    case TaskState::crashed:
      return "crashed";
    case TaskState::timed_out:
      return "timed out";
    case TaskState::interrupted:
      return "was interrupted";
    case TaskState::skipped:
      return "was skipped";
    default:
      return "failed";
  }
}

}  // namespace

std::string why_skipped(const RunRecord& record, const Plan& plan, TaskIndex task) {
  const TaskRecord& r = record.tasks[task];
  const auto culprit = [&] {
    return r.culprit == kNoTask
               ? std::string("another task failed")
               : fmt::format("'{}' {}", plan.name(r.culprit), verb_of(record.tasks[r.culprit].state));
  };
  switch (r.skip_reason) {
    case SkipReason::none:
      break;
    case SkipReason::upstream:
      return culprit();
    case SkipReason::nothing_failed:
      return "none of its dependencies failed";
    case SkipReason::earlier_failure:
      return "not started after " + culprit();
    case SkipReason::interrupted:
      return "not started before the interrupt";
    case SkipReason::deadline:
      return "not started before the deadline";
    case SkipReason::drained:
      return "not started before the drain";
    case SkipReason::grace_over:
      return "the grace period was over";
    case SkipReason::no_worker:
      return "no worker was left to run it";
    case SkipReason::type_hangs:
      return "another task of its exclusive type hangs";
    case SkipReason::no_thread:
      return "no thread could be started to run it";
  }
  return {};
}

}  // namespace ganger::host
