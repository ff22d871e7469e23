// What the pool keeps of its ancestor: New(fn, size), Acquire, Release, Close.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Pool, SizeZeroIsAnError) {
  ManualClock clock;

  const auto pool = Pool::make({.name = "db", .size = 0}, std::make_unique<FakeProvider>(), clock);

  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().kind, ErrorKind::bad_job);
  EXPECT_EQ(pool.error().message, "pool 'db': its size is 0, so it could keep nothing: set it to 1 or more");
}

TEST(Pool, MakingItOpensNothing) {
  PoolRig rig({.size = 8});

  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(Pool, WithoutALimitAcquireOpensANewOneWhenNoneIdlesAndNeverWaits) {
  PoolRig rig({.size = 1});

  std::vector<int> got;
  for (OwnerId owner = 1; owner <= 100; ++owner) got.push_back(number(rig.pool->acquire(owner)));

  EXPECT_EQ(got.front(), 1);
  EXPECT_EQ(got.back(), 100);
  EXPECT_EQ(rig.pool->statistics().lent_now, 100u);
  EXPECT_EQ(rig.pool->statistics().waited, 0u);
}

TEST(Pool, AcquireTakesTheIdleOneThatWasUsedLast) {
  PoolRig rig({.size = 2});
  const Acquired first = rig.pool->acquire(1), second = rig.pool->acquire(1);
  rig.pool->release(1, first.lease.id);
  rig.pool->release(1, second.lease.id);

  const Acquired again = rig.pool->acquire(2);

  EXPECT_EQ(number(again), 2);
  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("open 1", "open 2"));
  EXPECT_EQ(rig.pool->statistics().reused, 1u);
}

TEST(Pool, ReleaseKeepsAsManyAsItsSizeAndClosesTheRest) {
  PoolRig rig({.size = 2});
  std::array<Acquired, 3> out{rig.pool->acquire(1), rig.pool->acquire(1), rig.pool->acquire(1)};
  rig.provider->take_calls();

  for (const Acquired& one : out) EXPECT_TRUE(rig.pool->release(1, one.lease.id));

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 3"));
  EXPECT_EQ(rig.pool->statistics().idle_now, 2u);
  EXPECT_EQ(rig.pool->statistics().open_now, 2u);
  EXPECT_EQ(rig.pool->statistics().closed_for(CloseReason::pool_full), 1u);
}

TEST(Pool, CloseClosesAllThatIdle) {
  PoolRig rig({.size = 2});
  const Acquired first = rig.pool->acquire(1), second = rig.pool->acquire(1);
  rig.pool->release(1, first.lease.id);
  rig.pool->release(1, second.lease.id);
  rig.provider->take_calls();

  rig.pool->close();

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 2", "close 1"));
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(Pool, ASecondCloseDoesNothing) {
  PoolRig rig({.size = 2});
  rig.pool->release(1, rig.pool->acquire(1).lease.id);
  rig.pool->close();
  rig.provider->take_calls();

  rig.pool->close();

  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
}

TEST(Pool, AcquireAfterCloseIsTheErrorPoolClosed) {
  PoolRig rig({.size = 2});
  rig.pool->close();

  const Acquired acquired = rig.pool->acquire(1);

  EXPECT_EQ(acquired.end, AcquireEnd::closed);
  EXPECT_EQ(acquired.lease.id, 0u);
  ASSERT_TRUE(acquired.error);
  EXPECT_EQ(acquired.error->message, "pool closed");
  EXPECT_THAT(rig.provider->take_calls(), IsEmpty());
}

TEST(Pool, WhatComesBackAfterCloseIsClosed) {
  PoolRig rig({.size = 2});
  const Acquired out = rig.pool->acquire(1);
  rig.pool->close();
  rig.provider->take_calls();

  EXPECT_TRUE(rig.pool->release(1, out.lease.id));

  EXPECT_THAT(rig.provider->take_calls(), ElementsAre("close 1"));
  EXPECT_EQ(rig.pool->statistics().open_now, 0u);
}

TEST(Pool, DestroyingItClosesAllThatIdle) {
  struct Counting final : Provider {
    explicit Counting(int& closed) : closed_(closed) {}
    Result<void*> open(void*) noexcept override { return &closed_; }
    void close(void*) noexcept override { ++closed_; }
    int& closed_;
  };
  int closed = 0;
  ManualClock clock;
  auto pool = Pool::make({.name = "db"}, std::make_unique<Counting>(closed), clock).value();
  pool->release(1, pool->acquire(1).lease.id);

  pool.reset();

  EXPECT_EQ(closed, 1);
}

TEST(Pool, TheFourEventsAreLoggedInTheWordsOfTheSeed) {
  PoolRig rig({.size = 1});

  const Acquired first = rig.pool->acquire(1), second = rig.pool->acquire(1);
  rig.pool->release(1, first.lease.id);
  rig.pool->release(1, second.lease.id);
  rig.pool->acquire(1);
  rig.pool->close();
  rig.pool->acquire(1);

  EXPECT_THAT(rig.observer.take_lines(),
              ElementsAre("Acquire: New resource", "Acquire: New resource", "Release: In Queue", "Release: Closing",
                          "Acquire: Shared Resource", "Acquire: pool closed"));
}

TEST(Pool, AResourceIsOfOneBorrowerAtATimeWhateverTheThreads) {
  constexpr int kThreads = 8, kRounds = 300;
  PoolRig rig({.size = 2});
  std::vector<std::atomic<int>> users(kThreads * kRounds + 1);  // by number of the resource
  std::atomic<int> shared = 0;

  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, owner = static_cast<OwnerId>(t)] {
      for (int round = 0; round < kRounds; ++round) {
        const Acquired acquired = rig.pool->acquire(owner);
        auto& user = users[static_cast<std::size_t>(number(acquired))];
        shared += user.fetch_add(1);
        std::this_thread::yield();
        user.fetch_sub(1);
        rig.pool->release(owner, acquired.lease.id);
      }
    });
  }
  threads.clear();

  const PoolStatistics statistics = rig.pool->statistics();
  EXPECT_EQ(shared, 0);
  EXPECT_EQ(statistics.opened + statistics.reused, static_cast<std::uint64_t>(kThreads * kRounds));
  EXPECT_LE(statistics.most_open, static_cast<std::uint32_t>(kThreads));
  EXPECT_LE(statistics.idle_now, 2u);
  EXPECT_EQ(statistics.open_now, statistics.idle_now);
}

}  // namespace
}  // namespace ganger::host
