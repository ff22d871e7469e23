// THE loop: from a plan to an outcome for every task of it.
#pragma once
#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/plan/index_set.h"
#include "host/plan/plan.h"
#include "host/run/event.h"
#include "host/run/executor.h"
#include "host/run/journal.h"
#include "host/run/run_record.h"
#include "host/stop/stop.h"

namespace ganger::host {

struct LoopSettings {
  Duration grace = std::chrono::seconds(10);
  bool keep_going = false;
  std::uint64_t seed = 0;                ///< of the jitter of retries
  std::vector<TaskIndex> done_before{};  ///< by an earlier process, whose run this one goes on with
};

/// What the loop is connected to. All outlive it.
struct LoopParts {
  TaskBody& body;     ///< runs light tasks, on the serial lane
  Executor& workers;  ///< takes heavy tasks
  Clock& clock;
  Stop& stop;
  EventSink& events;
  RunJournal& journal;
  std::function<bool()> start_lane;    ///< a new thread that calls run_lane(): the old one hangs; false = none now
  std::function<void()> wake_watcher;  ///< the run has ended, or tick() should be called earlier than it said
};

/// A monitor: one lock guards all state, and every thread that has news takes it, writes the news down and starts
/// what has become possible. The thread of the serial lane drives it in run_lane(), workers come in by ended(), the
/// watching main thread by tick(). The lock is never held while a plugin runs.
class Loop final : public Completion {
 public:
  Loop(const Plan& plan, const LoopSettings& settings, LoopParts parts);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The serial lane: returns when every task has ended, or when the lane was given up while it was in a task. Its
  /// thread then has nothing more to do.
  void run_lane();

  [[nodiscard]] std::optional<Attempt> ended(Finished finished) override;
  void has_room() override;

  /// The watcher's turn: stops what should stop, gives up what did not. Returns when to call again at the latest.
  TimePoint tick();
  /// A second interrupt: gives up all that runs, starts nothing more.
  void give_up_all();

  bool has_ended() const;
  /// Threads that were given up: they may still be inside a plugin, so the process must leave by _exit.
  std::uint32_t given_up_threads() const;
  /// Has a failure, a stop or a drain kept a task from starting?
  bool left_out_tasks() const;
  /// Were tasks left out because no thread could be had for them?
  bool lacked_threads() const;

  TaskState state_of(TaskIndex task) const;
  /// Counts and names of what runs now, for a progress bar.
  RunView view() const;
  /// What became of every task. Only when has_ended().
  const RunRecord& record() const { return record_; }

 private:
  // An attempt that is with a thread now.
  struct Running {
    Attempt attempt;
    std::shared_ptr<StopSource> stop;
    TimePoint started{};
    TimePoint soft = kNever;  // asked to stop at
    TimePoint hard = kNever;  // given up at
    bool is_cleanup = false;  // an `always` task: a stop of the run is no stop for it, but for the end of the grace
    bool has_own_timeout = false;
  };
  // A task between two attempts.
  struct Retry {
    TimePoint when;
    TaskIndex task;
    bool operator>(const Retry& other) const { return when > other.when; }
  };

  // No thread for the tasks of one kind, and since when none could be had.
  struct Lack {
    TimePoint since = kNever;
    TimePoint ask_again = kNever;
    bool is_final = false;
    void note(bool has_thread, TimePoint now);
  };

  // All of these are called with the lock held. Those that end a run early are in loop_stop.cc.
  void take_over_done();
  void heed_stop(TimePoint now) {
    if (const StopReason asked = parts_.stop.asked(now); asked != heeded_) stop_for(asked, now);
  }
  void stop_for(StopReason reason, TimePoint now);
  void leave_out_waiting(const std::function<bool(TaskIndex)>& may_start, SkipReason reason);
  void start_heavy(TimePoint now) {
    if (ready_heavy_.empty())
      no_worker_.note(true, now);
    else
      hand_out_heavy(now);
  }
  void hand_out_heavy(TimePoint now);
  TaskIndex next(IndexSet& ready);
  void prepare(Running& running, TaskIndex task, TimePoint now);
  void commit(const Running& running);
  void finish(Running& running, Finished& finished);
  void heed_failure(TaskIndex task);
  TaskState outcome_of(const Running& running, Finished& finished) const;
  bool retry(const Running& running, TaskState outcome, const Finished& finished);
  bool is_idempotent(TaskIndex task) const;
  void wake_retries(TimePoint now);
  /// How an outcome is known: from the task itself, or only from outside, so that its effects are in doubt.
  enum class Told : bool { by_task, in_doubt };
  void end_task(TaskIndex task, TaskState outcome, Told told = Told::by_task);
  void settle(TaskIndex task);
  void make_ready(TaskIndex task);
  void enqueue(TaskIndex task);
  void take_back_ready(TaskIndex task);
  void skip(TaskIndex task, SkipReason reason);
  void free_exclusive(TaskIndex task);
  TimePoint hard_end(const Running& running, TimePoint grace_end, Duration kill_time) const;
  void ask_to_stop(Running& running, std::int32_t reason, TimePoint hard);
  void heed_lack(Lack& lack, bool is_heavy, TimePoint now);
  void check_overdue(TimePoint now);
  void give_up(Running& running);
  void end_grace(TimePoint now);
  TimePoint next_alarm() const;
  void note_alarm(TimePoint alarm);
  void emit_ready(TaskIndex task);
  void emit_finished(TaskIndex task);
  bool is_stopping() const { return heeded_ == StopReason::interrupt || heeded_ == StopReason::deadline; }
  bool lane_is_busy() const { return lane_.attempt.task != kNoTask; }
  SkipReason stop_skip_reason() const;

  const Plan& plan_;
  const LoopSettings settings_;
  const LoopParts parts_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // something for the lane to do
  // guarded by mutex_
  RunRecord record_;
  IndexSet ready_light_, ready_heavy_;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  Running lane_;                                       // attempt.task == kNoTask: between two tasks
  std::vector<std::unique_ptr<Running>> heavy_;        // with the workers
  std::vector<std::unique_ptr<Running>> spare_;        // to be used again
  std::vector<std::shared_ptr<StopSource>> given_up_;  // kept for ever: a task may still ask them
  std::vector<TaskIndex> to_settle_;                   // all they come after has ended
  std::vector<const TaskType*> exclusive_busy_;
  std::vector<const TaskType*> hung_types_;  // exclusive ones that a thread that was given up is still inside
  std::vector<TaskIndex> held_;              // ready, but their exclusive type is busy
  std::uint32_t unfinished_;
  std::uint32_t given_up_threads_ = 0;
  std::uint64_t lane_generation_ = 0;
  bool has_news_ = false;    // for a lane that waits
  bool needs_lane_ = false;  // the watcher starts one when it has let go of the lock
  bool is_settling_ = false;
  bool has_left_out_ = false;
  bool is_failing_ = false;  // a task failed and there is no --keep-going
  TaskIndex first_failure_ = kNoTask;
  bool is_grace_over_ = false;
  StopReason heeded_ = StopReason::none;
  TimePoint grace_end_ = kNever, cleanup_end_ = kNever;
  TimePoint watcher_wakes_ = kNever;
  Lack no_worker_, no_lane_;
  std::minstd_rand jitter_;
  std::array<bool, kEventKinds> wants_{};
};

}  // namespace ganger::host
