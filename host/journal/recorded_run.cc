#include "host/journal/recorded_run.h"

#include <fmt/format.h>
#include <time.h>

#include <utility>

#include "host/journal/journal_file.h"

namespace ganger::host {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t kRowsOfACommit = 1'000;
// A commit for every event would cost more than the events of small tasks are worth: the ledger has what matters.
constexpr std::chrono::milliseconds kPause{50};

/// The listener. Ticks, so that what a quiet moment finds is written down even when nothing comes after it.
class RecordingReporter final : public Reporter {
 public:
  explicit RecordingReporter(std::shared_ptr<RunRecorder> recorder) : recorder_(std::move(recorder)) {}

  bool wants(EventKind kind) const override {
    return kind != EventKind::task_ready && kind != EventKind::task_progress;
  }
  void report(const Event& event) override { recorder_->add(event); }
  void idle() override { recorder_->flush_soon(); }
  bool wants_ticks() const override { return true; }

 private:
  const std::shared_ptr<RunRecorder> recorder_;
};

}  // namespace

std::int64_t wall_clock_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void EventRows::add(const Event& event) {
  EventRow row{event};
  if (event.kind == EventKind::task_log && ++log_lines_ > kMostLogLines) {
    if (log_lines_ > kMostLogLines + 1) return;
    row.event = {.kind = EventKind::task_log, .level = GANGER_LOG_WARN};
    row.event.text = "further log lines of this run are not kept";
    row.event.seq = event.seq;
    row.event.time_ns = event.time_ns;
  }
  if (event.kind == EventKind::task_started) {
    starts_.insert_or_assign(event.task, rows_.size());
  } else if (event.kind == EventKind::task_finished) {
    if (const auto start = starts_.find(event.task);
        start != starts_.end() && rows_[start->second].event.attempt == event.attempt) {
      rows_[start->second].is_folded = true;
      row.started_ns = rows_[start->second].event.time_ns;
    }
  }
  rows_.push_back(std::move(row));
}

std::vector<EventRow> EventRows::take() {
  starts_.clear();
  return std::exchange(rows_, {});
}

Result<void> RunRecorder::commit(const std::function<Result<void>()>& write) {
  std::function<void()> call;
  Result<void> result;
  {
    const std::lock_guard lock(commit_mutex_);
    if (auto before = trouble_with_others()) return tl::unexpected(*std::move(before));
    result = database_->in_transaction(write);
    if (!result) {
      suspect(*database_, result.error());
      call = note_trouble(result.error());
    }
  }
  if (call) call();
  return result;
}

/// Returns what is to be called, without a lock.
std::function<void()> RunRecorder::note_trouble(const Error& error, bool is_ledger_alone) {
  const std::lock_guard lock(mutex_);
  is_ledger_alone_ = is_ledger_alone && (!trouble_ || is_ledger_alone_);
  if (trouble_) return {};
  trouble_ = error;
  return call_;
}

std::optional<Error> RunRecorder::trouble_with_others() const {
  const std::lock_guard lock(mutex_);
  return is_ledger_alone_ ? std::nullopt : trouble_;
}

std::optional<Error> RunRecorder::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RunRecorder::on_trouble(const std::function<void()>& call) {
  {
    const std::lock_guard lock(mutex_);
    call_ = call;
    if (!trouble_) return;
  }
  call();
}

Result<void> RunRecorder::keep_outputs(TaskIndex task, const Outputs& outputs) {
  Result<void> kept;
  if (auto before = trouble_with_others())
    kept = tl::unexpected(*std::move(before));
  else
    kept = outputs_->append(numbers_[task], outputs);
  if (kept) {
    set(task, {get(task).state, !outputs.empty()});
    return kept;
  }
  if (const auto call = note_trouble(kept.error())) call();
  const std::lock_guard lock(unkept_mutex_);
  unkept_.insert(task);
  has_unkept_ = true;
  return kept;
}

bool RunRecorder::is_unkept(TaskIndex task) const noexcept {
  if (!has_unkept_) return false;
  const std::lock_guard lock(unkept_mutex_);
  return unkept_.contains(task);
}

void RunRecorder::add(const Event& event) {
  bool is_urgent = event.kind == EventKind::run_finished;
  {
    const std::lock_guard lock(mutex_);
    if (trouble_ && !is_ledger_alone_) return;
    events_.add(event);
    is_urgent |= events_.size() >= kRowsOfACommit;
  }
  if (is_urgent) flush();
}

Result<void> RunRecorder::look_after_files() {
  const bool is_ledger_good = ledger_.is_in_place(), is_database_good = database_->is_in_place();
  if (is_ledger_good && is_database_good) return {};
  const auto& file = is_ledger_good ? database_->file() : ledger_.file();
  const Error error{ErrorKind::io,
                    fmt::format("{} was removed, replaced or cut short during the run, whose record is not complete; "
                                "let nothing but ganger change the state directory",
                                file.string()),
                    {}};
  if (const auto call = note_trouble(error, is_database_good)) call();
  return tl::unexpected(error);
}

void RunRecorder::flush_soon() {
  const auto now = steady_clock::now();
  bool is_time_to_look = false, is_time_to_flush = false;
  {
    const std::lock_guard lock(mutex_);
    if (trouble_ && !is_ledger_alone_) return;
    is_time_to_look = now - looked_ >= kPause;
    if (is_time_to_look) looked_ = now;
    is_time_to_flush = events_.size() > 0 && now - flushed_ >= kPause;
  }
  if (is_time_to_look) static_cast<void>(look_after_files());
  if (is_time_to_flush) flush();
}

Result<void> RunRecorder::flush() {
  std::vector<EventRow> rows;
  {
    const std::lock_guard lock(mutex_);
    rows = events_.take();
  }
  if (rows.empty()) return {};
  auto written = commit([&] { return rows_.insert(rows, numbers_); });
  const std::lock_guard lock(mutex_);
  flushed_ = steady_clock::now();
  return written;
}

Result<void> RunRecorder::finish(std::string_view end, int exit_code) {
  if (auto flushed = flush(); !flushed) return flushed;
  // Where the ledger is lost, what was written down of each task says how it went.
  const bool has_ledger = look_after_files().has_value();
  if (auto before = trouble_with_others()) return tl::unexpected(*std::move(before));
  const auto outputs = outputs_->all();
  if (!outputs) {
    if (const auto call = note_trouble(outputs.error())) call();
    return tl::unexpected(outputs.error());
  }
  {
    // The files beside the ledger go after this: from then on only what is synced says what was done.
    const std::lock_guard lock(commit_mutex_);
    if (auto full = database_->run("pragma synchronous=full"); !full) return full;
  }
  auto committed = commit([&]() -> Result<void> {
    if (auto kept = rows_.replace_outputs(*outputs); !kept) return kept;
    return rows_.finish(wall_clock_ns(), end, exit_code, has_ledger ? ledger_.bytes() : std::string_view());
  });
  return committed ? look_after_files() : committed;
}

std::unique_ptr<Reporter> RecordedRun::reporter() { return std::make_unique<RecordingReporter>(recorder_); }

}  // namespace ganger::host
