// A run that is written down while it goes on.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "host/journal/database.h"
#include "host/journal/journal.h"
#include "host/journal/ledger.h"
#include "host/journal/output_log.h"
#include "host/journal/run_rows.h"

namespace ganger::host {

/// Nanoseconds of CLOCK_REALTIME.
std::int64_t wall_clock_ns();

/// Events on their way to the database. Thread: one at a time.
class EventRows {
 public:
  /// Lines of a task's log beyond this many are not kept.
  static constexpr std::uint32_t kMostLogLines = 20'000;

  void add(const Event& event);
  std::size_t size() const { return rows_.size(); }
  std::vector<EventRow> take();

 private:
  std::vector<EventRow> rows_;
  std::unordered_map<TaskIndex, std::size_t> starts_;  // rows_ of starts whose finish has not come
  std::uint32_t log_lines_ = 0;
};

/// What the run and the listener of its events share; the thread of events may be left behind and outlive the run.
/// Thread: every member from any thread.
class RunRecorder {
 public:
  RunRecorder(std::unique_ptr<Database> database, RunRows rows, Ledger ledger, std::unique_ptr<OutputLog> outputs,
              TaskNumbers numbers)
      : database_(std::move(database)),
        rows_(std::move(rows)),
        numbers_(std::move(numbers)),
        ledger_(std::move(ledger)),
        outputs_(std::move(outputs)) {}

  void set(TaskIndex task, Standing standing) noexcept { ledger_.set(numbers_[task], standing); }
  Standing get(TaskIndex task) const noexcept { return ledger_.get(numbers_[task]); }
  Result<void> keep_outputs(TaskIndex task, const Outputs& outputs);
  /// Could its outputs not be kept? Then what it did counts for nothing, and it stays in the middle.
  bool is_unkept(TaskIndex task) const noexcept;
  void add(const Event& event);
  /// Looks after the files, and commits the events there are, unless it has been done a moment ago.
  void flush_soon();
  Result<void> flush();
  Result<void> finish(std::string_view end, int exit_code);
  void on_trouble(const std::function<void()>& call);
  /// The first failure. Nothing is written after it, unless it is that of the ledger alone.
  std::optional<Error> trouble() const;

 private:
  Result<void> commit(const std::function<Result<void>()>& write);
  /// trouble(), but for that of the ledger: the other files are then all that says what was done.
  std::optional<Error> trouble_with_others() const;
  /// Errors: io, also kept as trouble  what is written goes nowhere: a file was removed, replaced or cut short
  Result<void> look_after_files();
  std::function<void()> note_trouble(const Error& error, bool is_ledger_alone = false);

  std::mutex commit_mutex_;
  const std::unique_ptr<Database> database_;  // guarded by commit_mutex_
  RunRows rows_;                              // guarded by commit_mutex_
  const TaskNumbers numbers_;
  Ledger ledger_;
  const std::unique_ptr<OutputLog> outputs_;
  std::atomic<bool> has_unkept_{false};
  mutable std::mutex unkept_mutex_;
  std::set<TaskIndex> unkept_;  // guarded by unkept_mutex_
  mutable std::mutex mutex_;
  // guarded by mutex_
  EventRows events_;
  std::chrono::steady_clock::time_point flushed_{}, looked_{};
  std::function<void()> call_;  // at the first failure
  std::optional<Error> trouble_;
  bool is_ledger_alone_ = false;  // that is in trouble
};

class RecordedRun final : public OpenRun {
 public:
  explicit RecordedRun(std::shared_ptr<RunRecorder> recorder) : recorder_(std::move(recorder)) {}

  void started(TaskIndex task) noexcept override { recorder_->set(task, {TaskState::running}); }
  void waits_again(TaskIndex task) noexcept override {
    if (!recorder_->is_unkept(task)) recorder_->set(task, {TaskState::waiting});
  }
  void ended(TaskIndex task, TaskState outcome) noexcept override {
    if (!recorder_->is_unkept(task)) recorder_->set(task, {outcome, recorder_->get(task).has_outputs});
  }
  void ended_in_doubt(TaskIndex task, TaskState outcome) noexcept override {
    recorder_->set(task, {outcome, recorder_->get(task).has_outputs, true});
  }
  Result<void> keep_outputs(TaskIndex task, const Outputs& outputs) override {
    return recorder_->keep_outputs(task, outputs);
  }
  std::unique_ptr<Reporter> reporter() override;
  void on_trouble(std::function<void()> call) override { recorder_->on_trouble(call); }
  bool has_trouble() const override { return recorder_->trouble().has_value(); }
  Error trouble() const override { return *recorder_->trouble(); }
  Result<void> finish(std::string_view end, int exit_code) override { return recorder_->finish(end, exit_code); }

 private:
  const std::shared_ptr<RunRecorder> recorder_;
};

}  // namespace ganger::host
