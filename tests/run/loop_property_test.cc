// Ten thousand random runs, each held to all that a run promises. GANGER_TEST_SEED=N runs only that one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>

#include "host/pools/pool.h"
#include "tests/fakes/fake_run.h"
#include "tests/fakes/random_job.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kRuns = 10'000;

class Handles final : public Provider {
 public:
  Result<void*> open(void*) noexcept override { return &handle_; }
  void close(void*) noexcept override {}

 private:
  int handle_ = 0;
};

/// One random job and what is done to its run, all from one seed.
class RandomRun {
 public:
  explicit RandomRun(std::uint32_t seed)
      : random_(seed), run_(chance(40) ? Duration(milliseconds(between(1, 800))) : Duration(0)) {
    run_.settings = {.grace = milliseconds(between(0, 300)), .keep_going = chance(50), .seed = seed};
    workers_ = static_cast<std::uint32_t>(between(1, 4));
    pool_ = Pool::make({.name = "db", .size = 2}, std::make_unique<Handles>(), run_.clock).value();
    if (chance(40)) {
      interrupts_ = between(1, 2);
      int at = between(0, 600);
      for (int i = 0; i < interrupts_; ++i, at += between(0, 200))
        run_.interrupt_at(milliseconds(at), milliseconds(between(0, 1)));
    }
    if (chance(15)) {
      has_drain_ = true;
      run_.drain_at(milliseconds(between(0, 600)));
    }
    run_.plan = job_.make_plan(random_, chance(3) ? between(41, 150) : between(1, 40));
    seen_.resize(run_.plan.size());
    usual_trouble_ = between(0, 50);
    write_script();
    run_.events.on_event = [this](const Event& e) { hear(e); };
  }

  void check() {
    run_.run(workers_);
    run_.clock.advance(std::chrono::hours(1));  // for those that come back late

    check_tasks();
    check_end();
    if (!has_drain_ && run_.stop.reason() == StopReason::none && given_up_ == 0 && run_.settings.keep_going)
      check_triggers();
    EXPECT_EQ(pool_->statistics().lent_now, 0u) << "a lease did not come back";
    EXPECT_EQ(pool_->statistics().lost_now, abandoned_);
  }

 private:
  struct Seen {
    std::uint32_t starts = 0, ends = 0;
    TaskState outcome = TaskState::waiting;
    ganger_status last_status = GANGER_OK;
    TimePoint last_left{};
  };

  bool chance(int percent) { return between(1, 100) <= percent; }
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void write_script() {
    run_.script.act = [this](const Attempt& a) {
      Act act{.length = milliseconds(between(0, 60)), .reaction = milliseconds(chance(70) ? 0 : between(1, 50))};
      if (chance(10)) act.length = Duration(between(0, 60'000'000));
      if (chance(usual_trouble_)) {
        constexpr ganger_status kStatuses[] = {GANGER_FAILED,    GANGER_FAILED,    GANGER_RETRY, GANGER_RETRY,
                                               GANGER_BAD_PARAM, GANGER_CANCELLED, GANGER_BUG,   GANGER_TIMEOUT};
        act.status = kStatuses[between(0, 7)];
      }
      act.obeys = chance(75);
      act.stop_status = chance(70) ? GANGER_CANCELLED : chance(50) ? GANGER_OK : GANGER_FAILED;
      const bool will_be_stopped =
          run_.plan.policy(a.task).timeout.count() > 0 || interrupts_ > 0 || run_.stop.deadline() != kNever;
      act.never_ends = will_be_stopped && chance(5);
      return act;
    };
    run_.script.started = [this](const Attempt& a, bool is_heavy) { check_start(a, is_heavy); };
    run_.script.left = [this](const Finished& f) { leave(f); };
    run_.script.given_up = [this](TaskIndex task) {
      ++given_up_;
      heavy_.erase(task);
      if (lane_task_ == task) lane_task_ = kNoTask;
      if (const auto o = owners_.find(task); o != owners_.end()) {
        abandoned_ += pool_->abandon(o->second);
        owners_.erase(o);
      }
    };
  }

