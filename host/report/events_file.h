// The events of a run as JSON Lines, for programs.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "host/error.h"
#include "host/plan/plan.h"
#include "host/report/output_file.h"
#include "host/run/event.h"

namespace ganger::host {

/// Who the events are about. Lifetime: outlives the reporters.
struct RunNames {
  std::string run_id;
  std::string job;
  const Plan* plan = nullptr;

  std::string task(TaskIndex i) const { return i == kNoTask ? std::string() : std::string(plan->name(i)); }
};

/// One event as one line of JSON, without the newline.
std::string event_line(const Event& event, const RunNames& names);

/// The descriptor that "fd:N" names, when it is open.
std::optional<int> open_descriptor(const std::string& target);

/// Writes each event at once when it is a stream that somebody reads, else in blocks.
class EventsFile final : public Reporter {
 public:
  /// Shape:   target = a file name, "-" for stdout, "fd:N" for a descriptor that is open already;
  ///          waiting: as for OutputFile::create()
  /// Errors:  cannot_create
  static Result<std::unique_ptr<EventsFile>> open(const std::string& target, const RunNames& names, int log_level,
                                                  const Waiting* waiting = nullptr);
  ~EventsFile() override;

  bool wants(EventKind) const override { return true; }
  int log_level() const override { return log_level_; }
  void report(const Event& event) override;
  void idle() override { flush(); }

  /// The first problem of the file, as OutputFile has it; 0 when there was none. A reader that went away is none.
  /// Shared, because it is asked after the reporter has gone. Thread: any.
  std::shared_ptr<const std::atomic<int>> problem() const { return problem_; }

 private:
  EventsFile(OutputFile file, const RunNames& names, int log_level)
      : file_(std::move(file)), names_(names), log_level_(log_level) {}
  void flush();

  OutputFile file_;
  const RunNames& names_;
  const int log_level_;
  std::string waiting_;
  std::shared_ptr<std::atomic<int>> problem_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace ganger::host
