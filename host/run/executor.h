// Who runs the attempts of tasks: the seams between THE loop and the threads.
#pragma once
#include <ganger/plugin.h>

#include <cstdint>
#include <optional>
#include <string>

#include "host/plan/graph.h"
#include "host/stop/clock.h"
#include "host/stop/stop_source.h"

namespace ganger::host {

/// One attempt of one task, on its way to a thread. Copied by value.
struct Attempt {
  TaskIndex task = kNoTask;
  std::uint32_t number = 0;     ///< from 1
  TimePoint deadline = kNever;  ///< what the task is told
  std::int16_t worker = -1;     ///< set by who runs it; -1 = the serial lane
  StopSource* stop = nullptr;   ///< valid until the attempt ends; for ever when it is given up
};

/// How it ended.
struct Finished {
  TaskIndex task = kNoTask;
  std::uint32_t number = 0;
  ganger_status status = GANGER_OK;
  std::int16_t worker = -1;  ///< -1 = the serial lane
  TimePoint ended{};
  std::string why{};         ///< empty when it went well
  bool has_crashed = false;  ///< a signal ended the child process it was in
};

/// Runs an attempt to its end on the calling thread. The plugin's code, in production.
class TaskBody {
 public:
  virtual ~TaskBody() = default;
  virtual Finished run(const Attempt& attempt) = 0;
  /// The thread that is in run() for this task does not come back in time; called with the loop's lock held.
  virtual void given_up(TaskIndex /*task*/) {}
};

/// Where an executor reports. Thread: any.
class Completion {
 public:
  virtual ~Completion() = default;
  /// An attempt has ended, and its thread can take another one: which, or nothing. What it is given counts as
  /// started.
  [[nodiscard]] virtual std::optional<Attempt> ended(Finished finished) = 0;
  /// A thread has nothing to do, and try_start() finds it.
  virtual void has_room() = 0;
};

/// Runs attempts on threads or processes of its own. Called with the loop's lock held; no call blocks.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Takes the attempt and later reports to the Completion, or says false: nobody is free.
  [[nodiscard]] virtual bool try_start(const Attempt& attempt) = 0;
  /// The attempt does not end: nothing will be heard of it again. Returns false when no more can be started here.
  virtual bool give_up(TaskIndex task) = 0;
};

}  // namespace ganger::host
