// How a run ends early: what a stop, an overdue attempt and a thread that hangs do to the tasks that are left.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/run/loop.h"
#include "host/units.h"

namespace ganger::host {

namespace {

// Threads that hang in tasks are replaced this often; after that the run ends with what it has.
constexpr std::uint32_t kMostReplacedThreads = 2;
// How long a thread is asked for, before the tasks that need it are left out.
constexpr Duration kThreadPatience = std::chrono::seconds(2);
// What `always` tasks get past the grace when others have used it up: the run ends within the grace and a second.
constexpr Duration kCleanupSlack = std::chrono::milliseconds(400);
constexpr Duration kLastGrace = std::chrono::milliseconds(200);
// An isolated task is killed half a second after the end of its grace; its thread is given up only if that fails. At
// the end of a run, which comes within the grace and a second, there is less time for that.
constexpr Duration kKillTime = std::chrono::seconds(5);
constexpr Duration kLastKillTime = std::chrono::milliseconds(800);

}  // namespace

void Loop::stop_for(StopReason reason, TimePoint now) {
  const bool was_stopping = is_stopping();
  heeded_ = reason;
  if (wants_[static_cast<std::size_t>(EventKind::stop_requested)]) {
    Event e{.kind = EventKind::stop_requested};
    e.text = reason == StopReason::interrupt ? "interrupt" : reason == StopReason::deadline ? "timeout" : "drain";
    parts_.events.push(std::move(e));
  }
  if (is_stopping() && !was_stopping) {
    grace_end_ = after(now, settings_.grace);
    cleanup_end_ = after(grace_end_, kCleanupSlack);
    const auto ask = [&](Running& r) {
      if (!r.is_cleanup) ask_to_stop(r, static_cast<std::int32_t>(reason), hard_end(r, grace_end_, kLastKillTime));
    };
    for (const auto& r : heavy_) ask(*r);
    if (lane_is_busy()) ask(lane_);
    note_alarm(grace_end_);
  }
  leave_out_waiting([this](TaskIndex i) { return plan_.task(i).when == When::always; }, stop_skip_reason());
}

SkipReason Loop::stop_skip_reason() const {
  switch (heeded_) {
    case StopReason::interrupt:
      return SkipReason::interrupted;
    case StopReason::deadline:
      return SkipReason::deadline;
    case StopReason::drain:
      return SkipReason::drained;
    case StopReason::none:
      break;
  }
  return SkipReason::earlier_failure;
}

void Loop::leave_out_waiting(const std::function<bool(TaskIndex)>& may_start, SkipReason reason) {
  std::vector<Retry> kept;
  for (; !retries_.empty(); retries_.pop())
    if (may_start(retries_.top().task)) kept.push_back(retries_.top());
  for (const Retry& r : kept) retries_.push(r);

  for (TaskIndex i = 0; i < plan_.size(); ++i) {
    const TaskRecord& r = record_.tasks[i];
    if ((r.state != TaskState::waiting && r.state != TaskState::ready) || may_start(i)) continue;
    if (r.attempts > 0) {  // between two attempts: the last one stands
      take_back_ready(i);
      end_task(i, r.attempt_outcome);
    } else {
      has_left_out_ = true;
      skip(i, reason);
    }
  }
}

TimePoint Loop::hard_end(const Running& running, TimePoint grace_end, Duration kill_time) const {
  return plan_.task(running.attempt.task).is_isolated ? after(grace_end, kill_time) : grace_end;
}

void Loop::ask_to_stop(Running& running, std::int32_t reason, TimePoint hard) {
  running.stop->request(reason);
  running.hard = std::min(running.hard, hard);
  note_alarm(running.hard);
}

void Loop::heed_lack(Lack& lack, bool is_heavy, TimePoint now) {
  if (lack.since == kNever || now < after(lack.since, kThreadPatience) || std::exchange(lack.is_final, true)) return;
  leave_out_waiting([&](TaskIndex i) { return plan_.task(i).is_heavy != is_heavy; }, SkipReason::no_thread);
}

void Loop::check_overdue(TimePoint now) {
  const auto check = [&](Running& r) {
    if (now >= r.soft && r.stop->reason() == 0)
      ask_to_stop(r, GANGER_STOP_DEADLINE, hard_end(r, after(now, settings_.grace), kKillTime));
    if (now >= r.hard) give_up(r);
  };
  // Backwards: give_up() takes its entry out by putting the last one into its place.
  for (std::size_t i = heavy_.size(); i > 0; --i) check(*heavy_[i - 1]);
  if (lane_is_busy()) check(lane_);
}

void Loop::end_grace(TimePoint now) {
  if (!std::exchange(is_grace_over_, true))
    leave_out_waiting([](TaskIndex) { return false; }, SkipReason::grace_over);
  const auto ask = [&](Running& r) {
    ask_to_stop(r, static_cast<std::int32_t>(heeded_), hard_end(r, after(now, kLastGrace), kLastGrace));
  };
  for (const auto& r : heavy_) ask(*r);
  if (lane_is_busy()) ask(lane_);
}

void Loop::give_up(Running& running) {
  const TaskIndex task = running.attempt.task;
  running.stop->request(is_stopping() ? static_cast<std::int32_t>(heeded_) : GANGER_STOP_DEADLINE);
  running.stop->abandon();
  parts_.body.given_up(task);
  const bool by_user = running.stop->reason() == GANGER_STOP_USER;
  const bool is_isolated = plan_.task(task).is_isolated;
  record_.reasons[task] =
      parts_.stop.interrupts() > 1
          ? fmt::format("was {} at the second interrupt", is_isolated ? "killed" : "given up with its thread")
          : fmt::format("did not stop within {} of being asked to; its {}", format_duration(settings_.grace.count()),
                        is_isolated ? "child process was killed" : "thread was given up");
  record_.tasks[task].ended = parts_.clock.now();
  ++given_up_threads_;
  given_up_.push_back(running.stop);

  bool has_replacement = given_up_threads_ <= kMostReplacedThreads;
  if (&running == &lane_) {
    ++lane_generation_;
    lane_ = Running{};
    lane_.stop = std::make_shared<StopSource>();
    needs_lane_ = has_replacement;
  } else {
    has_replacement = parts_.workers.give_up(task);
    const auto it = std::ranges::find_if(heavy_, [&](const auto& r) { return r.get() == &running; });
    std::swap(*it, heavy_.back());
    heavy_.pop_back();
  }
  const TaskState outcome = by_user ? TaskState::interrupted : TaskState::timed_out;
  end_task(task, outcome, Told::in_doubt);
  heed_failure(task);
  if (!has_replacement) leave_out_waiting([](TaskIndex) { return false; }, SkipReason::no_worker);
  // The thread is still inside the type, so an exclusive one stays busy for ever.
  if (const TaskType* type = plan_.task(task).type; type != nullptr && type->is_exclusive() && !is_isolated) {
    hung_types_.push_back(type);
    leave_out_waiting([&](TaskIndex i) { return plan_.task(i).type != type; }, SkipReason::type_hangs);
  }
}

}  // namespace ganger::host
