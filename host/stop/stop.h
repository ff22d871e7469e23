// Why and when a run should end: one question for its deadline, an interrupt and a drain.
#pragma once
#include <ganger/plugin.h>

#include <atomic>
#include <cstdint>

#include "host/stop/clock.h"

namespace ganger::host {

/// What the run was asked to do. The numbers of interrupt and deadline are those a plugin sees.
enum class StopReason : std::int32_t {
  none = GANGER_RUNNING,
  interrupt = GANGER_STOP_USER,     ///< SIGINT, SIGTERM, SIGHUP
  deadline = GANGER_STOP_DEADLINE,  ///< the run's timeout
  drain = 100                       ///< SIGUSR1: start nothing new, let what runs end
};

/// Asked by the loop before each task; told by the thread that reads signals. An interrupt beats a deadline beats a
/// drain, whichever came first. Thread: every member from any thread.
class Stop {
 public:
  explicit Stop(TimePoint deadline) : deadline_(deadline) {}

  /// THE question. A deadline that has passed by `now` counts from here on.
  StopReason asked(TimePoint now) {
    if (now >= deadline_) rise_to(StopReason::deadline);
    return reason_.load(std::memory_order_acquire);
  }
  StopReason reason() const { return reason_.load(std::memory_order_acquire); }

  /// Stage 1 at the first call, stage 2 (give everything up) at the second, stage 3 (leave at once) at the third.
  /// Returns the stage.
  int interrupt(int signal) {
    signal_.store(signal, std::memory_order_relaxed);
    rise_to(StopReason::interrupt);
    return interrupts_.fetch_add(1, std::memory_order_acq_rel) + 1;
  }
  void drain() { rise_to(StopReason::drain); }

  TimePoint deadline() const { return deadline_; }
  /// The last signal of interrupt(), 0 when there was none.
  int signal() const { return signal_.load(std::memory_order_relaxed); }
  int interrupts() const { return interrupts_.load(std::memory_order_acquire); }

 private:
  static int rank(StopReason r) {
    switch (r) {
      case StopReason::none:
        return 0;
      case StopReason::drain:
        return 1;
      case StopReason::deadline:
        return 2;
      case StopReason::interrupt:
        return 3;
    }
    return 0;
  }
  void rise_to(StopReason reason) {
    StopReason seen = reason_.load(std::memory_order_acquire);
    while (rank(seen) < rank(reason) && !reason_.compare_exchange_weak(seen, reason, std::memory_order_acq_rel)) {
    }
  }
  const TimePoint deadline_;
  std::atomic<StopReason> reason_{StopReason::none};
  std::atomic<int> signal_{0};
  std::atomic<int> interrupts_{0};
};

}  // namespace ganger::host
