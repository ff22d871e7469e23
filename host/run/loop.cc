#include "host/run/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/run/backoff.h"
#include "host/spin.h"
#include "host/units.h"

namespace ganger::host {

namespace {

// How soon a thread is asked for again where none could be started: a machine may have one to spare soon.
constexpr Duration kAskAgain = std::chrono::milliseconds(100);

}  // namespace

void Loop::Lack::note(bool has_thread, TimePoint now) {
  since = has_thread ? kNever : std::min(since, now);
  ask_again = has_thread ? kNever : after(now, kAskAgain);
}

Loop::Loop(const Plan& plan, const LoopSettings& settings, LoopParts parts)
    : plan_(plan),
      settings_(settings),
      parts_(std::move(parts)),
      ready_light_(plan.size()),
      ready_heavy_(plan.size()),
      unfinished_(plan.size()),
      jitter_(static_cast<std::uint32_t>(settings.seed)) {
  for (std::size_t k = 0; k < kEventKinds; ++k) wants_[k] = parts_.events.wants(static_cast<EventKind>(k));
  record_.tasks.resize(plan.size());
  lane_.stop = std::make_shared<StopSource>();
  for (TaskIndex i = 0; i < plan.size(); ++i) record_.tasks[i].waiting_for = plan.graph().predecessor_count(i);
  take_over_done();
  for (TaskIndex i = 0; i < plan.size(); ++i)
    if (record_.tasks[i].waiting_for == 0 && record_.tasks[i].state == TaskState::waiting) settle(i);
}

Loop::~Loop() = default;

void Loop::take_over_done() {
  for (const TaskIndex task : settings_.done_before) {
    record_.tasks[task].state = TaskState::done;
    ++record_.counts[static_cast<std::size_t>(TaskState::done)];
    for (const TaskIndex s : plan_.graph().successors(task)) --record_.tasks[s].waiting_for;
  }
  record_.done_before = static_cast<std::uint32_t>(settings_.done_before.size());
  unfinished_ -= record_.done_before;
}

// ---------------------------------------------------------------------------------------------------- the loop

void Loop::run_lane() {
  std::unique_lock lock(mutex_);
  const std::uint64_t generation = lane_generation_;
  TimePoint now = parts_.clock.now();
  while (unfinished_ > 0) {
    heed_stop(now);
    wake_retries(now);
    start_heavy(now);
    if (const TaskIndex task = next(ready_light_); task != kNoTask) {
      prepare(lane_, task, now);
      commit(lane_);
      const Attempt attempt = lane_.attempt;
      lock.unlock();
      Finished finished = parts_.body.run(attempt);
      lock.lock();
      if (generation != lane_generation_) return;  // given up meanwhile: another thread is the lane now
      now = finished.ended;                        // one reading of the clock where a task ends and the next begins
      finish(lane_, finished);
    } else if (unfinished_ > 0) {
      has_news_ = false;
      const TimePoint until = retries_.empty() ? kNever : retries_.top().when;
      parts_.clock.wait_until(lock, changed_, until, [&] { return has_news_; });
      now = parts_.clock.now();
    }
  }
}

std::optional<Attempt> Loop::ended(Finished finished) {
  const auto lock = lock_soon(mutex_);
  const auto running = std::ranges::find_if(heavy_, [&](const auto& r) {
    return r->attempt.task == finished.task && r->attempt.number == finished.number;
  });
  if (running == heavy_.end()) return std::nullopt;  // given up long ago
  std::unique_ptr<Running> it = std::move(*running);
  *running = std::move(heavy_.back());
  heavy_.pop_back();
  heed_stop(finished.ended);
  finish(*it, finished);
  std::optional<Attempt> following;
  if (const TaskIndex task = next(ready_heavy_); task != kNoTask) {
    prepare(*it, task, finished.ended);
    commit(*it);
    following = it->attempt;
  }
  (following ? heavy_ : spare_).push_back(std::move(it));
  start_heavy(finished.ended);
  return following;
}

void Loop::has_room() {
  const auto lock = lock_soon(mutex_);
  if (ready_heavy_.empty()) return;
  const TimePoint now = parts_.clock.now();
  heed_stop(now);
  start_heavy(now);
}

TimePoint Loop::tick() {
  std::unique_lock lock(mutex_);
  const TimePoint now = parts_.clock.now();
  heed_stop(now);
  wake_retries(now);
  check_overdue(now);
  if (now >= cleanup_end_) end_grace(now);
  start_heavy(now);
  heed_lack(no_worker_, true, now);
  heed_lack(no_lane_, false, now);
  watcher_wakes_ = next_alarm();
  const TimePoint alarm = watcher_wakes_;
  const bool needs_lane = std::exchange(needs_lane_, false) && unfinished_ > 0;
  lock.unlock();
  if (!needs_lane) return alarm;
  const bool has_lane = parts_.start_lane();
  lock.lock();
  needs_lane_ |= !has_lane;
  no_lane_.note(has_lane, now);
  return watcher_wakes_ = std::min(watcher_wakes_, no_lane_.ask_again);
}

void Loop::give_up_all() {
  const std::lock_guard lock(mutex_);
  heed_stop(parts_.clock.now());
  is_grace_over_ = true;
  leave_out_waiting([](TaskIndex) { return false; }, stop_skip_reason());
  while (!heavy_.empty()) give_up(*heavy_.back());
  if (lane_is_busy()) give_up(lane_);
}

// ---------------------------------------------------------------------------------------------------- attempts

TaskIndex Loop::next(IndexSet& ready) {
  while (!ready.empty()) {
    const TaskIndex task = ready.pop_min();
    const TaskType* type = plan_.task(task).type;
    if (type == nullptr || !type->is_exclusive() || std::ranges::count(exclusive_busy_, type) == 0) return task;
    held_.push_back(task);
  }
  return kNoTask;
}

void Loop::hand_out_heavy(TimePoint now) {
  for (TaskIndex task; (task = next(ready_heavy_)) != kNoTask;) {
    if (spare_.empty()) {
      spare_.push_back(std::make_unique<Running>());
      spare_.back()->stop = std::make_shared<StopSource>();
    }
    Running& running = *spare_.back();
    prepare(running, task, now);
    const Start start = parts_.workers.try_start(running.attempt);
    no_worker_.note(start != Start::no_thread, now);
    if (start != Start::accepted) {
      ready_heavy_.insert(task);
      return note_alarm(no_worker_.ask_again);
    }
    commit(running);
    heavy_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
}

void Loop::prepare(Running& running, TaskIndex task, TimePoint now) {
  const Policy& policy = plan_.policy(task);
  running.stop->begin_attempt();
  running.started = now;
  running.is_cleanup = plan_.task(task).when == When::always;
  running.has_own_timeout = policy.timeout.count() > 0;
  running.soft = running.has_own_timeout ? after(now, policy.timeout) : kNever;
  running.hard = kNever;
  const TimePoint end = !running.is_cleanup ? parts_.stop.deadline() : is_stopping() ? cleanup_end_ : kNever;
  running.attempt = {.task = task,
                     .number = record_.tasks[task].attempts + 1u,
                     .deadline = std::min(running.soft, end),
                     .stop = running.stop.get()};
}

void Loop::commit(const Running& running) {
  TaskRecord& r = record_.tasks[running.attempt.task];
  r.state = TaskState::running;
  if (r.attempts > 0) record_.first_starts.try_emplace(running.attempt.task, r.started);
  r.started = running.started;
  ++r.attempts;
  const TaskType* type = plan_.task(running.attempt.task).type;
  if (type != nullptr && type->is_exclusive()) exclusive_busy_.push_back(type);
  if (running.soft != kNever) note_alarm(running.soft);
}

void Loop::finish(Running& running, Finished& finished) {
  const TaskIndex task = finished.task;
  TaskRecord& r = record_.tasks[task];
  r.ended = finished.ended;
  r.worker = finished.worker;
  const TaskState outcome = outcome_of(running, finished);
  free_exclusive(task);
  // What said OK too late is no failure to be undone: all of it was done.
  const bool is_late = finished.status == GANGER_OK && outcome != TaskState::done;
  const Told told = finished.is_in_doubt || is_late ? Told::in_doubt : Told::by_task;
  if (finished.is_in_doubt && running.attempt.number <= plan_.policy(task).retries && !is_idempotent(task) &&
      outcome != TaskState::interrupted && heeded_ == StopReason::none)
    finished.why += "; not tried again: it is not idempotent, so nobody knows how much of it was done";
  const bool will_retry = !is_ok(outcome) && retry(running, outcome, finished);
  if (!finished.why.empty() && !is_ok(outcome)) record_.reasons[task] = std::move(finished.why);
  running.attempt.task = kNoTask;
  if (will_retry) return;
  end_task(task, outcome, told);
  heed_failure(task);
}

void Loop::heed_failure(TaskIndex task) {
  if (!is_failure(record_.tasks[task].state) || settings_.keep_going || is_failing_) return;
  is_failing_ = true;
  first_failure_ = task;
  leave_out_waiting([this](TaskIndex i) { return plan_.task(i).when != When::ok; }, SkipReason::earlier_failure);
}

TaskState Loop::outcome_of(const Running& running, Finished& finished) const {
  std::int32_t asked = running.stop->reason();
  // A task may look at the clock itself and end at the deadline before anybody has asked it to.
  if (asked == 0 && !running.is_cleanup && finished.ended >= parts_.stop.deadline()) asked = GANGER_STOP_DEADLINE;
  // What was interrupted first is no slow task.
  const bool is_overdue = running.has_own_timeout && finished.ended >= running.soft && asked != GANGER_STOP_USER;
  const auto explain = [&](std::string why) {
    finished.why = finished.why.empty() ? std::move(why) : why + ": " + finished.why;
  };
  if (finished.status == GANGER_OK && !is_overdue) return TaskState::done;
  if (is_overdue) {
    explain(
        fmt::format("took longer than its timeout of {}", format_duration((running.soft - running.started).count())));
    return TaskState::timed_out;
  }
  switch (asked) {
    case GANGER_STOP_USER:
      explain("stopped by the interrupt");
      return TaskState::interrupted;
    case GANGER_STOP_DEADLINE:
      explain("stopped at the deadline of the run");
      return TaskState::timed_out;
    default:
      break;
  }
  if (finished.has_crashed) return TaskState::crashed;
  if (finished.status == GANGER_CANCELLED) explain("ended as cancelled, though nobody asked it to stop");
  if (finished.why.empty()) finished.why = fmt::format("ended with status {} and no reason", finished.status);
  return TaskState::failed;
}

bool Loop::retry(const Running& running, TaskState outcome, const Finished& finished) {
  const TaskIndex task = running.attempt.task;
  const Policy& policy = plan_.policy(task);
  const bool is_hopeless = finished.status == GANGER_BAD_PARAM || finished.status == GANGER_UNSUPPORTED;
  const bool is_left_out = is_failing_ && plan_.task(task).when == When::ok;
  const bool has_time = running.is_cleanup ? !is_grace_over_ : heeded_ == StopReason::none && !is_left_out;
  if (running.attempt.number > policy.retries || is_hopeless || !has_time || outcome == TaskState::interrupted ||
      (finished.is_in_doubt && !is_idempotent(task)))
    return false;

  Duration delay = jittered_backoff(policy.backoff, running.attempt.number, jitter_);
  const TimePoint end = running.is_cleanup ? cleanup_end_ : parts_.stop.deadline();
  if (end != kNever) delay = std::min<Duration>(delay, std::max<Duration>(Duration(0), end - finished.ended));
  const TimePoint when = after(finished.ended, delay);
  parts_.journal.waits_again(task);
  record_.tasks[task].state = TaskState::waiting;
  record_.tasks[task].attempt_outcome = outcome;
  ++record_.retries;
  retries_.push({when, task});
  has_news_ = true;
  changed_.notify_one();
  note_alarm(when);
  if (wants_[static_cast<std::size_t>(EventKind::task_retry)]) {
    Event e{.kind = EventKind::task_retry, .outcome = outcome, .worker = finished.worker, .task = task};
    e.attempt = running.attempt.number;
    e.wait = delay;
    e.run = finished.ended - running.started;
    e.text = finished.why;
    parts_.events.push(std::move(e));
  }
  return true;
}

bool Loop::is_idempotent(TaskIndex task) const {
  const TaskType* type = plan_.task(task).type;
  return type != nullptr && (type->flags & GANGER_TASK_IDEMPOTENT) != 0;
}

void Loop::wake_retries(TimePoint now) {
  while (!retries_.empty() && retries_.top().when <= now) {
    const TaskIndex task = retries_.top().task;
    retries_.pop();
    make_ready(task);
  }
}

void Loop::free_exclusive(TaskIndex task) {
  const TaskType* type = plan_.task(task).type;
  if (type == nullptr || !type->is_exclusive()) return;
  std::erase(exclusive_busy_, type);
  std::vector<TaskIndex> held = std::exchange(held_, {});
  for (const TaskIndex i : held)
    if (record_.tasks[i].state == TaskState::ready) enqueue(i);
}

// ---------------------------------------------------------------------------------------------------- tasks

void Loop::end_task(TaskIndex task, TaskState outcome, Told told) {
  TaskRecord& r = record_.tasks[task];
  r.state = outcome;
  if (told == Told::in_doubt)
    parts_.journal.ended_in_doubt(task, outcome);
  else
    parts_.journal.ended(task, outcome);
  ++record_.counts[static_cast<std::size_t>(outcome)];
  if (is_ok(outcome) && r.attempts > 1) record_.reasons.erase(task);  // of an attempt that failed
  if (wants_[static_cast<std::size_t>(EventKind::task_finished)]) emit_finished(task);

  const bool is_not_done = !is_ok(outcome);
  const bool is_failed = is_failure(outcome) || (outcome == TaskState::skipped && r.has_upstream_failure);
  const TaskIndex culprit = outcome == TaskState::skipped && r.culprit != kNoTask ? r.culprit : task;
  for (const TaskIndex s : plan_.graph().successors(task)) {
    TaskRecord& next = record_.tasks[s];
    // A failure is more to blame than a task that was skipped for a reason of its own.
    if (is_not_done && (next.culprit == kNoTask || (is_failed && !next.has_upstream_failure))) next.culprit = culprit;
    next.has_upstream_not_done |= is_not_done;
    next.has_upstream_failure |= is_failed;
    if (--next.waiting_for == 0) to_settle_.push_back(s);
  }
  // A task that is skipped ends too, and so on: with a list, since a chain may be a million long.
  if (!std::exchange(is_settling_, true)) {
    while (!to_settle_.empty()) {
      const TaskIndex s = to_settle_.back();
      to_settle_.pop_back();
      settle(s);
    }
    is_settling_ = false;
  }
  if (--unfinished_ == 0) {
    has_news_ = true;
    changed_.notify_all();
    parts_.wake_watcher();
  }
}

void Loop::settle(TaskIndex task) {
  const TaskRecord& r = record_.tasks[task];
  if (host::has_ended(r.state)) return;
  SkipReason reason = SkipReason::none;
  switch (plan_.task(task).when) {
    case When::ok:
      if (r.has_upstream_not_done)
        reason = SkipReason::upstream;
      else if (heeded_ != StopReason::none || is_failing_)
        reason = stop_skip_reason();
      break;
    case When::failed:
      if (heeded_ != StopReason::none)
        reason = stop_skip_reason();
      else if (!r.has_upstream_not_done)
        reason = SkipReason::nothing_failed;
      else if (is_failing_ && !r.has_upstream_failure)
        reason = SkipReason::earlier_failure;
      break;
    case When::always:
      if (is_grace_over_) reason = SkipReason::grace_over;
      break;
  }
  if (reason == SkipReason::none && std::ranges::count(hung_types_, plan_.task(task).type) != 0)
    reason = SkipReason::type_hangs;
  if (reason == SkipReason::none)
    make_ready(task);
  else
    skip(task, reason);
}

void Loop::make_ready(TaskIndex task) {
  record_.tasks[task].state = TaskState::ready;
  if (wants_[static_cast<std::size_t>(EventKind::task_ready)]) emit_ready(task);
  enqueue(task);
}

void Loop::enqueue(TaskIndex task) {
  if (plan_.task(task).is_heavy) {
    ready_heavy_.insert(task);
    return;
  }
  ready_light_.insert(task);
  if (!has_news_) {
    has_news_ = true;
    changed_.notify_one();
  }
}

void Loop::take_back_ready(TaskIndex task) {
  if (record_.tasks[task].state == TaskState::ready)
    (plan_.task(task).is_heavy ? ready_heavy_ : ready_light_).erase(task);
}

void Loop::skip(TaskIndex task, SkipReason reason) {
  take_back_ready(task);
  record_.tasks[task].skip_reason = reason;
  if (reason == SkipReason::earlier_failure) record_.tasks[task].culprit = first_failure_;
  end_task(task, TaskState::skipped);
}

// ---------------------------------------------------------------------------------------------------- the watcher

TimePoint Loop::next_alarm() const {
  TimePoint alarm = is_grace_over_ ? kNever : cleanup_end_;
  if (heeded_ == StopReason::none || heeded_ == StopReason::drain) alarm = std::min(alarm, parts_.stop.deadline());
  if (!retries_.empty()) alarm = std::min(alarm, retries_.top().when);
  const auto add = [&](const Running& r) {
    alarm = std::min(alarm, r.stop->reason() == 0 ? std::min(r.soft, r.hard) : r.hard);
  };
  for (const auto& r : heavy_) add(*r);
  if (lane_is_busy()) add(lane_);
  if (!ready_heavy_.empty()) alarm = std::min(alarm, no_worker_.ask_again);
  return alarm;
}

void Loop::note_alarm(TimePoint alarm) {
  if (alarm >= watcher_wakes_) return;
  watcher_wakes_ = alarm;
  parts_.wake_watcher();
}

bool Loop::has_ended() const {
  const std::lock_guard lock(mutex_);
  return unfinished_ == 0;
}

std::uint32_t Loop::given_up_threads() const {
  const std::lock_guard lock(mutex_);
  return given_up_threads_;
}

bool Loop::left_out_tasks() const {
  const std::lock_guard lock(mutex_);
  return has_left_out_;
}

bool Loop::lacked_threads() const {
  const std::lock_guard lock(mutex_);
  return no_worker_.is_final || no_lane_.is_final;
}

TaskState Loop::state_of(TaskIndex task) const {
  const std::lock_guard lock(mutex_);
  return record_.tasks[task].state;
}

RunView Loop::view() const {
  constexpr std::size_t kMostNames = 4;
  const std::lock_guard lock(mutex_);
  RunView v;
  v.total = plan_.size();
  v.ended = v.total - unfinished_;
  v.failed = record_.failures();
  v.running_count = static_cast<std::uint32_t>(heavy_.size()) + (lane_is_busy() ? 1 : 0);
  if (lane_is_busy()) v.running.push_back(lane_.attempt.task);
  for (const auto& r : heavy_)
    if (v.running.size() < kMostNames) v.running.push_back(r->attempt.task);
  return v;
}

void Loop::emit_ready(TaskIndex task) { parts_.events.push({.kind = EventKind::task_ready, .task = task}); }

void Loop::emit_finished(TaskIndex task) {
  const TaskRecord& r = record_.tasks[task];
  Event e{.kind = EventKind::task_finished, .outcome = r.state, .worker = r.worker, .task = task};
  e.attempt = r.attempts;
  if (r.attempts > 0) e.run = r.attempt_time();
  if (r.attempts > 1) e.all = record_.time_of(task);
  if (r.state == TaskState::skipped)
    e.text = why_skipped(record_, plan_, task);
  else if (const auto why = record_.reasons.find(task); why != record_.reasons.end() && !is_ok(r.state))
    e.text = why->second;
  parts_.events.push(std::move(e));
}

}  // namespace ganger::host
