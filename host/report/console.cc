#include "host/report/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

// Written at the latest when that much waits, so that a slow reader is seen to read.
constexpr std::size_t kConsoleBlockBytes = 16 * 1024;

Paint paint_of(TaskState s) {
  switch (s) {
    case TaskState::done:
    case TaskState::up_to_date:
      return Paint::green;
    case TaskState::skipped:
      return Paint::dim;
    case TaskState::interrupted:
      return Paint::yellow;
    default:
      return Paint::red;
  }
}

}  // namespace

Console::Console(const ConsoleSettings& settings, const RunNames& names, std::function<RunView()> view)
    : settings_(settings), names_(names), view_(std::move(view)), started_(std::chrono::steady_clock::now()) {}

bool Console::wants(EventKind kind) const {
  switch (kind) {
    case EventKind::task_log:
    case EventKind::task_finished:
    case EventKind::task_retry:
    case EventKind::stop_requested:
    case EventKind::run_finished:
      return true;
    case EventKind::task_started:
    case EventKind::task_progress:
    case EventKind::lease_leaked:
      return settings_.is_verbose;
    default:
      return false;
  }
}

int Console::log_level() const {
  return settings_.is_quiet ? GANGER_LOG_WARN : settings_.is_verbose ? GANGER_LOG_DEBUG : GANGER_LOG_INFO;
}

void Console::report(const Event& event) {
  if (event.kind == EventKind::run_finished) is_over_ = true;
  const std::string line = line_of(event);
  if (!line.empty()) waiting_ += line + "\n";
  if (waiting_.size() > kConsoleBlockBytes) idle();
}

void Console::idle() {
  std::string out;
  // A terminal that was made narrower has wrapped the bar, so what is cleared is all from its start, where the cursor
  // waits: it goes where the text goes that it is on.
  if (has_bar_drawn_) out = "\r\033[J";
  out += std::exchange(waiting_, {});
  has_bar_drawn_ = settings_.has_bar && !is_over_;
  if (has_bar_drawn_) out += bar() + "\r";
  // Nobody reads any more: the run goes on without.
  if (!out.empty()) write_all(settings_.fd, out);
}

std::string Console::line_of(const Event& e) const {
  const auto paint = [&](std::string_view text, Paint p) { return painted(text, p, settings_.has_colour); };
  switch (e.kind) {
    case EventKind::task_log: {
      const std::string who = e.task == kNoTask ? "" : names_.task(e.task) + ": ";
      const std::string mark = e.level >= GANGER_LOG_ERROR  ? paint("error: ", Paint::red)
                               : e.level == GANGER_LOG_WARN ? paint("warning: ", Paint::yellow)
                                                            : "";
      return paint(who, Paint::dim) + mark + printable(e.text, "\t");
    }
    case EventKind::task_started:
      return fmt::format("{} started", names_.task(e.task));
    case EventKind::task_progress:
      return e.total > 0 ? fmt::format("{} {}/{} {}", names_.task(e.task), e.done, e.total, printable(e.text, "\t"))
                         : fmt::format("{} {} {}", names_.task(e.task), e.done, printable(e.text, "\t"));
    case EventKind::task_retry:
      return fmt::format("{} {} (attempt {}): {}; trying again in {}", names_.task(e.task),
                         paint(name_of(e.outcome), Paint::yellow), e.attempt, printable(e.text, "\t"),
                         human_time(e.wait.count()));
    case EventKind::task_finished:
      return finished_line(e);
    case EventKind::stop_requested:
      // In the words of the runner that this one grew from.
      return e.text == "drain" ? "Draining: nothing new is started." : fmt::format("Terminating due to {}.", e.text);
    default:
      return {};
  }
}

std::string Console::finished_line(const Event& e) const {
  const bool is_fine = is_ok(e.outcome) || e.outcome == TaskState::skipped;
  // On a terminal the bar counts what went well; in quiet mode nobody does.
  if (is_fine && (settings_.is_quiet || settings_.has_bar) && !settings_.is_verbose) return {};
  std::string line = fmt::format("{} {}", names_.task(e.task),
                                 painted(name_of(e.outcome), paint_of(e.outcome), settings_.has_colour));
  if (const auto took = std::max(e.run, e.all); took.count() >= 0)
    line += fmt::format(" in {}", human_time(took.count()));
  if (!e.text.empty()) line += ": " + printable(e.text, "\t");
  return line;
}

std::string Console::bar() const {
  constexpr unsigned kBarColumns = 24;
  const RunView v = view_();
  const std::uint32_t filled =
      v.total == 0 ? 0 : static_cast<std::uint32_t>(std::uint64_t{v.ended} * kBarColumns / v.total);
  std::string line = fmt::format("[{:#<{}}{:.<{}}] {}/{}", "", filled, "", kBarColumns - filled, v.ended, v.total);
  if (v.failed > 0) line += fmt::format(", {} failed", v.failed);
  line += "  " + human_time((std::chrono::steady_clock::now() - started_).count());
  std::string sep = "  ";
  for (const TaskIndex i : v.running) line += std::exchange(sep, ", ") + names_.task(i);
  if (v.running_count > v.running.size()) line += fmt::format(" and {} more", v.running_count - v.running.size());
  // One column is left free, since some terminals begin a new line once the last one is filled.
  return line.substr(0, columns_of(settings_.fd) - 1);
}

}  // namespace ganger::host
