// The states of a task, one vocabulary for plan, loop, events, console and DESIGN.md.
#pragma once
#include <cstdint>
#include <string_view>

namespace ganger::host {

/// waiting -> ready -> running -> done | failed | crashed | timed_out | interrupted
/// waiting -> skipped | up_to_date.  From `done` on it is an outcome: a value, not an error, and final.
enum class TaskState : std::uint8_t {
  waiting,
  ready,
  running,
  done,
  failed,
  crashed,
  timed_out,
  interrupted,
  skipped,
  up_to_date
};

constexpr bool has_ended(TaskState s) { return s >= TaskState::done; }
constexpr bool is_ok(TaskState s) { return s == TaskState::done || s == TaskState::up_to_date; }
/// Counts as a failed task in the exit code of the run.
constexpr bool is_failure(TaskState s) {
  return s == TaskState::failed || s == TaskState::crashed || s == TaskState::timed_out;
}

constexpr std::string_view name_of(TaskState s) {
  constexpr std::string_view kNames[] = {"waiting", "ready",     "running",     "done",    "failed",
                                         "crashed", "timed_out", "interrupted", "skipped", "up_to_date"};
  return kNames[static_cast<std::size_t>(s)];
}

}  // namespace ganger::host
