#include "host/work/work_pool.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace ganger::host {
namespace {

/// What tasks do, by index; a task without an entry ends at once.
class Bodies final : public TaskBody {
 public:
  Finished run(const Attempt& attempt) override {
    {
      const std::lock_guard lock(mutex_);
      workers_[attempt.task] = attempt.worker;
    }
    if (const auto body = bodies.find(attempt.task); body != bodies.end()) body->second();
    return {.task = attempt.task, .number = attempt.number, .worker = attempt.worker};
  }
  std::map<TaskIndex, std::int16_t> workers() {
    const std::lock_guard lock(mutex_);
    return workers_;
  }

  std::map<TaskIndex, std::function<void()>> bodies;  ///< set before the first start

 private:
  std::mutex mutex_;
  std::map<TaskIndex, std::int16_t> workers_;
};

/// Waits for the news of a pool.
class News final : public Completion {
 public:
  [[nodiscard]] std::optional<Attempt> ended(Finished finished) override {
    const std::lock_guard lock(mutex_);
    ended_.push_back(finished.task);
    changed_.notify_all();
    return next ? next() : std::nullopt;
  }
  void has_room() override {
    if (on_room) on_room();
    const std::lock_guard lock(mutex_);
    ++rooms_;
    changed_.notify_all();
  }
  void wait_for_ends(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_.size() >= n; });
  }
  void wait_for_rooms(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return rooms_ >= n; });
  }
  std::vector<TaskIndex> ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  std::function<void()> on_room;                 ///< before it is written down
  std::function<std::optional<Attempt>()> next;  ///< what the thread of an attempt that has ended takes

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<TaskIndex> ended_;
  std::size_t rooms_ = 0;
};

struct PoolRig {
  explicit PoolRig(std::uint32_t workers) : pool(std::make_unique<WorkPool>(workers, bodies)) {
    pool->report_to(news);
  }
  bool try_start(TaskIndex task) { return pool->try_start({.task = task, .number = 1}) == Start::accepted; }
  /// As the loop does it: what is refused is asked again at the next news of a free worker.
  void start(TaskIndex task) {
    for (std::size_t rooms = rooms_seen; !try_start(task);) news.wait_for_rooms(rooms_seen = ++rooms);
  }

  Bodies bodies;
  News news;
  std::unique_ptr<WorkPool> pool;
  std::size_t rooms_seen = 0;
};

// The semantics of the pool this one grew from: a rendezvous without a queue, and a shutdown that waits.

TEST(WorkPool, ItIsRefusedUnlessAWorkerHasIt) {
  PoolRig rig(1);
  std::latch may_end(1);
  rig.bodies.bodies[0] = [&] { may_end.wait(); };

  EXPECT_FALSE(rig.try_start(0)) << "there is no worker yet; one is on its way";
  rig.news.wait_for_rooms(1);
  EXPECT_TRUE(rig.try_start(0));
  EXPECT_FALSE(rig.try_start(1)) << "the only one is busy";
  may_end.count_down();
  rig.news.wait_for_rooms(2);
  EXPECT_TRUE(rig.try_start(1));
}

TEST(WorkPool, NothingThatWasRefusedIsRunLater) {
  PoolRig rig(1);
  std::latch may_end(1);
  rig.bodies.bodies[0] = [&] { may_end.wait(); };
  rig.start(0);

  for (TaskIndex task = 1; task < 10; ++task) EXPECT_FALSE(rig.try_start(task));
  may_end.count_down();
  rig.pool.reset();

  EXPECT_THAT(rig.news.ended(), testing::ElementsAre(0));
}

TEST(WorkPool, ShutdownWaitsForAllWorkers) {
  PoolRig rig(2);
  std::latch both_in(2);
  std::atomic<int> ends{0};
  for (const TaskIndex task : {0U, 1U}) {
    rig.bodies.bodies[task] = [&] {
      both_in.arrive_and_wait();
      ++ends;
    };
  }
  rig.start(0);
  rig.start(1);

  rig.pool.reset();

  EXPECT_EQ(ends, 2);
  EXPECT_THAT(rig.news.ended(), testing::UnorderedElementsAre(0, 1)) << "and their ends are heard of";
}

