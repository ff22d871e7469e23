// A run of a plan in which nothing runs: THE loop with tasks that end at once.
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "host/plan/plan.h"
#include "host/run/event.h"
#include "host/run/executor.h"
#include "host/run/loop.h"

namespace ganger::host {

struct RehearsalSettings {
  std::uint32_t workers = 1;
  LoopSettings loop{};
  /// How an attempt ends; null = every task is done.
  std::function<ganger_status(const Attempt&)> status_of{};
};

struct Rehearsal {
  std::vector<TaskIndex> order;  ///< as they were started, or skipped; once for each attempt
  RunRecord record;
};

/// What a run does when its tasks end like this, each as fast as another.
Rehearsal rehearse(const Plan& plan, const RehearsalSettings& settings);

/// All that the loop of a rehearsal is connected to, on one thread: a worker's turn comes when the serial lane has
/// nothing to do and waits. Time stands still, but for the pauses before retries.
class Stage final : public TaskBody, public Executor, public Clock, public EventSink {
 public:
  /// Lifetime: settings outlive it
  explicit Stage(const RehearsalSettings& settings) : settings_(settings) {}
  void report_to(Completion& loop) { loop_ = &loop; }

  Finished run(const Attempt& attempt) override;
  [[nodiscard]] Start try_start(const Attempt& attempt) override;
  [[nodiscard]] bool give_up(TaskIndex task) override;

  TimePoint now() override { return now_; }
  /// Errors: std::logic_error when it would wait for ever
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, TimePoint until,
                  const std::function<bool()>& ready) override;

  bool wants(EventKind kind) const override { return kind == EventKind::task_finished; }
  bool wants_log(int) const override { return false; }
  void push(Event event) override;

  /// With a worker that has nothing more to do until this is called: the attempt that was started first ends.
  void end_first();
  bool has_running() const { return !running_.empty(); }
  std::vector<TaskIndex>& order() { return order_; }

 private:
  Finished finished(const Attempt& attempt, std::int16_t worker) const;

  const RehearsalSettings& settings_;
  Completion* loop_ = nullptr;
  std::vector<TaskIndex> order_;
  std::deque<Attempt> running_;  // with the workers, in the order of their starts
  TimePoint now_{};
};

}  // namespace ganger::host
