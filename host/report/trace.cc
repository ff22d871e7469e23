#include "host/report/trace.h"

#include <fmt/format.h>

namespace ganger::host {

namespace {

constexpr std::size_t kTraceBlockBytes = 64 * 1024;
constexpr int kProcess = 1;

int row_of(std::int16_t worker) { return worker + 1; }  // the serial lane, -1, is the first

double microseconds(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

}  // namespace

bool Trace::wants(EventKind kind) const {
  switch (kind) {
    case EventKind::run_started:
    case EventKind::task_started:
    case EventKind::lease_acquired:
    case EventKind::task_retry:
    case EventKind::task_finished:
    case EventKind::stop_requested:
    case EventKind::run_finished:
      return true;
    default:
      return false;
  }
}

void Trace::report(const Event& e) {
  switch (e.kind) {
    case EventKind::run_started:
      begin(e);
      break;
    case EventKind::task_started:
      running_.insert_or_assign({e.task, e.attempt}, e);
      break;
    case EventKind::lease_acquired:
      if (e.wait.count() > 0)
        add_bar("wait for " + e.pool, "pool", e.worker, e.mono_ns - e.wait.count(), e.mono_ns, {{"lease", e.lease}});
      break;
    case EventKind::task_retry:
    case EventKind::task_finished:
      end_attempt(e);
      break;
    case EventKind::stop_requested:
      add({{"name", e.text},
           {"cat", "stop"},
           {"ph", "i"},
           {"s", "g"},
           {"pid", kProcess},
           {"tid", row_of(-1)},
           {"ts", microseconds(e.mono_ns - origin_ns_)}});
      break;
    case EventKind::run_finished:
      waiting_ += "\n]}\n";
      flush();
      *written_ = file_.close();
      break;
    default:
      break;
  }
  if (waiting_.size() >= kTraceBlockBytes) flush();
}

void Trace::begin(const Event& run_started) {
  origin_ns_ = run_started.mono_ns;
  const Json about = {{"job", names_.job}, {"run", names_.run_id}};
  waiting_ += fmt::format("{{\"displayTimeUnit\":\"ms\",\"otherData\":{},\"traceEvents\":[", json_text(about));
  add({{"name", "process_name"}, {"ph", "M"}, {"pid", kProcess}, {"args", {{"name", "ganger run " + names_.job}}}});
}

void Trace::end_attempt(const Event& e) {
  const auto running = running_.find({e.task, e.attempt});
  if (running == running_.end()) return;  // it was never started: skipped
  const Event& started = running->second;
  Json args = {{"attempt", e.attempt}, {"outcome", name_of(e.outcome)}};
  if (!e.text.empty()) args["error"] = e.text;
  add_bar(names_.task(e.task), "task", started.worker, started.mono_ns, e.mono_ns, std::move(args));
  running_.erase(running);
}

void Trace::add_bar(const std::string& name, const char* category, std::int16_t worker, std::int64_t from_ns,
                    std::int64_t to_ns, Json args) {
  const int row = row_of(worker);
  if (rows_.insert(worker).second) {
    const std::string title = worker < 0 ? "serial lane" : fmt::format("worker {}", worker);
    add({{"name", "thread_name"}, {"ph", "M"}, {"pid", kProcess}, {"tid", row}, {"args", {{"name", title}}}});
    add({{"name", "thread_sort_index"},
         {"ph", "M"},
         {"pid", kProcess},
         {"tid", row},
         {"args", {{"sort_index", row}}}});
  }
  add({{"name", name},
       {"cat", category},
       {"ph", "X"},
       {"pid", kProcess},
       {"tid", row},
       {"ts", microseconds(from_ns - origin_ns_)},
       {"dur", microseconds(to_ns - from_ns)},
       {"args", std::move(args)}});
}

void Trace::add(const Json& entry) {
  waiting_ += std::exchange(has_entries_, true) ? ",\n" : "\n";
  waiting_ += json_text(entry);
}

void Trace::flush() {
  file_.write(waiting_);
  waiting_.clear();
}

}  // namespace ganger::host