TEST(WorkPool, ShutdownOfAPoolThatDidNothingIsAtOnce) {
  PoolRig rig(4);

  rig.pool.reset();

  EXPECT_THAT(rig.news.ended(), testing::IsEmpty());
}

TEST(WorkPool, NoMoreTasksRunAtOnceThanThereAreWorkers) {
  PoolRig rig(2);
  std::atomic<int> now{0}, most{0};
  for (TaskIndex task = 0; task < 50; ++task) {
    rig.bodies.bodies[task] = [&] {
      const int n = ++now;
      for (int seen = most; seen < n && !most.compare_exchange_weak(seen, n);) continue;
      --now;
    };
  }

  for (TaskIndex task = 0; task < 50; ++task)
    while (!rig.try_start(task)) std::this_thread::yield();
  rig.pool.reset();

  EXPECT_LE(most, 2);
  EXPECT_EQ(rig.news.ended().size(), 50U);
}

TEST(WorkPool, WhoHearsOfRoomFindsTheWorkerFree) {
  PoolRig rig(1);
  std::atomic<bool> was_taken = false;
  rig.news.on_room = [&] {
    if (!was_taken) was_taken = rig.try_start(1);
  };

  EXPECT_FALSE(rig.try_start(0)) << "it starts the worker";
  rig.news.wait_for_ends(1);

  EXPECT_TRUE(was_taken);
  EXPECT_THAT(rig.news.ended(), testing::ElementsAre(1));
}

TEST(WorkPool, TheThreadOfAnAttemptThatHasEndedTakesTheOneItIsGiven) {
  PoolRig rig(1);
  TaskIndex last = 0;
  rig.news.next = [&] { return ++last < 4 ? std::optional(Attempt{.task = last}) : std::nullopt; };

  rig.start(0);
  rig.news.wait_for_ends(4);

  EXPECT_THAT(rig.news.ended(), testing::ElementsAre(0, 1, 2, 3));
}

TEST(WorkPool, AWorkerThatHasSaidItIsFreeIsFoundWhateverItDoesMeanwhile) {
  // Between the hatch and its bed a worker is out of sight for some instructions. Whoever asks then and hears "nobody
  // is free" is never told that somebody is.
  PoolRig rig(1);
  std::atomic<TaskIndex> rooms{0};
  rig.news.on_room = [&] { ++rooms; };
  rig.start(0);

  for (TaskIndex task = 1; task < 20'000; ++task) {
    while (rooms < task + 1) spin_pause();  // a sleeping thread would always be too late
    for (TaskIndex pause = task % 500; pause > 0; --pause) spin_pause();
    ASSERT_TRUE(rig.try_start(task)) << "round " << task;
  }
}

TEST(WorkPool, EachWorkerHasANumberOfItsOwn) {
  PoolRig rig(2);
  std::latch both_in(2);
  for (const TaskIndex task : {0U, 1U}) rig.bodies.bodies[task] = [&] { both_in.arrive_and_wait(); };

  rig.start(0);
  rig.start(1);
  rig.news.wait_for_ends(2);

  const auto workers = rig.bodies.workers();
  EXPECT_THAT((std::set{workers.at(0), workers.at(1)}), testing::ElementsAre(0, 1));
}

// Threads that hang.

struct HangingRig : PoolRig {
  HangingRig(std::uint32_t workers, TaskIndex hanging) : PoolRig(workers), left(hanging) {
    for (TaskIndex task = 0; task < hanging; ++task) {
      bodies.bodies[task] = [this] {
        may_end.wait();
        left.count_down();
      };
    }
  }
  /// Nobody can join a thread that was given up, so it is waited for where it was last seen.
  void end_all() {
    may_end.count_down();
    left.wait();
  }

