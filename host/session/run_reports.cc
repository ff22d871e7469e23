#include "host/session/run_reports.h"

#include <fmt/format.h>

#include <chrono>
#include <tuple>
#include <utility>
#include <vector>

#include "host/report/console.h"
#include "host/report/junit.h"
#include "host/report/metrics.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/trace.h"
#include "host/text.h"

namespace ganger::host {

namespace {

// For how long the end of a run waits for somebody who does not read its output, and one that was told to stop.
constexpr Duration kDeliveryPatience = std::chrono::seconds(3);
constexpr Duration kPatienceAfterStop = std::chrono::milliseconds(500);
// Altogether, when a reader takes a little now and then.
constexpr Duration kMostAfterStop = std::chrono::seconds(1);

// Nobody has to be told that the other end of a pipe is about to be opened.
constexpr Duration kUntilSaid = std::chrono::seconds(1);

/// Says so once when it takes long. Lifetime: path and keep_waiting outlive it
KeepWaiting waiting_aloud(const std::string& path, const KeepWaiting& keep_waiting) {
  return [&, began = std::chrono::steady_clock::now(), is_said = false]() mutable {
    if (!is_said && std::chrono::steady_clock::now() - began >= kUntilSaid) {
      say(fmt::format("waiting until somebody opens {} for reading", printable(path)));
      is_said = true;
    }
    return keep_waiting();
  };
}

}  // namespace

Result<void> RunReports::open(std::function<RunView()> view, const KeepWaiting& keep_waiting) {
  const auto waiting = [&](const std::string& path) {
    return Waiting{.keep_waiting = waiting_aloud(path, keep_waiting), .patience = patience_};
  };
  std::vector<std::unique_ptr<Reporter>> reporters;
  if (settings_.record != nullptr) reporters.push_back(settings_.record->reporter());
  const ConsoleSettings console{.fd = streams().log,
                                .is_quiet = settings_.is_quiet,
                                .is_verbose = settings_.is_verbose,
                                .has_colour = use_colour(settings_.colour, streams().log),
                                .has_bar = can_redraw(streams().log) && !settings_.is_quiet};
  reporters.push_back(std::make_unique<Console>(console, names_, std::move(view)));
  if (!settings_.events.empty()) {
    const Waiting for_reader = waiting(settings_.events);
    auto file = EventsFile::open(settings_.events, names_, settings_.is_verbose ? GANGER_LOG_DEBUG : GANGER_LOG_INFO,
                                 &for_reader);
    if (!file) return tl::unexpected(std::move(file).error());
    events_problem_ = (*file)->problem();
    reporters.push_back(std::move(*file));
  }
  std::optional<OutputFile> trace;
  for (const auto& [option, path, out] : {std::tuple{"--junit", &settings_.junit, &junit_},
                                          {"--metrics", &settings_.metrics, &metrics_},
                                          {"--trace", &settings_.trace, &trace}}) {
    if (path->empty()) continue;
    const Waiting for_reader = waiting(*path);
    auto file = OutputFile::create(option, *path, &for_reader);
    if (!file) return tl::unexpected(std::move(file).error());
    out->emplace(std::move(*file));
  }
  if (trace) {
    auto reporter = std::make_unique<Trace>(std::move(*trace), names_);
    trace_written_ = reporter->written();
    reporters.push_back(std::move(reporter));
  }
  events_ = std::make_unique<EventStream>(std::move(reporters), secrets_of_process());
  return {};
}

bool RunReports::close(bool was_stopped) {
  if (!events_) return true;
  const Duration patience = was_stopped ? kPatienceAfterStop : kDeliveryPatience;
  patience_->limit(patience, was_stopped ? std::chrono::steady_clock::now() + kMostAfterStop : kNever);
  // Longer than the events and the trace wait one after the other, so that what is left of them is delivered.
  is_delivered_ = events_->close(2 * patience + kPatienceAfterStop);
  return is_delivered_;
}

void RunReports::close() {
  patience_->limit(kDeliveryPatience, kNever);
  if (events_) events_->close(Duration::max());
}

bool RunReports::are_events_written() const {
  if (!events_problem_ || *events_problem_ == 0) return true;
  say("error: " + OutputFile::text_of("--events", settings_.events, *events_problem_));
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