  void check_start(const Attempt& a, bool is_heavy) {
    const TaskIndex i = a.task;
    const PlannedTask& task = run_.plan.task(i);
    Seen& seen = seen_[i];
    const TimePoint now = run_.clock.now();
    EXPECT_EQ(seen.ends, 0u) << "task " << i << " started after it had ended";
    EXPECT_EQ(a.number, ++seen.starts);
    EXPECT_LE(a.number, run_.plan.policy(i).retries + 1);
    EXPECT_EQ(task.is_heavy, is_heavy);
    check_may_start(i, now);
    if (a.number > 1 && task.when != When::always) {
      EXPECT_LT(now, run_.stop.deadline()) << "retry of task " << i << " at or after the deadline";
    }
    if (task.when == When::always) {
      EXPECT_GT(a.deadline, now) << "clean-up " << i << " starts when its time is up";
    } else {
      EXPECT_LE(a.deadline, run_.stop.deadline());
    }

    if (task.type != nullptr) {
      EXPECT_TRUE(inside_.insert(task.type).second) << "exclusive type twice, task " << i;
    }
    ready_.erase(i);
    if (is_heavy) {
      heavy_.insert(i);
      EXPECT_LE(heavy_.size(), workers_) << "more heavy tasks than workers";
    } else {
      EXPECT_EQ(lane_task_, kNoTask) << "two light tasks at once";
      lane_task_ = i;
      for (const TaskIndex before : ready_)
        EXPECT_TRUE(before > i || run_.plan.task(before).is_heavy || inside_.contains(run_.plan.task(before).type))
            << "light task " << i << " started before " << before;
    }
    if (std::uniform_int_distribution<int>(0, 2)(borrow_random_) == 0) {
      owners_[i] = ++last_owner_;
      EXPECT_EQ(pool_->acquire(last_owner_).end, AcquireEnd::ok);
    }
  }

  void check_may_start(TaskIndex i, TimePoint now) {
    const When when = run_.plan.task(i).when;
    bool has_not_done = false;
    for (const TaskIndex p : run_.plan.predecessors(i)) {
      EXPECT_EQ(seen_[p].ends, 1u) << "task " << i << " started before " << p << " ended";
      has_not_done |= !is_ok(seen_[p].outcome);
    }
    if (when == When::ok) {
      EXPECT_FALSE(has_not_done) << "task " << i;
    }
    if (when == When::failed) {
      EXPECT_TRUE(has_not_done) << "task " << i;
    }
    if (when != When::always) {
      EXPECT_EQ(run_.stop.asked(now), StopReason::none) << "task " << i << " started after a stop";
    }
    if (when == When::ok && !run_.settings.keep_going) {
      EXPECT_FALSE(has_failed_) << "task " << i << " after a failure";
    }
    EXPECT_LT(run_.stop.interrupts(), 2) << "task " << i << " started after the second interrupt";
  }

  void leave(const Finished& f) {
    seen_[f.task].last_status = f.status;
    seen_[f.task].last_left = f.ended;
    if (const TaskType* type = run_.plan.task(f.task).type; type != nullptr) inside_.erase(type);
    heavy_.erase(f.task);
    if (lane_task_ == f.task) lane_task_ = kNoTask;
    if (const auto o = owners_.find(f.task); o != owners_.end()) {
      pool_->take_back(o->second);
      owners_.erase(o);
    }
  }

  void hear(const Event& e) {
    if (e.kind == EventKind::task_ready) {
      EXPECT_TRUE(ready_.insert(e.task).second) << "twice ready: " << e.task;
    }
    if (e.kind == EventKind::task_retry) ++retries_;
    if (e.kind == EventKind::stop_requested && e.text != "drain") stopped_ = std::min(stopped_, run_.clock.now());
    if (e.kind != EventKind::task_finished) return;
    ready_.erase(e.task);
    EXPECT_EQ(++seen_[e.task].ends, 1u) << "task " << e.task << " ended twice";
    seen_[e.task].outcome = e.outcome;
    has_failed_ |= is_failure(e.outcome);
  }

