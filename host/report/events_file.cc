#include "host/report/events_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>

#include "host/report/json_text.h"
#include "host/report/streams.h"

namespace ganger::host {

namespace {

constexpr std::size_t kEventsBlockBytes = 64 * 1024;
constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error"};

std::string rfc3339(std::int64_t ns) {
  const std::time_t seconds = ns / 1'000'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(seconds), ns % 1'000'000'000);
}

void add_task(Json& line, const Event& e, const RunNames& names) {
  if (e.task == kNoTask) return;
  line["task"] = names.task(e.task);
  if (e.attempt > 0) line["attempt"] = e.attempt;
  if (e.worker >= 0) line["worker"] = e.worker;
}

}  // namespace

std::string event_line(const Event& e, const RunNames& names) {
  Json line;
  line["seq"] = e.seq;
  line["time"] = rfc3339(e.time_ns);
  line["mono_ns"] = e.mono_ns;
  line["run"] = names.run_id;
  line["event"] = name_of(e.kind);
  add_task(line, e, names);
  if (has_ended(e.outcome)) line["outcome"] = name_of(e.outcome);
  if (!e.pool.empty()) line["pool"] = e.pool;
  if (e.lease != 0) line["lease"] = e.lease;
  if (e.wait.count() >= 0) line["wait_ns"] = e.wait.count();
  if (e.run.count() >= 0) line["run_ns"] = e.run.count();
  if (e.all.count() >= 0) line["total_run_ns"] = e.all.count();
  switch (e.kind) {
    case EventKind::run_started:
      line["job"] = names.job;
      break;
    case EventKind::plan_ready:
      line["tasks"] = e.total;
      break;
    case EventKind::task_progress:
      line["done"] = e.done;
      line["total"] = e.total;
      if (!e.text.empty()) line["what"] = e.text;
      break;
    case EventKind::task_log:
      line["level"] = kLevels[static_cast<std::uint8_t>(e.level)];
      line["message"] = e.text;
      break;
    case EventKind::task_finished:
    case EventKind::task_retry:
      if (!e.text.empty()) line[e.outcome == TaskState::skipped ? "reason" : "error"] = e.text;
      break;
    case EventKind::stop_requested:
    case EventKind::run_finished:
      line["reason"] = e.text;
      break;
    default:
      break;
  }
  if (e.exit_code >= 0) line["exit_code"] = e.exit_code;
  return json_text(line);
}

std::optional<int> open_descriptor(const std::string& target) {
  const char* end = target.data() + target.size();
  int fd = -1;
  const auto [stopped, ec] = std::from_chars(target.data() + 3, end, fd);
  if (ec != std::errc() || stopped != end || fcntl(fd, F_GETFD) < 0) return std::nullopt;
  return fd;
}

Result<std::unique_ptr<EventsFile>> EventsFile::open(const std::string& target, const RunNames& names, int log_level,
                                                     const Waiting* waiting) {
  const auto reporter = [&](OutputFile file) {
    return std::unique_ptr<EventsFile>(new EventsFile(std::move(file), names, log_level));
  };
  int fd = streams().answer;
  if (target.starts_with("fd:")) {
    const auto named = open_descriptor(target);
    if (!named) return failure(ErrorKind::usage, fmt::format("--events {}: this is not an open descriptor", target));
    // What the user knows as 1 and 2; ours lead elsewhere.
    fd = *named == STDOUT_FILENO ? streams().answer : *named == STDERR_FILENO ? streams().log : *named;
  } else if (target != "-") {
    auto file = OutputFile::create("--events", target, waiting);
    if (!file) return tl::unexpected(std::move(file).error());
    return reporter(std::move(*file));
  }
  return reporter(
      OutputFile::of_descriptor("--events", target, fd, waiting != nullptr ? waiting->patience : nullptr));
}

EventsFile::~EventsFile() {
  flush();
  const auto closed = file_.close();
  if (!closed && *problem_ == 0 && file_.problem() != EPIPE) *problem_ = file_.problem();
}

void EventsFile::report(const Event& event) {
  waiting_ += event_line(event, names_);
  waiting_ += '\n';
  if (waiting_.size() >= kEventsBlockBytes) flush();
}

void EventsFile::flush() {
  file_.write(waiting_);
  waiting_.clear();
  if (file_.problem() != EPIPE) *problem_ = file_.problem();
}

}  // namespace ganger::host
