// The events of a run as JSON Lines, for programs.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "host/error.h"
#include "host/plan/plan.h"
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
  /// Shape:   target = a file name, "-" for stdout, "fd:N" for a descriptor that is open already
  /// Errors:  cannot_create
  static Result<std::unique_ptr<EventsFile>> open(const std::string& target, const RunNames& names, int log_level);
  ~EventsFile() override;

  bool wants(EventKind) const override { return true; }
  int log_level() const override { return log_level_; }
  void report(const Event& event) override;
  void idle() override { flush(); }

  /// The errno of the first write that failed, 0 when none did. A reader that went away is no failure. Shared,
  /// because it is asked after the reporter has gone. Thread: any.
  std::shared_ptr<const std::atomic<int>> write_error() const { return write_error_; }

 private:
  EventsFile(int fd, bool is_owned, const RunNames& names, int log_level)
      : fd_(fd), is_owned_(is_owned), names_(names), log_level_(log_level) {}
  void flush();

  const int fd_;
  const bool is_owned_;
  const RunNames& names_;
  const int log_level_;
  std::string waiting_;
  std::shared_ptr<std::atomic<int>> write_error_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace ganger::host
