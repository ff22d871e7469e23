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
  /// The attempt was cut off instead of saying itself how it went: nobody knows how much of it was done.
  bool is_in_doubt = false;
};

/// Runs an attempt to its end on the calling thread. The plugin's code, in production.
class TaskBody {
 public:
  virtual ~TaskBody() = default;
  virtual Finished run(const Attempt& attempt) = 0;
  /// The thread that is in run() for this task does not come back in time; called with the loop's lock held.
  virtual void given_up(TaskIndex /*task*/) {}
};

/// Where an executor reports. Thread: any, but never inside a call of the executor.
class Completion {
 public:
  virtual ~Completion() = default;
  /// An attempt has ended. Returns the next one for the same thread, which runs it and reports it in turn, or
  /// nothing. The attempt that is returned counts as started: nobody else will run it.
  [[nodiscard]] virtual std::optional<Attempt> ended(Finished finished) = 0;
  /// A thread has nothing to do, and try_start() finds it.
  virtual void has_room() = 0;
};

/// What became of an attempt that an executor was asked to start.
enum class Start : std::uint8_t {
  accepted,
  busy,      ///< nobody is free; there will be news of it
  no_thread  ///< there is none, and none could be started; nobody will say when there is
};

/// Runs attempts on threads or processes of its own. Called with the loop's lock held; no call blocks.
///
/// Contract; tests/run/executor_contract_test.cc holds every executor to it:
/// - Each attempt that it accepts, and each that ended() returns, is reported to ended() once, with its number.
/// - An attempt that it refuses is forgotten. After `busy`, has_room() or an ended() follows once it could be
/// accepted.
/// - A worker is busy from the start of an attempt until ended() has returned nothing, and no more attempts run at
///   once than there are workers.
/// - When ended() has returned nothing, has_room() follows, and whoever asks from then on finds the worker free.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Accepts the attempt and reports to the Completion later, or says why not.
  [[nodiscard]] virtual Start try_start(const Attempt& attempt) = 0;
  /// The attempt does not end. Nothing is heard of it again, but for a report that is on its way already; another
  /// worker takes the place of the one it hangs in. Returns false when no more can be started here.
  [[nodiscard]] virtual bool give_up(TaskIndex task) = 0;
};

}  // namespace ganger::host
