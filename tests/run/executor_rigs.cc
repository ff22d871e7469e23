#include "tests/run/executor_rigs.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "host/run/task_call.h"
#include "host/secrets.h"
#include "host/session/rehearsal.h"
#include "host/work/work_pool.h"
#include "tests/fakes/fake_tasks.h"
#include "tests/isolate/children_rig.h"

namespace ganger::host::test {

namespace {

/// Where the threads of attempts wait until they are let through, and are waited for.
class Gate {
 public:
  /// The stay of one attempt.
  class Visit {
   public:
    Visit(Gate& gate, TaskIndex task) : gate_(gate), task_(task) {
      const std::lock_guard lock(gate_.mutex_);
      ++gate_.inside_;
      gate_.hangs_ |= task == kHangs;
    }
    ~Visit() {
      const std::lock_guard lock(gate_.mutex_);
      --gate_.inside_;
      gate_.changed_.notify_all();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    void pass() {
      std::unique_lock lock(gate_.mutex_);
      gate_.changed_.wait(lock, [&] { return gate_.is_over_ || (gate_.is_open_ && task_ != kHangs); });
    }

   private:
    Gate& gate_;
    const TaskIndex task_;
  };

  bool hangs() {
    const std::lock_guard lock(mutex_);
    return hangs_;
  }
  void set_open(bool is_open) {
    const std::lock_guard lock(mutex_);
    is_open_ = is_open;
    changed_.notify_all();
  }
  /// Lets all through, and waits for them: of a thread that was given up nobody else hears.
  void end() {
    std::unique_lock lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool is_open_ = false, is_over_ = false, hangs_ = false;
};

/// The work pool with one body or another.
class PoolRig : public ExecutorRig {
 public:
  PoolRig(std::uint32_t workers, TaskBody& body) : pool_(std::make_unique<WorkPool>(workers, body)) {}

  Executor& executor() override { return *pool_; }
  void report_to(Completion& completion) override { pool_->report_to(completion); }
  bool hangs() override { return gate_.hangs(); }
  void wait(const std::function<bool()>& is_so) override {
    while (!is_so()) std::this_thread::yield();
  }
  void let_end(const std::function<bool()>& is_so) override {
    gate_.set_open(true);
    wait(is_so);
    gate_.set_open(false);
  }

 protected:
  void end() {
    gate_.end();
    pool_.reset();
  }
  Gate gate_;

 private:
  std::unique_ptr<WorkPool> pool_;
};

class ThreadRig final : public TaskBody, public PoolRig {
 public:
  explicit ThreadRig(std::uint32_t workers) : PoolRig(workers, *this) {}
  ~ThreadRig() override { end(); }

  Finished run(const Attempt& attempt) override {
    Gate::Visit(gate_, attempt.task).pass();
    return {.task = attempt.task,
            .number = attempt.number,
            .status = attempt.task == kFails ? GANGER_FAILED : GANGER_OK,
            .worker = attempt.worker};
  }
};

/// Each attempt is a call in a child process of the real program.
class ChildRig final : public TaskBody, public PoolRig {
 public:
  explicit ChildRig(std::uint32_t workers) : PoolRig(workers, *this), plan_(make_plan()) {}
  ~ChildRig() override {
    children_.kill(kHangs);
    end();
  }

  Finished run(const Attempt& attempt) override {
    Gate::Visit visit(gate_, attempt.task);
    if (attempt.task != kHangs) visit.pass();
    return call_.run(attempt);
  }
  void given_up(TaskIndex task) override { call_.given_up(task); }

 private:
  static ChildrenSettings settings(const std::filesystem::path& writable) {
    ChildrenSettings s;
    s.program = GANGER_PROGRAM;
    s.writable = writable;
    return s;
  }
  static Plan make_plan() {
    PlanBuilder builder;
    for (TaskIndex i = 0; i < kTasks; ++i) {
      const TaskType* type = guest().find_task_type(i == kHangs ? "wait-for-stop" : i == kFails ? "fail" : "noop");
      Binding binding;
      for (const Param& p : type->params)
        binding.push_back({.values = i == kHangs ? Values{Value::of_text("never")} : p.default_values,
                           .deferred = {},
                           .where = {}});
      builder.add("t" + std::to_string(i), {.type = type, .is_heavy = true, .is_isolated = true}, {},
                  std::move(binding));
    }
    return builder.build();
  }

  TemporaryFolder folder_;
  SteadyClock clock_;
  Plan plan_;
  PoolSet pools_{clock_};
  OutputStore outputs_;
  RunDir dir_{folder_ / "run"};
  NoEvents nobody_;
  NoJournal journal_;
  Secrets secrets_;
  const std::set<OutputName> secret_outputs_;
  Children children_{settings(folder_.folder("run")), clock_};
  TaskCall call_{{.plan = plan_,
                  .pools = pools_,
                  .outputs = outputs_,
                  .dir = dir_,
                  .events = nobody_,
                  .clock = clock_,
                  .journal = journal_,
                  .isolation = &children_,
                  .secrets = secrets_,
                  .secret_outputs = secret_outputs_}};
};

class StageRig final : public ExecutorRig {
 public:
  explicit StageRig(std::uint32_t workers) { settings_.workers = workers; }

  Executor& executor() override { return stage_; }
  void report_to(Completion& completion) override { stage_.report_to(completion); }
  void wait(const std::function<bool()>& is_so) override {
    if (!is_so()) throw std::runtime_error("nothing happens by itself in a rehearsal");
  }
  void let_end(const std::function<bool()>& is_so) override {
    while (!is_so() && stage_.has_running()) stage_.end_first();
    wait(is_so);
  }

 private:
  RehearsalSettings settings_{
      .status_of = [](const Attempt& a) { return a.task == kFails ? GANGER_FAILED : GANGER_OK; }};
  Stage stage_{settings_};
};

class FakeRig final : public ExecutorRig {
 public:
  explicit FakeRig(std::uint32_t workers) : workers_(clock_, script_, workers) {
    script_.act = [](const Attempt& a) {
      return Act{.status = a.task == kFails ? GANGER_FAILED : GANGER_OK,
                 .length = std::chrono::milliseconds(1),
                 .never_ends = a.task == kHangs};
    };
  }

  Executor& executor() override { return workers_; }
  void report_to(Completion& completion) override { workers_.report_to(completion); }
  void wait(const std::function<bool()>& is_so) override {
    if (!clock_.run_until(clock_.now(), is_so)) throw std::runtime_error("it does not happen by itself");
  }
  void let_end(const std::function<bool()>& is_so) override { clock_.run_until(kNever, is_so); }

 private:
  FakeClock clock_;
  Script script_;
  FakeWorkers workers_;
};

}  // namespace

std::unique_ptr<ExecutorRig> make_work_pool(std::uint32_t workers) { return std::make_unique<ThreadRig>(workers); }
std::unique_ptr<ExecutorRig> make_work_pool_of_children(std::uint32_t workers) {
  return std::make_unique<ChildRig>(workers);
}
std::unique_ptr<ExecutorRig> make_rehearsal(std::uint32_t workers) { return std::make_unique<StageRig>(workers); }
std::unique_ptr<ExecutorRig> make_fake_workers(std::uint32_t workers) { return std::make_unique<FakeRig>(workers); }

}  // namespace ganger::host::test
