// Carries events from the threads of the run to the reporters, in one order, without making the run wait for a slow
// terminal.
#pragma once
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/run/event.h"
#include "host/secrets.h"

namespace ganger::host {

/// Events are numbered when they are pushed and delivered by one thread. What says how a task went is never lost; log
/// lines and progress are dropped, and counted, when too many events wait: those below a warning first, warnings and
/// errors at twice as many. The routine of a run (starts, ends, leases) waits a moment for more of it: to wake a
/// thread for each such event costs more than small tasks do. No event holds a secret when it is delivered.
class EventStream final : public EventSink {
 public:
  static constexpr std::size_t kMostWaiting = 100'000;
  static constexpr std::size_t kMostWaitingBytes = 64u << 20U;
  static constexpr Duration kMoment = std::chrono::milliseconds(10);  // too short to be seen

  /// Lifetime: secrets outlive it
  EventStream(std::vector<std::unique_ptr<Reporter>> reporters, const Secrets& secrets, Duration moment = kMoment);
  ~EventStream() override;

  bool wants(EventKind kind) const override { return wants_[static_cast<std::size_t>(kind)]; }
  bool wants_log(int level) const override { return wants(EventKind::task_log) && level >= log_level_; }
  void push(Event event) override;

  /// Delivers all that is there, and no more after that. False when not one event was delivered for `patience`:
  /// somebody holds up the output, and the thread is left behind.
  bool close(Duration patience);
  std::uint64_t dropped() const;

 private:
  struct Queue;
  const Secrets& secrets_;
  std::array<bool, kEventKinds> wants_{};
  int log_level_ = GANGER_LOG_ERROR;
  std::shared_ptr<Queue> queue_;  // outlives this object when the thread is left behind
  std::thread thread_;
};

}  // namespace ganger::host
