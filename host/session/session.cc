#include "host/session/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "host/call/services.h"
#include "host/check/sudden_end.h"
#include "host/isolate/child/children.h"
#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"
#include "host/isolate/sandbox/lock_down.h"
#include "host/report/say.h"
#include "host/report/service_manager.h"
#include "host/report/streams.h"
#include "host/report/summary.h"
#include "host/run/loop.h"
#include "host/run/task_call.h"
#include "host/run/watcher.h"
#include "host/session/run_reports.h"
#include "host/stop/signals.h"
#include "host/stop/stack_dump.h"
#include "host/text.h"
#include "host/units.h"
#include "host/work/work_pool.h"

namespace ganger::host {

namespace {

// How often what is waited for before a run is looked at.
constexpr Duration kMoment = std::chrono::milliseconds(20);

// What close() of a pool may take at the end, whatever the grace.
constexpr Duration kLeastToClose = std::chrono::milliseconds(250), kMostToClose = std::chrono::hours(24);

constexpr const char* kNoThread =
    "error: no thread could be started; see `ulimit -v` and `ulimit -u`, or try again later";

/// Lines of no task: what pools and plugins say outside a call.
class RunScope final : public CallScope {
 public:
  explicit RunScope(EventSink& events) : events_(events) {}
  void log(int level, std::string_view line) override {
    if (!events_.wants_log(level)) return;
    Event e{.kind = EventKind::task_log};
    e.level = static_cast<std::int8_t>(level);
    e.text = taken_in(line);  // the stream masks it and cuts it
    events_.push(std::move(e));
  }
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool input(std::string_view, std::string_view, Value&) override { return false; }
  void output_set(std::string_view, const Value&) override {}
  std::string work_dir() override { return {}; }
  void lease_event(LeaseEvent, const std::string&, std::uint64_t, Duration) override {}

 private:
  EventSink& events_;
};

class Session {
 public:
  Session(const PlannedJob& job, Registry& registry, const SessionSettings& settings)
      : job_(job),
        registry_(registry),
        settings_(settings),
        names_{settings.run_id, settings.job, &job.plan},
        started_(clock_.now()),
        stop_(settings.timeout ? after(started_, *settings.timeout) : kNever),
        watcher_(clock_, stop_),
        dir_(settings.run_dir, settings.record != nullptr),  // the journal keeps its ledger there
        pools_(clock_),
        reports_(settings, names_) {
    for (const auto& [task, outputs] : settings.outputs_before) outputs_.set(task, outputs);
  }

