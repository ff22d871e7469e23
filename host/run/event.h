// What happens in a run, for whoever listens: the console, an events file, later the journal.
#pragma once
#include <ganger/plugin.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "host/plan/graph.h"
#include "host/plan/task_state.h"
#include "host/stop/clock.h"

namespace ganger::host {

enum class EventKind : std::uint8_t {
  run_started,
  plan_ready,
  task_ready,
  task_started,
  task_progress,
  task_log,
  lease_acquired,
  lease_released,
  lease_leaked,
  task_retry,
  task_finished,
  stop_requested,
  run_finished
};
inline constexpr std::size_t kEventKinds = 13;

constexpr std::string_view name_of(EventKind k) {
  constexpr std::string_view kNames[kEventKinds] = {"run_started",   "plan_ready", "task_ready",     "task_started",
                                                    "task_progress", "task_log",   "lease_acquired", "lease_released",
                                                    "lease_leaked",  "task_retry", "task_finished",  "stop_requested",
                                                    "run_finished"};
  return kNames[static_cast<std::size_t>(k)];
}

/// One event. Fields that do not apply keep their defaults and are not shown.
struct Event {
  EventKind kind;
  TaskState outcome = TaskState::waiting;  ///< task_finished, task_retry
  std::int8_t level = GANGER_LOG_INFO;     ///< task_log
  std::int16_t worker = -1;                ///< -1 = the serial lane, or no thread at all
  TaskIndex task = kNoTask;
  std::uint32_t attempt = 0;
  int exit_code = -1;  ///< run_finished
  Duration wait{-1};   ///< lease_acquired; task_retry: until the next attempt
  Duration run{-1};    ///< how long the attempt or the run took
  Duration all{-1};    ///< task_finished after several attempts: how long all took, pauses included
  std::uint64_t lease = 0;
  std::uint64_t done = 0, total = 0;  ///< task_progress; plan_ready: tasks
  std::string pool{};
  std::string text{};  ///< log line, error, reason

  // filled in by the stream
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;  ///< CLOCK_REALTIME
  std::int64_t mono_ns = 0;  ///< CLOCK_MONOTONIC
};

/// A listener. Called by one thread, in the order of `seq`.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual bool wants(EventKind kind) const = 0;
  virtual void report(const Event& event) = 0;
  /// The lowest GANGER_LOG_... level it wants in task_log.
  virtual int log_level() const { return GANGER_LOG_INFO; }
  /// Now and then while nothing happens, and once after the last event.
  virtual void idle() {}
  /// Ten times a second even when nothing happens? (a progress bar)
  virtual bool wants_ticks() const { return false; }
};

/// Where events go. Building an event costs, so ask wants() first.
/// Thread: every member from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual bool wants(EventKind kind) const = 0;
  virtual bool wants_log(int level) const = 0;
  virtual void push(Event event) = 0;
};

/// Nobody listens.
class NoEvents final : public EventSink {
 public:
  bool wants(EventKind) const override { return false; }
  bool wants_log(int) const override { return false; }
  void push(Event) override {}
};

}  // namespace ganger::host
