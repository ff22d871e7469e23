// The monotonic clock behind a seam, so that tests make the time.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace ganger::host {

/// CLOCK_MONOTONIC; the SDK's deadlines are its nanoseconds.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

inline double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// Later than any time that comes.
inline constexpr TimePoint kNever = TimePoint::max();

/// Thread: every member from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() = 0;
  /// Waits on `changed`, with `lock` held on entry and on return, until `ready()` holds or it is `until`.
  /// Returns ready(). Whoever makes ready() true notifies `changed`.
  virtual bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, TimePoint until,
                          const std::function<bool()>& ready) = 0;
};

/// The real one.
class SteadyClock final : public Clock {
 public:
  TimePoint now() override { return std::chrono::steady_clock::now(); }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, TimePoint until,
                  const std::function<bool()>& ready) override {
    if (until == kNever) {
      changed.wait(lock, ready);
      return true;
    }
    return changed.wait_until(lock, until, ready);
  }
};

/// `now + d`, kNever instead of an overflow.
inline TimePoint after(TimePoint now, Duration d) { return d >= kNever - now ? kNever : now + d; }

}  // namespace ganger::host