  // However it ends, the thread of the events must not look at a loop that is gone.
  ~Session() {
    if (settings_.record != nullptr) settings_.record->on_trouble([] {});
    on_late_call(nullptr);
    set_default_scope(nullptr);
    reports_.close();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> open();
  /// False when there was not even a thread for the serial lane.
  bool run();
  int finish(const std::function<void(const OutputStore&, RunEnd)>& on_outputs);
  /// Of one that could not be opened, or was told to end while it waited for something.
  int code_of(const Error& error) const;

 private:
  RunJournal& journal() {
    return settings_.record != nullptr ? static_cast<RunJournal&>(*settings_.record) : no_journal_;
  }
  Watcher::Calls calls();
  Result<void> open_reports();
  Result<void> open_pools();
  Result<void> open_children();
  bool close_pools();
  void end_left_processes();
  Summary summary(RunEnd end) const;
  bool start_lane();
  void dump() const;
  RunEnd end_of_run() const;
  void emit(EventKind kind, RunEnd end = RunEnd::finished, int exit_code = -1);

  const PlannedJob& job_;
  Registry& registry_;
  const SessionSettings& settings_;
  const RunNames names_;
  SteadyClock clock_;
  const TimePoint started_;
  Stop stop_;
  std::optional<Signals> signals_{std::in_place};  // before the first thread
  Watcher watcher_;
  RunDir dir_;
  OutputStore outputs_;
  PoolSet pools_;
  NoJournal no_journal_;
  RunReports reports_;
  std::unique_ptr<RunScope> scope_;
  std::optional<SuddenEnd> sudden_end_;
  std::set<pid_t> not_ours_;  // children that this process had before the run
  std::unique_ptr<Children> children_;
  std::unique_ptr<TaskCall> call_;
  std::unique_ptr<Loop> loop_;
  std::atomic<const Loop*> shown_{nullptr};  // loop_, for the thread of the events, which is there before it
  std::optional<ServiceManager> service_;
  std::unique_ptr<WorkPool> workers_;  // goes before the loop it reports to
  std::vector<std::thread> lanes_;     // the last one is the serial lane, those before hang in tasks
  TimePoint ended_{};
};

Result<void> Session::open() {
  adopt_orphans();
  not_ours_ = own_children();
  sudden_end_.emplace(streams().log, exit_code(RunEnd::failed, settings_.exit_style, 0), "inside the run", [this] {
    if (settings_.record != nullptr) static_cast<void>(settings_.record->finish("exited", kExitFailed));
  });
  if (auto opened = open_reports(); !opened) return opened;
  if (auto opened = open_pools(); !opened) return opened;
  if (job_.uses_run_dir)
    if (auto made = dir_.create(); !made) return made;

  if (auto opened = open_children(); !opened) return opened;
  scope_ = std::make_unique<RunScope>(reports_.events());
  set_default_scope(scope_.get());
  on_late_call([this](CallLabel task) {
    const bool is_known = task < job_.plan.size();
    const Plugin* plugin = is_known ? job_.plan.task(task).type->plugin : nullptr;
    scope_->log(GANGER_LOG_WARN, text_of_late_call(is_known ? job_.plan.name(task) : std::string_view(),
                                                   plugin != nullptr ? plugin->id : std::string_view()));
  });
  call_ = std::make_unique<TaskCall>(TaskCallParts{.plan = job_.plan,
                                                   .pools = pools_,
                                                   .outputs = outputs_,
                                                   .dir = dir_,
                                                   .events = reports_.events(),
                                                   .clock = clock_,
                                                   .journal = journal(),
                                                   .isolation = children_.get(),
                                                   .state_of = [this](TaskIndex i) { return loop_->state_of(i); },
                                                   .note_task = &SuddenEnd::note_task,
                                                   .secrets = secrets_of_process(),
                                                   .secret_outputs = job_.secret_outputs});
  workers_ = std::make_unique<WorkPool>(settings_.workers, *call_);
  call_->set_lender(workers_.get());
  emit(EventKind::run_started);
  emit(EventKind::plan_ready);
  loop_ = std::make_unique<Loop>(job_.plan,
                                 LoopSettings{.grace = settings_.grace,
                                              .keep_going = settings_.keep_going,
                                              .seed = std::random_device{}(),
                                              .done_before = settings_.done_before},
                                 LoopParts{.body = *call_,
                                           .workers = *workers_,
                                           .clock = clock_,
                                           .stop = stop_,
                                           .events = reports_.events(),
                                           .journal = journal(),
                                           .start_lane = [this] { return start_lane(); },
                                           .wake_watcher = [this] { watcher_.wake(); }});
  workers_->report_to(*loop_);
  shown_ = loop_.get();
  service_.emplace(service_settings(), names_, stop_, settings_.grace, [this] { return loop_->view(); });
  return {};
}

Result<void> Session::open_reports() {
  // What cannot be recorded must not be done: nothing starts any more, what runs may end.
  if (settings_.record != nullptr)
    settings_.record->on_trouble([this] {
      stop_.drain();
      watcher_.wake();
    });
  return reports_.open(
      [this] {
        const Loop* loop = shown_;
        return loop != nullptr ? loop->view() : RunView{};
      },
      [this] { return watcher_.wait(kMoment, *signals_, calls()); });
}

Result<void> Session::open_pools() {
  for (const PlannedPool& p : job_.pools)
    if (auto added = pools_.add(*p.kind, p.settings, p.values); !added) return added;
  return {};
}

Result<void> Session::open_children() {
  if (!job_.has_isolated) return {};
  auto writable = dir_.create_work();
  if (!writable) return tl::unexpected(std::move(writable).error());
  if (const auto missing = missing_locks(); !missing.empty())
    say(fmt::format("warning: isolated tasks: {}", fmt::join(missing, "; ")));
  // What a child opens must be what was looked at here, also if the file is replaced during the run.
  std::map<const Plugin*, std::string> digests;
  for (const Plugin* plugin : job_.plugins) {
    auto digest = registry_.digest_of(*plugin);
    if (!digest) return tl::unexpected(std::move(digest).error());
    digests.emplace(plugin, std::move(*digest));
  }
  children_ = std::make_unique<Children>(
      ChildrenSettings{.writable = std::move(*writable),
                       .workers = settings_.workers,
                       .grace = settings_.grace,
                       .log_level = settings_.is_verbose ? GANGER_LOG_DEBUG : GANGER_LOG_INFO,
                       .digest = [digests = std::move(digests)](const Plugin& p) { return digests.at(&p); }},
      clock_);
  return {};
}

bool Session::run() {
  if (!start_lane()) return false;
  service_->ready();
  watcher_.watch(*loop_, *signals_, calls());
  ended_ = clock_.now();
  return true;
}

Watcher::Calls Session::calls() {
  return {.leave = [this] { _exit(exit_code(RunEnd::interrupt, settings_.exit_style, stop_.signal())); },
          .dump = [this] { dump(); },
          .suspend =
              [] {
                // Children and commands have groups of their own, which a terminal does not reach.
                signal_descendants(SIGSTOP);
                Signals::suspend();
                signal_descendants(SIGCONT);
              },
          .beat = [this](TimePoint now) { return service_->beat(now); }};
}

int Session::code_of(const Error& error) const {
  switch (stop_.reason()) {
    case StopReason::interrupt:
      return exit_code(RunEnd::interrupt, settings_.exit_style, stop_.signal());
    case StopReason::deadline:
      return exit_code(RunEnd::timeout, settings_.exit_style, 0);
    case StopReason::drain:
      return exit_code(RunEnd::drained, settings_.exit_style, 0);
    case StopReason::none:
      break;
  }
  return exit_code(error.kind);
}

bool Session::start_lane() {
  try {
    lanes_.emplace_back([this] { loop_->run_lane(); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void Session::dump() const {
  RunView v;
  if (loop_ != nullptr)
    v = loop_->view();
  else
    v.total = job_.plan.size();
  std::string text = fmt::format("ganger: run {} of {}: {} of {} tasks have ended, {} failed, {} run now:\n",
                                 settings_.run_id, settings_.job, v.ended, v.total, v.failed, v.running_count);
  for (const TaskIndex i : v.running) text += "  " + names_.task(i) + "\n";
  write_all(streams().log, text);
  dump_stacks(streams().log);
}

RunEnd Session::end_of_run() const {
  const RunRecord& r = loop_->record();
  if (stop_.reason() == StopReason::interrupt) return RunEnd::interrupt;
  if (stop_.reason() == StopReason::deadline) return RunEnd::timeout;
  if (settings_.record != nullptr && settings_.record->has_trouble()) return RunEnd::not_recorded;
  if (r.failures() > 0) {
    // A pool that never gave anything is the likelier fault than the tasks that wanted something of it.
    for (const auto& p : pools_.all())
      if (const PoolStatistics n = p->pool->statistics(); n.opened == 0 && n.open_failed > 0)
        return RunEnd::pool_unavailable;
    return RunEnd::failed;
  }
  if (loop_->lacked_threads()) return RunEnd::no_thread;
  return stop_.reason() == StopReason::drain && loop_->left_out_tasks() ? RunEnd::drained : RunEnd::finished;
}

int Session::finish(const std::function<void(const OutputStore&, RunEnd)>& on_outputs) {
  const RunEnd end = end_of_run();
  int code = exit_code(end, settings_.exit_style, stop_.signal());
  // As where a plugin is opened in this process, and refused before the run begins.
  if (end == RunEnd::failed && children_ && children_->have_refused_plugin()) code = kExitRefused;
  service_->ended(name_of(end));
  if (end == RunEnd::no_thread) say(kNoThread);
  bool hangs = loop_->given_up_threads() > 0;
  // From here on an interrupt leaves at once, and is one for as long as something is still to be written.
  leave_on_interrupt(settings_.exit_style == ExitStyle::native ? std::optional<int>(kExitInterrupt) : std::nullopt);
  signals_.reset();
  if (!hangs) {
    for (std::thread& lane : lanes_) lane.join();
    workers_.reset();
    children_.reset();
    hangs = !close_pools();
  }
  SuddenEnd::is_ending(code);
  end_left_processes();
  if (const std::uint64_t n = late_calls(); n > 1)
    scope_->log(GANGER_LOG_INFO, fmt::format("{} calls of ganger came after run() had returned", n));
  emit(EventKind::run_finished, end, code);
  on_late_call(nullptr);
  set_default_scope(nullptr);
  // A reporter that is held up keeps a thread of its own.
  const bool is_delivered = reports_.close(stop_.reason() != StopReason::none);
  // An interrupt and a timeout are the more important news.
  const int code_if_lost = end != RunEnd::interrupt && end != RunEnd::timeout ? kExitIo : code;
  if (!reports_.are_events_written()) code = code_if_lost;
  if (!reports_.write_files(summary(end), clock_.now() - started_, code)) code = code_if_lost;
  bool is_recorded = true;
  if (settings_.record != nullptr)
    if (auto kept = settings_.record->finish(name_of(end), code); !kept) {
      say(describe(kept.error()));
      code = code_if_lost;
      is_recorded = false;
    }
  if (on_outputs) on_outputs(outputs_, end);
  leave_on_interrupt(code);
  Summary told = summary(end);
  if (!is_recorded) told.resume.clear();
  reports_.print(std::move(told));
  // What done tasks have written is there for a run that goes on later, and the ledger knows what the journal does
  // not.
  const bool goes_on = settings_.record != nullptr && (end != RunEnd::finished || !is_recorded);
  dir_.clean_up(goes_on                ? RunDir::Keep::everything
                : settings_.keep_files ? RunDir::Keep::files
                                       : RunDir::Keep::nothing);
  // A thread that is still inside a plugin, or a reporter, would find what it uses destroyed.
  if (hangs || !is_delivered) _exit(code);
  SuddenEnd::is_over(code);
  for (const std::string& complaint : registry_.shut_down()) say(complaint);
  return code;
}

/// False when a close() of a plugin has not come to an end within the grace. Its thread is left in it.
bool Session::close_pools() {
  if (pools_.all().empty()) return true;
  struct Closing {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_done = false;  // guarded by mutex
  };
  const auto closing = std::make_shared<Closing>();
  std::thread closer;
  try {
    closer = std::thread([this, closing] {
      pools_.close();
      const std::lock_guard lock(closing->mutex);
      closing->is_done = true;
      closing->changed.notify_one();
    });
  } catch (const std::system_error&) {
    pools_.close();  // an interrupt still ends it
    return true;
  }
  std::unique_lock lock(closing->mutex);
  const auto is_done = [&] { return closing->is_done; };
  // A short grace is no time for a thread to begin in; a long one is no number that the clock takes.
  const Duration patience = std::clamp<Duration>(settings_.grace, kLeastToClose, kMostToClose);
  // Many short ones may take long together.
  for (std::uint64_t seen = 0; !closing->changed.wait_for(lock, patience, is_done);) {
    const std::uint64_t closes = pools_.closes();
    const PoolOfKind* pool = pools_.closing();
    if (pool == nullptr || std::exchange(seen, closes) != closes) continue;
    closer.detach();
    scope_->log(GANGER_LOG_WARN,
                fmt::format("pool '{}': close() of {} did not come to an end within {}; the process ends without it",
                            pool->pool->name(), pool->kind->id, format_duration(patience.count())));
    return false;
  }
  lock.unlock();
  closer.join();
  return true;
}

/// What tasks have started and not ended, and what these have started: a run that has ended leaves nothing running.
void Session::end_left_processes() {
  const Ended ended = end_orphans([this](pid_t pid) { return not_ours_.contains(pid); });
  if (const std::size_t n = ended.running; n > 0)
    scope_->log(GANGER_LOG_WARN, n == 1 ? "tasks have left a process running; it was ended"
                                        : fmt::format("tasks have left {} processes running; they were ended", n));
  if (ended.left > 0)
    scope_->log(GANGER_LOG_WARN,
                fmt::format("{} could not be ended and may still run: process {}{}",
                            ended.left == 1 ? "1 process that tasks have left"
                                            : fmt::format("{} processes that tasks have left", ended.left),
                            ended.one_left, ended.left == 1 ? "" : " and others"));
}

void Session::emit(EventKind kind, RunEnd end, int code) {
  Event e{.kind = kind};
  if (kind == EventKind::plan_ready) e.total = job_.plan.size();
  if (kind == EventKind::run_finished) {
    e.exit_code = code;
    e.text = name_of(end);
    e.run = ended_ - started_;
  }
  reports_.events().push(std::move(e));
}

Summary Session::summary(RunEnd end) const {
  Summary s{.names = names_,
            .record = loop_->record(),
            .pools = {},
            .end = end,
            .run_time = ended_ - started_,
            .resume = settings_.resume,
            .rerun = settings_.rerun,
            .dropped = reports_.events().dropped()};
  for (const auto& p : pools_.all()) s.pools.push_back({p->pool->name(), p->pool->statistics()});
  return s;
}

}  // namespace

int run_session(const PlannedJob& job, Registry& registry, const SessionSettings& settings,
                const std::function<void(const OutputStore&, RunEnd)>& on_outputs) {
  const auto not_started = [&](const std::string& why, int code) {
    say(why);
    if (settings.record == nullptr) return code;
    static_cast<void>(settings.record->finish("not started", code));
    std::error_code ignored;
    if (settings.done_before.empty()) std::filesystem::remove_all(settings.run_dir, ignored);
    return code;
  };
  {
    const SuddenEnd starting(streams().log, kExitRefused, "while plugins were being started", [&] {
      if (settings.record != nullptr) static_cast<void>(settings.record->finish("not started", kExitRefused));
    });
    for (const Plugin* plugin : job.plugins)
      if (auto started = registry.start(*plugin); !started)
        return not_started(describe(started.error()), exit_code(started.error().kind));
  }
  try {
    Session session(job, registry, settings);
    if (auto opened = session.open(); !opened)
      return not_started(describe(opened.error()), session.code_of(opened.error()));
    if (session.run()) return session.finish(on_outputs);
  } catch (const std::system_error&) {
    // The events have a thread too.
  }
  return not_started(kNoThread, kExitDeferred);
}

}  // namespace ganger::host
