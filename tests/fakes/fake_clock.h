// Time that moves only when the test moves it, for tests of one thread: whoever waits runs what is due instead.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "host/stop/clock.h"

namespace ganger::host {

/// Starts at one hour. Waiting ends in an exception when it would last for ever, or when the time stands still.
/// Thread: one.
class FakeClock final : public Clock {
 public:
  TimePoint now() override { return now_; }

  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable&, TimePoint until,
                  const std::function<bool()>& ready) override {
    lock.unlock();
    // Only one thread: what ready() reads needs no lock here.
    run_until(until, ready);
    lock.lock();
    return ready();
  }

  /// Calls `f` at that time; what has the same time is called in the order of these calls.
  void at(TimePoint time, std::function<void()> f) { due_.emplace(time, std::move(f)); }

  /// Called at the alarm time; it returns the next one. The place of the thread that watches.
  void set_watcher(std::function<TimePoint()> watcher) { watcher_ = std::move(watcher); }
  void wake_watcher() { alarm_ = now_; }
  /// Called after everything that has happened.
  void set_observer(std::function<void()> observer) { observer_ = std::move(observer); }

  /// Lets the time pass until `done()`, or until `until` and all that is due then. Returns done().
  bool run_until(TimePoint until, const std::function<bool()>& done) {
    while (!done()) {
      const TimePoint next = due_.empty() ? alarm_ : std::min(alarm_, due_.begin()->first);
      if (next == kNever && until == kNever) throw std::runtime_error("nothing will ever happen: somebody hangs");
      if (next > until) {
        now_ = std::max(now_, until);
        break;
      }
      steps_at_once_ = next > now_ ? 0 : steps_at_once_ + 1;
      if (steps_at_once_ > kMostStepsAtOnce) throw std::runtime_error("the time stands still: somebody spins");
      now_ = std::max(now_, next);
      step();
    }
    return done();
  }
  void advance(Duration by) {
    run_until(now_ + by, [] { return false; });
  }

 private:
  static constexpr int kMostStepsAtOnce = 100'000;

  void step() {
    if (watcher_ && alarm_ <= now_) {
      alarm_ = kNever;
      const TimePoint next = watcher_();
      alarm_ = std::min(alarm_, next);
    } else {
      const auto first = due_.begin();
      const auto f = std::move(first->second);
      due_.erase(first);
      f();
    }
    if (observer_) observer_();
  }

  TimePoint now_{std::chrono::hours(1)};
  TimePoint alarm_ = kNever;
  std::multimap<TimePoint, std::function<void()>> due_;
  std::function<TimePoint()> watcher_;
  std::function<void()> observer_;
  int steps_at_once_ = 0;
};

}  // namespace ganger::host
