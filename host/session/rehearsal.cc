#include "host/session/rehearsal.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace ganger::host {

Finished Stage::run(const Attempt& attempt) {
  order_.push_back(attempt.task);
  return finished(attempt, attempt.worker);
}

Start Stage::try_start(const Attempt& attempt) {
  if (running_.size() >= settings_.workers) return Start::busy;
  order_.push_back(attempt.task);
  running_.push_back(attempt);
  return Start::accepted;
}

/// Another worker takes the place of the one that hangs.
bool Stage::give_up(TaskIndex task) {
  std::erase_if(running_, [&](const Attempt& a) { return a.task == task; });
  return true;
}

bool Stage::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable&, TimePoint until,
                       const std::function<bool()>& ready) {
  while (!ready() && has_running()) {
    lock.unlock();
    end_first();
    lock.lock();
  }
  if (ready()) return true;
  // A loop that waits for nothing would ask again for ever.
  if (until == kNever) throw std::logic_error("the rehearsal of the plan waits, and nothing is left to happen");
  now_ = std::max(now_, until);
  return false;
}

void Stage::push(Event event) {
  if (event.outcome == TaskState::skipped) order_.push_back(event.task);
}

void Stage::end_first() {
  // Its worker is busy until ended() has returned, since it runs what ended() returns.
  const std::size_t running_before = running_.size();
  const std::optional<Attempt> next = loop_->ended(finished(running_.front(), 0));
  running_.pop_front();
  if (!next) return loop_->has_room();
  // Others were started meanwhile, but after this one.
  const auto others = static_cast<std::ptrdiff_t>(running_.size() + 1 - running_before);
  order_.insert(order_.end() - others, next->task);
  running_.insert(running_.end() - others, *next);
}

Finished Stage::finished(const Attempt& attempt, std::int16_t worker) const {
  Finished f{.task = attempt.task, .number = attempt.number, .worker = worker, .ended = now_};
  if (settings_.status_of) f.status = settings_.status_of(attempt);
  return f;
}

Rehearsal rehearse(const Plan& plan, const RehearsalSettings& settings) {
  Stage stage(settings);
  stage.order().reserve(plan.size());
  Stop stop(kNever);
  NoJournal journal;
  Loop loop(plan, settings.loop,
            {.body = stage,
             .workers = stage,
             .clock = stage,
             .stop = stop,
             .events = stage,
             .journal = journal,
             .start_lane = [] { return true; },
             .wake_watcher = [] {}});
  stage.report_to(loop);
  loop.run_lane();
  return {.order = std::move(stage.order()), .record = loop.record()};
}

}  // namespace ganger::host
