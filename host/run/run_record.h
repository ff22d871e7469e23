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

/// Why a task was not started.
enum class SkipReason : std::uint8_t {
  none,
  upstream,         ///< when = "ok", and one it comes after is not done
  nothing_failed,   ///< when = "failed", and all it comes after are done
  earlier_failure,  ///< without --keep-going
  interrupted,
  deadline,
  drained,
  grace_over,  ///< an `always` task for which there was no time left
  no_worker,   ///< too many workers hang in tasks that were given up
  type_hangs   ///< its exclusive type is still busy with a task that was given up
};

constexpr std::string_view describe(SkipReason r) {
  constexpr std::string_view kTexts[] = {"",
                                         "a task it comes after is not done",
                                         "nothing it comes after failed",
                                         "not started after an earlier failure",
                                         "not started before the interrupt",
                                         "not started before the deadline",
                                         "not started before the drain",
                                         "the grace period was over",
                                         "no worker was left to run it",
                                         "another task of its exclusive type hangs"};
  return kTexts[static_cast<std::size_t>(r)];
}

/// 32 bytes a task.
struct TaskRecord {
  TimePoint started{}, ended{};   ///< of the last attempt; both zero when it was not started
  std::uint32_t waiting_for = 0;  ///< tasks it comes after that have not ended
  std::uint16_t attempts = 0;
  TaskState state = TaskState::waiting;
  SkipReason skip_reason = SkipReason::none;
  bool has_upstream_not_done = false;
  bool has_upstream_failure = false;               ///< one failed, or was skipped because of one that did
  TaskState attempt_outcome = TaskState::waiting;  ///< of the last attempt, while another is to come
  std::int16_t worker = -1;

  Duration run_time() const { return ended - started; }
};
static_assert(sizeof(TaskRecord) <= 32);

struct RunRecord {
  std::vector<TaskRecord> tasks;
  std::unordered_map<TaskIndex, std::string> reasons;  ///< of those that went wrong
  std::array<std::uint32_t, 10> counts{};              ///< by TaskState; of the final ones
  std::uint32_t retries = 0;
  std::uint32_t done_before = 0;  ///< by an earlier process of a run that was resumed; they have no times

  std::uint32_t count(TaskState s) const { return counts[static_cast<std::size_t>(s)]; }
  std::uint32_t failures() const {
    return count(TaskState::failed) + count(TaskState::crashed) + count(TaskState::timed_out);
  }
};

/// A look at a run that goes on.
struct RunView {
  std::uint32_t total = 0, ended = 0, failed = 0;
  std::vector<TaskIndex> running;  ///< the first few
  std::uint32_t running_count = 0;
};

}  // namespace ganger::host
