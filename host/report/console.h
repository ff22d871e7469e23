// What a person sees of a run while it goes on: a bar on a terminal, plain lines elsewhere.
#pragma once
#include <functional>
#include <string>

#include "host/report/events_file.h"
#include "host/report/terminal.h"
#include "host/run/event.h"
#include "host/run/run_record.h"

namespace ganger::host {

struct ConsoleSettings {
  int fd = 2;
  bool is_quiet = false;    ///< failures, warnings and stops only
  bool is_verbose = false;  ///< debug lines, starts, leases
  bool has_colour = false;
  bool has_bar = false;
};

class Console final : public Reporter {
 public:
  /// Shape: view = a look at the run for the bar; called by the reporting thread
  Console(const ConsoleSettings& settings, const RunNames& names, std::function<RunView()> view);

  bool wants(EventKind kind) const override;
  int log_level() const override;
  bool wants_ticks() const override { return settings_.has_bar; }
  void report(const Event& event) override;
  void idle() override;

 private:
  std::string line_of(const Event& event) const;
  std::string finished_line(const Event& event) const;
  std::string bar() const;

  const ConsoleSettings settings_;
  const RunNames& names_;
  const std::function<RunView()> view_;
  const TimePoint started_;
  std::string waiting_;  // lines since the last time the stream was written
  bool has_bar_drawn_ = false;
  bool is_over_ = false;
};

}  // namespace ganger::host
