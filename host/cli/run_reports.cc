#include "host/cli/run_reports.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "host/cli/say.h"
#include "host/report/console.h"
#include "host/report/junit.h"
#include "host/report/metrics.h"
#include "host/report/streams.h"
#include "host/report/trace.h"

namespace ganger::host {

Result<void> RunReports::open(std::function<RunView()> view) {
  std::vector<std::unique_ptr<Reporter>> reporters;
  if (settings_.record != nullptr) reporters.push_back(settings_.record->reporter());
  const ConsoleSettings console{.fd = streams().log,
                                .is_quiet = settings_.is_quiet,
                                .is_verbose = settings_.is_verbose,
                                .has_colour = use_colour(settings_.colour, streams().log),
                                .has_bar = can_redraw(streams().log) && !settings_.is_quiet};
  reporters.push_back(std::make_unique<Console>(console, names_, std::move(view)));
  if (!settings_.events.empty()) {
    auto file = EventsFile::open(settings_.events, names_, settings_.is_verbose ? GANGER_LOG_DEBUG : GANGER_LOG_INFO);
    if (!file) return tl::unexpected(std::move(file).error());
    events_error_ = (*file)->write_error();
    reporters.push_back(std::move(*file));
  }
  std::optional<OutputFile> trace;
  for (const auto& [option, path, out] : {std::tuple{"--junit", &settings_.junit, &junit_},
                                          {"--metrics", &settings_.metrics, &metrics_},
                                          {"--trace", &settings_.trace, &trace}}) {
    if (path->empty()) continue;
    auto file = OutputFile::create(option, *path);
    if (!file) return tl::unexpected(std::move(file).error());
    out->emplace(std::move(*file));
  }
  if (trace) {
    auto reporter = std::make_unique<Trace>(std::move(*trace), names_);
    trace_written_ = reporter->written();
    reporters.push_back(std::move(reporter));
  }
  events_ = std::make_unique<EventStream>(std::move(reporters));
  return {};
}

bool RunReports::close(Duration patience) {
  is_delivered_ = !events_ || events_->close(patience);
  return is_delivered_;
}

bool RunReports::are_events_written() const {
  // Less than 0: whoever read them has gone, and wants no more.
  if (!events_error_ || events_error_->load() <= 0) return true;
  say(fmt::format("cannot write events to {}: {}", settings_.events, std::strerror(events_error_->load())));
  return false;
}

bool RunReports::write_files(const Summary& summary, Duration age, int exit_code) {
  const std::int64_t now_ns = Duration(std::chrono::system_clock::now().time_since_epoch()).count();
  bool is_written = true;
  const auto check = [&](const Result<void>& result) {
    if (!result) say(describe(result.error()));
    is_written &= result.has_value();
  };
  if (junit_) {
    junit_->write(junit_text(summary, now_ns - age.count()));
    check(junit_->close());
  }
  if (metrics_) {
    metrics_->write(metrics_text(summary, now_ns, exit_code));
    check(metrics_->close());
  }
  // Where the reporters are held up, the one of the trace is still at it.
  if (trace_written_ && is_delivered_) check(*trace_written_);
  return is_written;
}

void RunReports::print(Summary summary) const {
  const bool to_stdout = !settings_.answers_with_events();
  if (!settings_.has_summary || (settings_.is_quiet && summary.end == RunEnd::finished)) return;
  const int fd = to_stdout && !settings_.is_quiet ? streams().answer : streams().log;
  summary.has_colour = use_colour(settings_.colour, fd);
  write_all(fd, summary_text(summary));
}

}  // namespace ganger::host
