// All that tells of a run: while it goes on, and the files and the summary that are written at its end.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "host/error.h"
#include "host/report/events_file.h"
#include "host/report/output_file.h"
#include "host/report/summary.h"
#include "host/run/event_stream.h"
#include "host/run/run_record.h"
#include "host/session/session.h"

namespace ganger::host {

/// The stream of the events with those who listen to it, and what is made of them after it.
/// Lifetime: settings and names outlive it
class RunReports {
 public:
  RunReports(const SessionSettings& settings, const RunNames& names) : settings_(settings), names_(names) {}

  /// Opens every file that was asked for. `view`: a look at the run for the bar; called by the thread of the events.
  /// `keep_waiting`: for somebody to read a pipe.
  Result<void> open(std::function<RunView()> view, const KeepWaiting& keep_waiting);
  /// Only after open().
  EventStream& events() { return *events_; }
  const EventStream& events() const { return *events_; }

  /// The end of the events. Who has not read what waits by then is not waited for much longer, the less so when the
  /// run was told to stop. False when somebody holds up the output all the same: their thread is left behind.
  bool close(bool was_stopped);
  /// The same for a run that did not start: waits until everything has been delivered.
  void close();
  /// After close(): false, and said, when events could not be written.
  bool are_events_written() const;
  /// After close(): false, and said, when a file could not be written. `age`: of the run, by now.
  bool write_files(const Summary& summary, Duration age, int exit_code);
  void print(Summary summary) const;

 private:
  const SessionSettings& settings_;
  const RunNames& names_;
  const std::shared_ptr<Patience> patience_ = std::make_shared<Patience>();
  std::shared_ptr<const std::atomic<int>> events_problem_;
  std::shared_ptr<const Result<void>> trace_written_;
  std::optional<OutputFile> junit_, metrics_;
  std::unique_ptr<EventStream> events_;
  bool is_delivered_ = false;
};

}  // namespace ganger::host
