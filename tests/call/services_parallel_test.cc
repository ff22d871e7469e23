#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

#include "host/work/work_pool.h"
#include "tests/call/services_fakes.h"

namespace ganger::host {
namespace {

/// So many threads join each parallel() at once.
class JoiningThreads final : public WorkerLender {
 public:
  explicit JoiningThreads(int most) : left_(most) {}
  ~JoiningThreads() override {
    for (std::thread& t : threads_) t.join();
  }
  void seek_help(HelpSeeker& seeker) override {
    const std::lock_guard lock(mutex_);
    for (; left_ > 0 && seeker.wants_help(); --left_) threads_.emplace_back([&seeker] { seeker.help(); });
  }
  void end_seeking(HelpSeeker&) override {}
  std::size_t joined() const { return threads_.size(); }

 private:
  std::mutex mutex_;
  int left_;
  std::vector<std::thread> threads_;
};

/// parallel() with a lambda.
template <class F>
ganger_status parallel(CallRig& rig, std::uint64_t n, F f, std::uint32_t max_threads = 0) {
  return rig.host.parallel(
      rig.held(), n, [](void* user, std::uint64_t i) -> ganger_status { return (*static_cast<F*>(user))(i); }, &f,
      max_threads);
}

class NoTasks final : public TaskBody {
  Finished run(const Attempt& attempt) override { return {.task = attempt.task}; }
};
class Deaf final : public Completion {
  [[nodiscard]] std::optional<Attempt> ended(Finished) override { return std::nullopt; }
  void has_room() override {}
};

TEST(Parallel, WithoutWorkersTheCallerMakesAllCallsItself) {
  CallRig rig;
  rig.begin();
  std::vector<std::uint64_t> calls;

  const ganger_status status = parallel(rig, 4, [&](std::uint64_t i) {
    calls.push_back(i);
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_OK);
  EXPECT_EQ(calls, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(Parallel, NoCallsIsSuccess) {
  CallRig rig;
  rig.begin();

  EXPECT_EQ(parallel(rig, 0, [](std::uint64_t) { return GANGER_FAILED; }), GANGER_OK);
}

TEST(Parallel, EachCallIsMadeExactlyOnceHoweverManyHelp) {
  CallRig rig;
  JoiningThreads threads(3);
  rig.lender = &threads;
  rig.begin();
  std::vector<std::atomic<int>> calls(1000);

  const ganger_status status = parallel(rig, calls.size(), [&](std::uint64_t i) {
    ++calls[i];
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_OK);
  for (const auto& n : calls) EXPECT_EQ(n, 1);
}

TEST(Parallel, HelpersWorkAtTheSameTimeAsTheCaller) {
  CallRig rig;
  JoiningThreads threads(2);
  rig.lender = &threads;
  rig.begin();
  std::latch all_in(3);

  const ganger_status status = parallel(rig, 3, [&](std::uint64_t) {
    all_in.arrive_and_wait();
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_OK);
}

TEST(Parallel, MaxThreadsCountsTheCaller) {
  CallRig rig;
  JoiningThreads threads(8);
  rig.lender = &threads;
  rig.begin();

  parallel(
      rig, 100, [](std::uint64_t) { return GANGER_OK; }, 1);
  EXPECT_EQ(threads.joined(), 0U);

  std::latch all_in(3);
  parallel(
      rig, 3,
      [&](std::uint64_t) {
        all_in.arrive_and_wait();
        return GANGER_OK;
      },
      3);
  EXPECT_EQ(threads.joined(), 2U);
}

TEST(Parallel, AFailureIsReturnedAndKeepsTheRestFromStarting) {
  CallRig rig;
  rig.begin();
  int calls = 0;

  const ganger_status status = parallel(rig, 10, [&](std::uint64_t i) {
    ++calls;
    return i == 2 ? GANGER_RETRY : GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_RETRY);
  EXPECT_EQ(calls, 3);
}

TEST(Parallel, TheFirstFailureWinsAndItsSiblingsSeeWhyTheyShouldEnd) {
  CallRig rig;
  JoiningThreads threads(1);
  rig.lender = &threads;
  rig.begin();
  std::latch both_in(2);

  const ganger_status status = parallel(rig, 2, [&](std::uint64_t i) {
    both_in.arrive_and_wait();
    if (i == 0) return rig.host.fail(rig.held(), GANGER_FAILED, str("disk full"));
    while (rig.host.stop_reason(rig.held()) == GANGER_RUNNING) std::this_thread::yield();
    EXPECT_EQ(rig.host.stop_reason(rig.held()), GANGER_STOP_UPSTREAM);
    return rig.host.fail(rig.held(), GANGER_CANCELLED, str("stopped by a sibling"));
  });

  EXPECT_EQ(status, GANGER_FAILED);
  EXPECT_EQ(rig.ctx.take_why(), "disk full") << "of the one whose status it is";
  EXPECT_EQ(rig.host.stop_reason(rig.held()), GANGER_RUNNING) << "the task itself goes on";
}

TEST(Parallel, AFailureInsideStopsItsOwnSiblingsOnly) {
  CallRig rig;
  JoiningThreads threads(2);
  rig.lender = &threads;
  rig.begin();
  std::latch inner_over(1);

  const ganger_status status = parallel(rig, 2, [&](std::uint64_t i) {
    if (i == 1) {
      inner_over.wait();
      return rig.host.stop_reason(rig.held()) == GANGER_RUNNING ? GANGER_OK : GANGER_BUG;
    }
    const ganger_status inner = parallel(rig, 3, [](std::uint64_t) { return GANGER_TIMEOUT; });
    const std::int32_t after = rig.host.stop_reason(rig.held());
    inner_over.count_down();
    return inner == GANGER_TIMEOUT && after == GANGER_RUNNING ? GANGER_OK : GANGER_BUG;
  });

  EXPECT_EQ(status, GANGER_OK);
}

TEST(Parallel, AFailureOutsideReachesThePartsInside) {
  CallRig rig;
  JoiningThreads threads(1);
  rig.lender = &threads;
  rig.begin();
  std::latch inner_entered(1);
  int inner_calls = 0;

  const ganger_status status = parallel(rig, 2, [&](std::uint64_t i) -> ganger_status {
    if (i == 0) {
      inner_entered.wait();
      return GANGER_FAILED;
    }
    const ganger_status inner = parallel(rig, 5, [&](std::uint64_t) {
      ++inner_calls;
      inner_entered.count_down(inner_calls == 1 ? 1 : 0);
      while (rig.host.stop_reason(rig.held()) == GANGER_RUNNING) std::this_thread::yield();
      return GANGER_OK;
    });
    EXPECT_EQ(inner, GANGER_CANCELLED);
    return inner;
  });

  EXPECT_EQ(status, GANGER_FAILED);
  EXPECT_EQ(inner_calls, 1);
}

TEST(Parallel, AStopLeavesOutTheRestAndSaysCancelled) {
  CallRig rig;
  rig.begin();
  int calls = 0;

  const ganger_status status = parallel(rig, 10, [&](std::uint64_t i) {
    ++calls;
    if (i == 4) rig.stop->request(GANGER_STOP_USER);
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_CANCELLED);
  EXPECT_EQ(calls, 5);
}

TEST(Parallel, AStopDuringTheLastCallIsNoReasonToSayCancelled) {
  CallRig rig;
  rig.begin();

  const ganger_status status = parallel(rig, 3, [&](std::uint64_t i) {
    if (i == 2) rig.stop->request(GANGER_STOP_USER);
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_OK);
}

TEST(Parallel, NobodyJoinsWhatHasBeenStopped) {
  // A worker that joined would leave at once, be idle, and join again, for as long as the caller takes.
  CallRig rig;
  class Asking final : public WorkerLender {
   public:
    void seek_help(HelpSeeker& s) override { seeker = &s; }
    void end_seeking(HelpSeeker&) override { seeker = nullptr; }
    HelpSeeker* seeker = nullptr;
  } asking;
  rig.lender = &asking;
  rig.begin();
  bool wanted_before = false, wanted_after = true;

  parallel(rig, 10, [&](std::uint64_t) {
    wanted_before = asking.seeker->wants_help();
    if (wanted_before) asking.seeker->cancel_help();
    rig.stop->request(GANGER_STOP_USER);
    wanted_after = asking.seeker->wants_help();
    if (wanted_after) asking.seeker->cancel_help();
    return GANGER_OK;
  });

  EXPECT_TRUE(wanted_before);
  EXPECT_FALSE(wanted_after);
}

TEST(Parallel, AnExceptionOutOfAPartIsABugWithItsText) {
  CallRig rig;
  rig.begin();

  const ganger_status status =
      parallel(rig, 3, [](std::uint64_t) -> ganger_status { throw std::runtime_error("oh"); });

  EXPECT_EQ(status, GANGER_BUG);
  EXPECT_EQ(rig.ctx.take_why(), "threw an exception out of the plugin, which no plugin may: oh");
}

class NestedParallel : public testing::TestWithParam<std::uint32_t> {};

TEST_P(NestedParallel, DoesNotDeadlockWhateverTheNumberOfWorkers) {
  NoTasks body;
  Deaf completion;
  WorkPool pool(GetParam(), body);
  pool.report_to(completion);
  CallRig rig;
  rig.lender = GetParam() == 0 ? nullptr : &pool;
  rig.begin();
  std::atomic<int> leaves{0};

  const ganger_status status = parallel(rig, 4, [&](std::uint64_t) {
    return parallel(rig, 4, [&](std::uint64_t) {
      return parallel(rig, 4, [&](std::uint64_t) {
        ++leaves;
        return GANGER_OK;
      });
    });
  });

  EXPECT_EQ(status, GANGER_OK);
  EXPECT_EQ(leaves, 64);
}

INSTANTIATE_TEST_SUITE_P(Workers, NestedParallel, testing::Values(0U, 1U, 2U));

TEST(Parallel, AWorkerThatComesFreeLateJoins) {
  NoTasks body;
  Deaf completion;
  WorkPool pool(1, body);
  pool.report_to(completion);
  CallRig rig;
  rig.lender = &pool;
  rig.begin();
  std::latch both_in(2);

  // The pool has no thread yet: the caller is in its first call when the worker arrives.
  const ganger_status status = parallel(rig, 2, [&](std::uint64_t) {
    both_in.arrive_and_wait();
    return GANGER_OK;
  });

  EXPECT_EQ(status, GANGER_OK);
}

}  // namespace
}  // namespace ganger::host
