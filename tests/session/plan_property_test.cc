// Plan = run: what the rehearsal of ten thousand random jobs shows is what the work pool does, with its threads.
// GANGER_TEST_SEED=N runs only that one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/session/rehearsal.h"
#include "host/work/work_pool.h"
#include "tests/fakes/random_job.h"

namespace ganger::host {
namespace {

constexpr std::uint32_t kRuns = 10'000;
constexpr std::uint32_t kMostWorkers = 4;

/// A work pool whose attempts end in the order of their starts, and only while the serial lane waits: each as fast as
/// another, as in a rehearsal. It is between the loops and the pool, and outlives them.
class EvenPool final : public TaskBody, public Executor, public Completion, public Clock {
 public:
  explicit EvenPool(std::uint32_t workers) : workers_(workers), pool_(std::make_unique<WorkPool>(workers, *this)) {
    pool_->report_to(*this);
    start_workers();
  }

  /// No loop is in use, or this one is from now on.
  void use(Loop* loop, const RehearsalSettings* settings) {
    wait_until_quiet();
    loop_ = loop;
    settings_ = settings;
    lane_order.clear();
    heavy_order.clear();
  }

  // For the loop.
  Start try_start(const Attempt& attempt) override {
    if (const Start start = pool_->try_start(attempt); start != Start::accepted) return start;
    const std::lock_guard lock(mutex_);
    note_start(attempt.task, 0);
    --free_;
    return Start::accepted;
  }
  bool give_up(TaskIndex) override { return true; }
  TimePoint now() override { return now_; }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable&, TimePoint until,
                  const std::function<bool()>& ready) override {
    lock.unlock();
    bool is_held = wait_until_quiet();
    lock.lock();
    while (!ready() && is_held) {
      lock.unlock();
      end_first();
      is_held = wait_until_quiet();
      lock.lock();
    }
    if (ready()) return true;
    if (until == kNever) throw std::logic_error("the run waits, and nothing is left to happen");
    now_ = std::max(now_, until);
    return false;
  }

  // For the serial lane, and for the pool.
  Finished run(const Attempt& attempt) override {
    if (attempt.worker < 0) {
      lane_order.push_back(attempt.task);
      wait_until_quiet();
    } else {
      std::unique_lock lock(mutex_);
      ++held_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return may_end_ == attempt.task; });
      may_end_ = kNoTask;
      --held_;
    }
    Finished f{.task = attempt.task, .number = attempt.number, .worker = attempt.worker, .ended = now_};
    if (settings_ != nullptr) f.status = settings_->status_of(attempt);
    return f;
  }
  [[nodiscard]] std::optional<Attempt> ended(Finished finished) override {
    const std::size_t starts_before = starts();
    std::optional<Attempt> next;
    if (loop_ != nullptr) next = loop_->ended(std::move(finished));
    const std::lock_guard lock(mutex_);
    if (next) note_start(next->task, starts_ - starts_before);  // others were started meanwhile, but after it
    --ending_;
    changed_.notify_all();
    return next;
  }
  void has_room() override {
    if (loop_ != nullptr) loop_->has_room();
    const std::lock_guard lock(mutex_);
    ++free_;
    changed_.notify_all();
  }

  // Of this loop: once for each attempt.
  std::vector<TaskIndex> lane_order, heavy_order;

 private:
  std::size_t starts() {
    const std::lock_guard lock(mutex_);
    return starts_;
  }
  void note_start(TaskIndex task, std::size_t others) {
    started_.insert(started_.end() - static_cast<std::ptrdiff_t>(others), task);
    heavy_order.insert(heavy_order.end() - static_cast<std::ptrdiff_t>(others), task);
    ++starts_;
  }

  void start_workers() {
    for (TaskIndex i = 0; i < workers_; ++i)
      while (try_start({.task = i, .number = 1}) != Start::accepted) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return free_ > 0; });
      }
    for (TaskIndex i = 0; i < workers_; ++i) end_first();
  }
  /// Until each worker is free and has said so, or is held in an attempt. Is one held?
  bool wait_until_quiet() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ending_ == 0 && held_ == started_.size() && free_ + held_ == workers_; });
    return held_ > 0;
  }
  void end_first() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return may_end_ == kNoTask; });
    may_end_ = started_.front();
    started_.pop_front();
    ++ending_;
    changed_.notify_all();
  }

  const std::uint32_t workers_;
  Loop* loop_ = nullptr;
  const RehearsalSettings* settings_ = nullptr;
  TimePoint now_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::deque<TaskIndex> started_;  // and not yet allowed to end, in the order of their starts
  std::size_t starts_ = 0, held_ = 0, ending_ = 0;
  std::size_t free_ = 0;  // may be below 0 for a moment, around the clock
  TaskIndex may_end_ = kNoTask;

  std::unique_ptr<WorkPool> pool_;  // goes first
};

