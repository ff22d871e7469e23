#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "host/spin.h"

namespace ganger::host {
namespace {

TEST(BriefMutex, OneThreadAtATimeHoldsIt) {
  constexpr int kThreads = 8, kTimes = 20'000;
  BriefMutex mutex;
  int count = 0;
  std::vector<std::jthread> threads;

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTimes; ++n) {
        const std::lock_guard lock(mutex);
        const int before = count;
        if (n % 100 == 0) std::this_thread::yield();  // whoever gets past the lock now counts from `before` too
        count = before + 1;
      }
    });
  }
  threads.clear();

  EXPECT_EQ(count, kThreads * kTimes);
}

TEST(BriefMutex, ThoseThatFoundItHeldForLongAllGetIt) {
  constexpr int kThreads = 8;
  BriefMutex mutex;
  int count = 0;
  std::atomic<int> coming = 0;
  std::vector<std::jthread> threads;
  mutex.lock();

  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++coming;
      const std::lock_guard lock(mutex);
      ++count;
    });
  }
  while (coming != kThreads) std::this_thread::yield();
  for (int turns = 0; turns < 10'000; ++turns) std::this_thread::yield();  // most are asleep by now; none has to be
  EXPECT_EQ(count, 0);
  mutex.unlock();
  threads.clear();

  EXPECT_EQ(count, kThreads);
}

}  // namespace
}  // namespace ganger::host
