// The loop among its real neighbours: the work pool, the clock, threads. Says most under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "host/run/loop.h"
#include "host/work/work_pool.h"

namespace ganger::host {
namespace {

class CountingBody final : public TaskBody {
 public:
  explicit CountingBody(const Plan& plan) : plan_(plan), calls_(plan.size()) {}

  Finished run(const Attempt& attempt) override {
    Finished f{.task = attempt.task, .number = attempt.number, .worker = attempt.worker};
    // Every seventh task fails once and is tried again.
    const bool fails = calls_[attempt.task].fetch_add(1) == 0 && attempt.task % 7 == 0;
    if (!plan_.task(attempt.task).is_heavy && light_.fetch_add(1) != 0) two_light_at_once = true;
    if (!plan_.task(attempt.task).is_heavy) light_.fetch_sub(1);
    f.status = fails ? GANGER_RETRY : GANGER_OK;
    f.ended = std::chrono::steady_clock::now();
    return f;
  }
  int calls(TaskIndex i) const { return calls_[i].load(); }

  std::atomic<bool> two_light_at_once{false};

 private:
  const Plan& plan_;
  std::vector<std::atomic<int>> calls_;
  std::atomic<int> light_{0};
};

/// Waits as the watching thread of a run does.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }
  void wait_until(TimePoint time) {
    std::unique_lock lock(mutex_);
    const auto is_rung = [&] { return rung_; };
    if (time == kNever)
      changed_.wait(lock, is_rung);
    else
      changed_.wait_until(lock, time, is_rung);
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

Plan random_plan(std::uint32_t size) {
  std::mt19937 random(size);
  PlanBuilder builder;
  for (TaskIndex i = 0; i < size; ++i) builder.add("t", {.is_heavy = random() % 2 == 0}, {.retries = 1});
  for (TaskIndex i = 1; i < size; ++i)
    for (auto edges = random() % 3; edges > 0; --edges) builder.add_edge(static_cast<TaskIndex>(random() % i), i);
  return builder.build();
}

class LoopStress : public testing::TestWithParam<std::uint32_t> {};

TEST_P(LoopStress, EveryTaskEndsOnceWhateverTheThreadsDo) {
  const Plan plan = random_plan(10'000);
  CountingBody body(plan);
  SteadyClock clock;
  Stop stop(kNever);
  NoEvents nobody;
  NoJournal journal;
  Bell bell;
  auto workers = std::make_unique<WorkPool>(GetParam(), body);
  Loop loop(plan, {}, {body, *workers, clock, stop, nobody, journal, [] { return true; }, [&] { bell.ring(); }});
  workers->report_to(loop);

  std::thread lane([&] { loop.run_lane(); });
  for (TimePoint alarm = loop.tick(); !loop.has_ended(); alarm = loop.tick()) bell.wait_until(alarm);
  lane.join();
  workers.reset();  // before the loop that it reports to

  EXPECT_EQ(loop.record().count(TaskState::done), plan.size());
  for (TaskIndex i = 0; i < plan.size(); ++i) EXPECT_EQ(body.calls(i), i % 7 == 0 ? 2 : 1);
  EXPECT_FALSE(body.two_light_at_once);
}

TEST_P(LoopStress, AnInterruptInTheMiddleLeavesNothingBehind) {
  const Plan plan = random_plan(10'000);
  CountingBody body(plan);
  SteadyClock clock;
  Stop stop(kNever);
  NoEvents nobody;
  NoJournal journal;
  Bell bell;
  auto workers = std::make_unique<WorkPool>(GetParam(), body);
  Loop loop(plan, {}, {body, *workers, clock, stop, nobody, journal, [] { return true; }, [&] { bell.ring(); }});
  workers->report_to(loop);

  std::thread lane([&] { loop.run_lane(); });
  while (loop.view().ended < plan.size() / 10) std::this_thread::yield();
  stop.interrupt(2);
  for (TimePoint alarm = loop.tick(); !loop.has_ended(); alarm = loop.tick()) bell.wait_until(alarm);
  lane.join();
  workers.reset();  // before the loop that it reports to

  const RunRecord& record = loop.record();
  EXPECT_EQ(record.count(TaskState::done) + record.count(TaskState::skipped) + record.count(TaskState::failed) +
                record.count(TaskState::interrupted),
            plan.size());
}

INSTANTIATE_TEST_SUITE_P(Workers, LoopStress, testing::Values(1u, 2u, 4u, 16u));

}  // namespace
}  // namespace ganger::host
