// What the main thread does while a run goes on: it waits for the end, a deadline or a signal, and does nothing else.
#pragma once
#include <functional>

#include "host/run/loop.h"
#include "host/stop/clock.h"
#include "host/stop/signals.h"
#include "host/stop/stop.h"

namespace ganger::host {

class Watcher {
 public:
  /// Lifetime: all outlive it
  Watcher(Clock& clock, Stop& stop);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Makes watch() look again. Thread: any.
  void wake();

  /// Returns when the run has ended. The third interrupt does not return: it calls leave().
  /// Shape: dump is called at SIGQUIT, which then aborts
  void watch(Loop& loop, Signals& signals, const std::function<void()>& leave, const std::function<void()>& dump);

 private:
  void sleep_until(TimePoint alarm, int signal_fd) const;
  Clock& clock_;
  Stop& stop_;
  int wake_fd_ = -1;
};

}  // namespace ganger::host
