// What became of every task of a run: a few bytes a task, kept by the loop, read by the summary.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/plan/graph.h"
#include "host/plan/task_state.h"
#include "host/stop/clock.h"

namespace ganger::host {

class Plan;

/// Why a task was not started.
enum class SkipReason : std::uint8_t {
  none,
  upstream,         ///< when = "ok", and a dependency is not done
  nothing_failed,   ///< when = "failed", and all dependencies are done
  earlier_failure,  ///< of a task it does not depend on, without --keep-going
  interrupted,
  deadline,
  drained,
  grace_over,  ///< an `always` task for which there was no time left
  no_worker,   ///< too many workers hang in tasks that were given up
  type_hangs,  ///< its exclusive type is still busy with an abandoned task
  no_thread    ///< there was none, and for a while none could be started
};

/// 32 bytes a task.
struct TaskRecord {
  TimePoint started{}, ended{};   ///< of the last attempt; both zero when it was not started
  std::uint32_t waiting_for = 0;  ///< dependencies that have not ended
  TaskIndex culprit = kNoTask;    ///< the task whose failure, or whose skip, keeps this one from running
  std::uint16_t attempts = 0;
  std::int16_t worker = -1;
  TaskState state = TaskState::waiting;
  TaskState attempt_outcome = TaskState::waiting;  ///< of the last attempt, while another is to come
  SkipReason skip_reason = SkipReason::none;
  bool has_upstream_not_done : 1 = false;
  bool has_upstream_failure : 1 = false;  ///< one failed, or was skipped because of one that did

  Duration attempt_time() const { return ended - started; }
};
static_assert(sizeof(TaskRecord) <= 32);

struct RunRecord {
  std::vector<TaskRecord> tasks;
  std::unordered_map<TaskIndex, std::string> reasons;     ///< of those that went wrong
  std::unordered_map<TaskIndex, TimePoint> first_starts;  ///< of those with more than one attempt
  std::array<std::uint32_t, 10> counts{};                 ///< by TaskState; of the final ones
  std::uint32_t retries = 0;
  std::uint32_t done_before = 0;  ///< by an earlier process of a run that was resumed; they have no times

  std::uint32_t count(TaskState s) const { return counts[static_cast<std::size_t>(s)]; }
  std::uint32_t failures() const {
    return count(TaskState::failed) + count(TaskState::crashed) + count(TaskState::timed_out);
  }
  /// What a task took: from the start of its first attempt to the end of its last one, pauses included.
  Duration time_of(TaskIndex task) const {
    const auto first = first_starts.find(task);
    return tasks[task].ended - (first == first_starts.end() ? tasks[task].started : first->second);
  }
};

/// Why a task was skipped, with the name of the task that is to blame: "'gate' failed".
std::string why_skipped(const RunRecord& record, const Plan& plan, TaskIndex task);

/// A look at a run that goes on.
struct RunView {
  std::uint32_t total = 0, ended = 0, failed = 0;
  std::vector<TaskIndex> running;  ///< the first few
  std::uint32_t running_count = 0;
};

}  // namespace ganger::host
