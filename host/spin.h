// Waiting without sleeping, for what is over in less time than it takes to wake a thread.
#pragma once
#include <mutex>

namespace ganger::host {

/// Tells the processor that this is a loop that waits for another one; 10 to 50 ns.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

/// Locks a mutex whose holders need less than a microsecond: it sleeps only where one of them takes longer, as it has
/// lost its processor. Why: two workers with tasks of a microsecond meet at every second one, and to sleep and to be
/// woken takes as long as 50 of them.
inline std::unique_lock<std::mutex> lock_soon(std::mutex& mutex) {
  constexpr int kSpins = 60;
  std::unique_lock lock(mutex, std::try_to_lock);
  for (int round = 0; round < kSpins && !lock.owns_lock(); ++round) {
    spin_pause();
    static_cast<void>(lock.try_lock());
  }
  if (!lock.owns_lock()) lock.lock();
  return lock;
}

}  // namespace ganger::host
