// Many threads, a small pool, everything that can go wrong at random: no place is lost.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "host/pools/pool.h"

namespace ganger::host {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kLimit = 5;

/// A resource that notices two who use it at once.
struct Touchy {
  std::atomic<int> users = 0;
};

/// Fails at random; counts what is open and what overlaps.
class Moody final : public Provider {
 public:
  Moody(std::atomic<int>& open_now, std::atomic<int>& wrong) : open_now_(open_now), wrong_(wrong) {}

  Result<void*> open(void*) noexcept override {
    if (one_in(20)) return failure(ErrorKind::io, "not today");
    if (++open_now_ > static_cast<int>(kLimit)) ++wrong_;
    return new Touchy;
  }
  void close(void* handle) noexcept override {
    use(handle);
    delete static_cast<Touchy*>(handle);
    --open_now_;
  }
  bool has_check() const noexcept override { return true; }
  bool has_reset() const noexcept override { return true; }
  bool check(void* handle) noexcept override { return use(handle) && !one_in(20); }
  bool reset(void* handle) noexcept override { return use(handle) && !one_in(20); }

  bool use(void* handle) {
    auto* touchy = static_cast<Touchy*>(handle);
    if (touchy->users++ != 0) ++wrong_;
    touchy->users--;
    return true;
  }

 private:
  bool one_in(std::uint32_t n) { return draws_.fetch_add(2654435761u) % n == 0; }

  std::atomic<int>& open_now_;
  std::atomic<int>& wrong_;
  std::atomic<std::uint32_t> draws_ = 1;
};

/// The owner that a thread is at the moment; others cancel it, never one that has ended.
struct Current {
  std::mutex mutex;
  OwnerId owner = 0;  // guarded by mutex; 0 = none
};

TEST(PoolStress, NoPlaceIsLostWhen32ThreadsAcquireAndCancelAtRandom) {
  constexpr std::size_t kThreads = 32;
  constexpr int kRounds = 100'000 / kThreads;
  std::atomic<int> open_now = 0, wrong = 0;
  std::atomic<std::uint64_t> lent = 0, cancelled = 0;
  std::atomic<OwnerId> last_owner = 0;
  std::array<Current, kThreads> current;
  SteadyClock clock;
  auto pool = Pool::make({.name = "db", .size = 3, .limit = kLimit, .wait = 1h},
                         std::make_unique<Moody>(open_now, wrong), clock)
                  .value();

  const auto play = [&](std::size_t self) {
    std::mt19937 random(static_cast<std::uint32_t>(self));
    for (int round = 0; round < kRounds; ++round) {
      const OwnerId owner = ++last_owner;
      {
        const std::lock_guard lock(current[self].mutex);
        current[self].owner = owner;
      }
      if (random() % 4 == 0) {
        Current& victim = current[random() % kThreads];
        const std::lock_guard lock(victim.mutex);
        if (victim.owner != 0) pool->cancel(victim.owner);
      }

      WaitBounds bounds;
      if (random() % 4 == 0) bounds.longest = std::chrono::microseconds(random() % 200);
      const Acquired acquired = pool->acquire(owner, bounds);
      if (acquired.end == AcquireEnd::cancelled) ++cancelled;
      if (acquired.end == AcquireEnd::ok) {
        ++lent;
        auto* touchy = static_cast<Touchy*>(acquired.lease.handle);
        if (touchy->users++ != 0) ++wrong;
        if (random() % 2 == 0) std::this_thread::yield();
        touchy->users--;
        const bool leaks = random() % 8 == 0;
        if (!leaks && !pool->release(owner, acquired.lease.id, static_cast<LeaseState>(random() % 3))) ++wrong;
      }

      {
        const std::lock_guard lock(current[self].mutex);
        current[self].owner = 0;
      }
      pool->take_back(owner);
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t self = 0; self < kThreads; ++self) threads.emplace_back(play, self);
  threads.clear();

  const PoolStatistics statistics = pool->statistics();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(lent, 0u);
  EXPECT_GT(cancelled, 0u);
  EXPECT_GT(statistics.leaked, 0u);
  EXPECT_GE(statistics.opened + statistics.reused, lent);  // more where the owner was cancelled during the open
  EXPECT_EQ(statistics.lent_now, 0u);
  EXPECT_EQ(statistics.waiting_now, 0u);
  EXPECT_EQ(statistics.open_now, statistics.idle_now);
  EXPECT_LE(statistics.most_open, kLimit);
  EXPECT_EQ(statistics.misused, 0u);
  std::uint32_t places = 0;
  for (int tries = 0; places < kLimit && tries < 1000; ++tries) {
    if (pool->acquire(1, {.longest = 0s}).end == AcquireEnd::ok) ++places;
  }
  EXPECT_EQ(places, kLimit);
  pool->take_back(1);
  pool->close();
  EXPECT_EQ(open_now, 0);
}

}  // namespace
}  // namespace ganger::host
