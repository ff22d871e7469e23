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

  /// What signals ask for that is not the loop's business.
  struct Calls {
    std::function<void()> leave;    ///< the third interrupt; does not return
    std::function<void()> dump;     ///< SIGQUIT, which then aborts
    std::function<void()> suspend;  ///< SIGTSTP
    /// Called after each look at the loop, which shows that neither hangs. Returns when to look again at the latest.
    std::function<TimePoint(TimePoint now)> beat;
  };

  /// Returns when the run has ended.
  void watch(Loop& loop, Signals& signals, const Calls& calls);
  /// Before the run: lets `moment` pass, less when a signal or the deadline asks for something. False when that is
  /// the end.
  bool wait(Duration moment, Signals& signals, const Calls& calls);

 private:
  /// Does what signals ask for; `loop` is null before the run.
  void heed(Signals& signals, const Calls& calls, Loop* loop);
  void sleep_until(TimePoint alarm, int signal_fd) const;
  Clock& clock_;
  Stop& stop_;
  int wake_fd_ = -1;
};

}  // namespace ganger::host