  void check_tasks() {
    const RunRecord& record = run_.loop->record();
    std::map<TaskState, std::uint32_t> counts;
    for (TaskIndex i = 0; i < run_.plan.size(); ++i) {
      const TaskRecord& r = record.tasks[i];
      const Seen& seen = seen_[i];
      ++counts[r.state];
      EXPECT_EQ(seen.ends, 1u) << "task " << i << " is lost";
      EXPECT_EQ(r.state, seen.outcome);
      EXPECT_EQ(r.attempts, seen.starts);
      EXPECT_EQ(r.state == TaskState::skipped, seen.starts == 0) << "task " << i << ": " << name_of(r.state);
      EXPECT_EQ(r.state == TaskState::skipped, r.skip_reason != SkipReason::none);
      if (r.state == TaskState::done) {
        EXPECT_EQ(seen.last_status, GANGER_OK);
      }
      if (r.state == TaskState::failed) {
        EXPECT_NE(seen.last_status, GANGER_OK);
        EXPECT_TRUE(run_.plan.task(i).when == When::always || seen.last_left < run_.stop.deadline())
            << "task " << i << " was ended by the deadline";
      }
      if (r.state == TaskState::interrupted) {
        EXPECT_GT(run_.stop.interrupts(), 0);
      }
      if (is_failure(r.state) || r.state == TaskState::interrupted) {
        EXPECT_NE(run_.reason(i), "");
      }
    }
    for (const auto& [state, count] : counts) EXPECT_EQ(record.count(state), count) << name_of(state);
    EXPECT_EQ(record.retries, retries_);
  }

  void check_end() {
    EXPECT_TRUE(run_.loop->has_ended());
    const auto stops = run_.events.of(EventKind::stop_requested);
    for (std::size_t i = 0; i < stops.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) EXPECT_NE(stops[i].text, stops[j].text) << "the same stop twice";
    if (run_.stop.interrupts() > 0) {
      EXPECT_EQ(run_.stop.reason(), StopReason::interrupt);
    }
    if (stopped_ == kNever) return;
    EXPECT_LE(run_.ended, stopped_ + run_.settings.grace + std::chrono::seconds(1)) << "the run outlives its grace";
  }

  // Without a stop, a failure that counts or a lost thread, `when` alone says what ran.
  void check_triggers() {
    for (TaskIndex i = 0; i < run_.plan.size(); ++i) {
      bool has_not_done = false;
      for (const TaskIndex p : run_.plan.predecessors(i)) has_not_done |= !is_ok(seen_[p].outcome);
      const When when = run_.plan.task(i).when;
      const bool should_run = when == When::always || (when == When::failed) == has_not_done;
      EXPECT_EQ(seen_[i].starts > 0, should_run) << "task " << i;
      const bool has_tries = seen_[i].starts <= run_.plan.policy(i).retries && seen_[i].starts > 0;
      if (has_tries && seen_[i].last_status == GANGER_RETRY) {
        EXPECT_TRUE(is_ok(seen_[i].outcome)) << "task " << i << " had more attempts";
      }
    }
  }

  std::mt19937 random_;
  std::minstd_rand borrow_random_;
  FakeRun run_;
  RandomJob job_;
  std::unique_ptr<Pool> pool_;
  std::uint32_t workers_ = 1, abandoned_ = 0, given_up_ = 0, retries_ = 0;
  int interrupts_ = 0, usual_trouble_ = 0;
  bool has_drain_ = false, has_failed_ = false;
  TimePoint stopped_ = kNever;

  std::vector<Seen> seen_;
  std::set<TaskIndex> ready_, heavy_;
  std::set<const TaskType*> inside_;
  std::map<TaskIndex, OwnerId> owners_;
  OwnerId last_owner_ = 0;
  TaskIndex lane_task_ = kNoTask;
};

void check_run(std::uint32_t seed) {
  SCOPED_TRACE("GANGER_TEST_SEED=" + std::to_string(seed));
  try {
    RandomRun run(seed);
    run.check();
  } catch (const std::runtime_error& e) {
    ADD_FAILURE() << e.what();
  }
}

TEST(Loop, KeepsItsPromisesInTenThousandRandomRuns) {
  if (const char* seed = std::getenv("GANGER_TEST_SEED"))
    return check_run(static_cast<std::uint32_t>(std::atoi(seed)));

  // The first few that go wrong say enough.
  for (std::uint32_t seed = 1; seed <= kRuns && !HasFailure(); ++seed) check_run(seed);
}

}  // namespace
}  // namespace ganger::host
