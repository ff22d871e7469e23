#include "host/cli/rehearsal.h"

#include <cstddef>
#include <deque>
#include <optional>

#include "host/run/loop.h"

namespace ganger::host {

namespace {

/// All that the loop is connected to, on one thread: the workers' turn comes when the serial lane has nothing to do
/// and waits. Time stands still.
class Stage final : public TaskBody, public Executor, public Clock, public EventSink {
 public:
  Stage(std::uint32_t workers, std::vector<TaskIndex>& order) : workers_(workers), order_(order) {}
  void report_to(Completion& loop) { loop_ = &loop; }

  Finished run(const Attempt& attempt) override {
    order_.push_back(attempt.task);
    return finished(attempt);
  }

  bool try_start(const Attempt& attempt) override {
    if (running_.size() >= workers_) return false;
    start(attempt);
    return true;
  }
  bool give_up(TaskIndex) override { return false; }

  TimePoint now() override { return {}; }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable&, TimePoint,
                  const std::function<bool()>& ready) override {
    while (!ready() && !running_.empty()) {
      lock.unlock();
      end_first();
      lock.lock();
    }
    return ready();
  }

  bool wants(EventKind kind) const override { return kind == EventKind::task_finished; }
  bool wants_log(int) const override { return false; }
  void push(Event event) override {
    if (event.outcome == TaskState::skipped) order_.push_back(event.task);
  }

 private:
  void start(const Attempt& attempt) {
    order_.push_back(attempt.task);
    running_.push_back(attempt);
  }
  /// Its worker takes the attempt that ended() returns, so it is busy until then.
  void end_first() {
    const std::size_t running_before = running_.size();
    const std::optional<Attempt> next = loop_->ended(finished(running_.front()));
    running_.pop_front();
    if (!next) return;
    // Other workers have taken theirs meanwhile, but the loop started this one first.
    const auto others = static_cast<std::ptrdiff_t>(running_.size() + 1 - running_before);
    order_.insert(order_.end() - others, next->task);
    running_.insert(running_.end() - others, *next);
  }
  static Finished finished(const Attempt& attempt) {
    return {.task = attempt.task, .number = attempt.number, .worker = attempt.worker};
  }

  const std::size_t workers_;
  std::vector<TaskIndex>& order_;
  std::deque<Attempt> running_;  // with the workers
  Completion* loop_ = nullptr;
};

}  // namespace

Rehearsal rehearse(const Plan& plan, std::uint32_t workers) {
  Rehearsal rehearsal;
  rehearsal.order.reserve(plan.size());
  Stage stage(workers, rehearsal.order);
  Stop stop(kNever);
  NoJournal journal;
  Loop loop(plan, {},
            {.body = stage,
             .workers = stage,
             .clock = stage,
             .stop = stop,
             .events = stage,
             .journal = journal,
             .start_lane = [] { return true; },
             .wake_watcher = [] {}});
  stage.report_to(loop);
  loop.run_lane();
  rehearsal.record = loop.record();
  return rehearsal;
}

}  // namespace ganger::host
