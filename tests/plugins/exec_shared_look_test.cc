// How often the table of processes is read when many commands end at the same time.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "plugins/exec/shared_look.h"

namespace {

using ganger::exec::SharedLook;

TEST(SharedLook, IsMadeAnewForWhoAsksLater) {
  int looks = 0;
  SharedLook<int> shared([&] { return ++looks; });

  EXPECT_EQ(*shared.now(), 1);
  EXPECT_EQ(*shared.now(), 2);
}

TEST(SharedLook, IsOneForAllWhoAskDuringAnother) {
  constexpr int kAsking = 50;
  std::atomic<int> looks{0};
  std::latch first_looks(1), others_may_wait(1);
  SharedLook<int> shared([&] {
    const int number = ++looks;
    if (number == 1) {
      first_looks.count_down();
      others_may_wait.wait();
    }
    return number;
  });
  std::thread first([&] { EXPECT_EQ(*shared.now(), 1); });
  first_looks.wait();
  std::vector<std::thread> others;
  for (int i = 0; i < kAsking; ++i)
    others.emplace_back([&] { EXPECT_EQ(*shared.now(), 2) << "the first one began before this thread asked"; });
  while (shared.waiting() < kAsking) std::this_thread::yield();

  others_may_wait.count_down();
  first.join();
  for (std::thread& thread : others) thread.join();

  EXPECT_EQ(looks, 2);
}

TEST(SharedLook, ThatFailsFailsForOneAndIsTriedAgainForTheOthers) {
  std::atomic<int> looks{0};
  SharedLook<int> shared([&]() -> int {
    if (++looks == 1) throw std::runtime_error("no memory");
    return looks;
  });

  EXPECT_THROW(shared.now(), std::runtime_error);
  EXPECT_EQ(*shared.now(), 2);
}

}  // namespace
