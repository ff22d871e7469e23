#include "host/work/parking.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace ganger::host {
namespace {

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free, "the kernel sees a plain word");

/// Returns when woken, at once when `word` is not `expected`, and for no reason at all; false only at `until`.
bool futex_wait(Word& word, std::uint32_t expected, TimePoint until) {
  timespec deadline{};
  if (until != kNever) {
    const auto ns = std::max<std::int64_t>(0, std::chrono::nanoseconds(until.time_since_epoch()).count());
    deadline.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
    deadline.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  }
  // Of the two waits of the kernel this is the one whose timeout is a time of CLOCK_MONOTONIC, not a duration.
  const long woken = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                             until == kNever ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  return woken == 0 || errno != ETIMEDOUT;
}

/// `word` may be gone already: the kernel uses the address as a name only, and who sleeps there looks again.
void futex_wake_one(Word& word) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

}  // namespace

void ShortLock::lock_contended() {
  constexpr int kLooks = 60;
  for (int spin = 0; spin < kLooks; ++spin) {
    std::uint32_t expected = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
      return;
    }
    spin_pause();
  }
  while (state_.exchange(kContended, std::memory_order_acquire) != kFree) futex_wait(state_, kContended, kNever);
}

void ShortLock::wake_one() { futex_wake_one(state_); }

void Doorbell::wake() { futex_wake_one(state_); }

bool Doorbell::lie_down() {
  Answer expected = kNone;
  return state_.compare_exchange_strong(expected, kAsleep, std::memory_order_acq_rel, std::memory_order_acquire);
}

Doorbell::Answer Doorbell::sleep(TimePoint until) {
  bool in_time = true;
  for (;;) {
    if (const Answer answer = poll(); answer != kNone || !in_time) return answer;
    in_time = futex_wait(state_, kAsleep, until);
  }
}

}  // namespace ganger::host