/// One random job, rehearsed and run.
void check_run(std::uint32_t seed) {
  SCOPED_TRACE("GANGER_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const auto workers = static_cast<std::uint32_t>(between(1, kMostWorkers));
  const bool keeps_going = between(0, 1) == 1;
  const int usual_trouble = between(0, 2) * between(0, 20);
  RandomJob job;
  const Plan plan = job.make_plan(random, between(1, 100) > 3 ? between(1, 40) : between(41, 150));
  const RehearsalSettings settings{
      .workers = workers, .loop = {.keep_going = keeps_going, .seed = seed}, .status_of = [&](const Attempt& a) {
        std::minstd_rand luck(seed * 7919 + a.task * 31 + a.number);
        luck.discard(3);
        if (static_cast<int>(luck() % 100) >= usual_trouble) return ganger_status{GANGER_OK};
        constexpr ganger_status kStatuses[] = {GANGER_FAILED,    GANGER_RETRY, GANGER_RETRY,
                                               GANGER_BAD_PARAM, GANGER_BUG,   GANGER_CANCELLED};
        return kStatuses[luck() % std::size(kStatuses)];
      }};

  const Rehearsal rehearsal = rehearse(plan, settings);

  static std::array<std::unique_ptr<EvenPool>, kMostWorkers + 1> pools;
  if (!pools[workers]) pools[workers] = std::make_unique<EvenPool>(workers);
  EvenPool& pool = *pools[workers];
  Stop stop(kNever);
  NoEvents nobody;
  NoJournal journal;
  Loop loop(plan, settings.loop, {pool, pool, pool, stop, nobody, journal, [] { return true; }, [] {}});
  pool.use(&loop, &settings);
  loop.run_lane();
  const std::vector<TaskIndex> lane_order = pool.lane_order, heavy_order = pool.heavy_order;
  pool.use(nullptr, nullptr);

  std::vector<TaskIndex> planned_lane, planned_heavy;
  for (const TaskIndex i : rehearsal.order)
    if (rehearsal.record.tasks[i].state != TaskState::skipped)
      (plan.task(i).is_heavy ? planned_heavy : planned_lane).push_back(i);
  EXPECT_EQ(lane_order, planned_lane);
  EXPECT_EQ(heavy_order, planned_heavy);
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const TaskRecord &ran = loop.record().tasks[i], &planned = rehearsal.record.tasks[i];
    EXPECT_EQ(name_of(ran.state), name_of(planned.state)) << "task " << i;
    EXPECT_EQ(why_skipped(loop.record(), plan, i), why_skipped(rehearsal.record, plan, i));
    EXPECT_EQ(ran.attempts, planned.attempts) << "task " << i;
  }
  EXPECT_EQ(loop.record().reasons, rehearsal.record.reasons);
}

TEST(Rehearsal, ShowsWhatTheRunDoesForTenThousandRandomJobs) {
  if (const char* seed = std::getenv("GANGER_TEST_SEED"))
    return check_run(static_cast<std::uint32_t>(std::atoi(seed)));

  // The first few that go wrong say enough.
  for (std::uint32_t seed = 1; seed <= kRuns && !HasFailure(); ++seed) check_run(seed);
}

}  // namespace
}  // namespace ganger::host