  std::latch may_end{1}, left;
};

TEST(WorkPool, TwoThreadsThatHangAreReplacedThenThePoolShrinks) {
  constexpr TaskIndex kTasks = 4;
  HangingRig rig(2, kTasks);
  std::vector<std::uint32_t> sizes;
  std::vector<bool> can_go_on;

  for (TaskIndex task = 0; task < kTasks; ++task) {
    rig.start(task);
    while (rig.bodies.workers().count(task) == 0) std::this_thread::yield();
    can_go_on.push_back(rig.pool->give_up(task));
    sizes.push_back(rig.pool->size());
  }
  const bool is_taken = rig.try_start(99);

  EXPECT_THAT(sizes, testing::ElementsAre(2, 2, 1, 0));
  EXPECT_THAT(can_go_on, testing::ElementsAre(true, true, true, false));
  EXPECT_FALSE(is_taken);
  rig.end_all();
}

TEST(WorkPool, AThreadThatComesBackLateReportsNothingEvenWhenThePoolIsGone) {
  HangingRig rig(1, 1);
  rig.start(0);
  while (rig.bodies.workers().count(0) == 0) std::this_thread::yield();

  EXPECT_TRUE(rig.pool->give_up(0));
  rig.start(1);
  rig.news.wait_for_ends(1);
  rig.pool.reset();
  rig.end_all();

  EXPECT_THAT(rig.news.ended(), testing::ElementsAre(1));
  EXPECT_NE(rig.bodies.workers().at(0), rig.bodies.workers().at(1)) << "the replacement is another worker";
}

TEST(WorkPool, GivingUpATaskThatIsNotThereChangesNothing) {
  PoolRig rig(1);

  EXPECT_TRUE(rig.pool->give_up(7));

  EXPECT_EQ(rig.pool->size(), 1U);
}

// Parallel work.

class Crowd final : public HelpSeeker {
 public:
  explicit Crowd(int wanted) : wanted_(wanted), arrived_(wanted) {}
  bool wants_help() override { return wanted_.fetch_sub(1) > 0 || (++wanted_, false); }
  void cancel_help() override { ++wanted_; }
  void help() noexcept override { arrived_.count_down(); }
  void wait_for_all() { arrived_.wait(); }

 private:
  std::atomic<int> wanted_;
  std::latch arrived_;
};

TEST(WorkPool, WorkersJoinParallelWorkAlsoWhenTheyAreStillToBeStarted) {
  PoolRig rig(2);
  Crowd crowd(5);

  rig.pool->seek_help(crowd);
  crowd.wait_for_all();

  rig.pool->end_seeking(crowd);
}

TEST(WorkPool, AWorkerJoinsParallelWorkWhenItsTaskHasEnded) {
  PoolRig rig(1);
  std::latch may_end(1);
  rig.bodies.bodies[0] = [&] { may_end.wait(); };
  rig.start(0);
  Crowd crowd(1);

  rig.pool->seek_help(crowd);
  may_end.count_down();
  crowd.wait_for_all();

  rig.pool->end_seeking(crowd);
}

TEST(WorkPool, NobodyJoinsOnceTheSeekingHasEnded) {
  PoolRig rig(1);
  std::latch may_end(1);
  rig.bodies.bodies[0] = [&] { may_end.wait(); };
  rig.start(0);
  struct Unwanted final : HelpSeeker {
    bool wants_help() override { return true; }
    void cancel_help() override {}
    void help() noexcept override { ++helped; }
    std::atomic<int> helped{0};
  } unwanted;

  rig.pool->seek_help(unwanted);
  rig.pool->end_seeking(unwanted);
  may_end.count_down();
  rig.pool.reset();

  EXPECT_EQ(unwanted.helped, 0);
}

}  // namespace
}  // namespace ganger::host
