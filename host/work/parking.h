// How a thread waits for another for a very short time: it spins first, and sleeps in the kernel where that takes too
// long. Why not std::mutex and std::condition_variable: waking a sleeping thread costs some hundred times what
// reading the cache line costs that the other one has just written.
#pragma once
#include <atomic>
#include <cstdint>

#include "host/spin.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// A lock to be held for a few instructions; its waiters sleep only where the holder lost its processor.
/// Thread: any. Meets the standard's BasicLockable.
class ShortLock {
 public:
  void lock() {
    std::uint32_t expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
      lock_contended();
    }
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kContended) wake_one();
  }

 private:
  enum : std::uint32_t { kFree, kHeld, kContended };
  void lock_contended();
  void wake_one();
  std::atomic<std::uint32_t> state_{kFree};
};

/// Where one thread, its owner, waits for one answer of another.
/// Thread: ring() from any, the rest from the owner.
class Doorbell {
 public:
  /// What rings can say is up to the user, from kFirstAnswer up.
  using Answer = std::uint32_t;
  static constexpr Answer kNone = 0;
  static constexpr Answer kFirstAnswer = 2;

  /// Before each wait, while nobody else can ring.
  void reset() { state_.store(kNone, std::memory_order_relaxed); }

  /// Answers the owner, at most once between two resets. True when it slept and had to be woken, which takes it a
  /// while. Lifetime: the owner may have destroyed the bell by the time this returns.
  bool ring(Answer answer) {
    const bool asleep = state_.exchange(answer, std::memory_order_acq_rel) == kAsleep;
    if (asleep) wake();
    return asleep;
  }

  /// The answer if there is one by now.
  Answer poll() const {
    const Answer state = state_.load(std::memory_order_acquire);
    return state >= kFirstAnswer ? state : kNone;
  }
  /// Before sleep(): from here on ring() wakes the owner. False when the answer is already there.
  bool lie_down();
  /// Sleeps until there is an answer; kNone when there is none at `until`.
  Answer sleep(TimePoint until);
  /// Whether the owner sleeps, or is about to; a hint for everybody else.
  bool is_asleep() const { return state_.load(std::memory_order_relaxed) == kAsleep; }

 private:
  static constexpr Answer kAsleep = 1;
  void wake();
  std::atomic<Answer> state_{kNone};
};

}  // namespace ganger::host
