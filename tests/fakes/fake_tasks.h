// Tasks that follow a script on the fake clock: a body for the serial lane, and workers for heavy ones.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "host/run/executor.h"
#include "tests/fakes/fake_clock.h"

namespace ganger::host {

/// What one attempt does.
struct Act {
  ganger_status status = GANGER_OK;
  Duration length{0};
  bool never_ends = false;                       ///< by itself
  bool obeys = true;                             ///< ends when it is asked to stop
  ganger_status stop_status = GANGER_CANCELLED;  ///< then
  Duration reaction{0};                          ///< so long after it was asked
  bool crashes = false;                          ///< the child it is in
  bool is_cut_off = false;                       ///< its child was killed, or has ended without a result
};

/// The script of a run, and who looks on: both may be called with the loop's lock held.
struct Script {
  std::function<Act(const Attempt&)> act = [](const Attempt&) { return Act{}; };
  std::function<void(const Attempt&, bool is_heavy)> started = [](const Attempt&, bool) {};
  std::function<void(const Finished&)> left = [](const Finished&) {
  };  ///< its thread is out of the task, even if late
  std::function<void(TaskIndex)> given_up = [](TaskIndex) {};
  std::function<bool()> is_over = [] { return false; };  ///< what never ends ends here, so that the test does
};

/// The serial lane's: the time passes inside run().
class FakeBody final : public TaskBody {
 public:
  FakeBody(FakeClock& clock, Script& script) : clock_(clock), script_(script) {}

  Finished run(const Attempt& attempt) override {
    script_.started(attempt, false);
    const Act act = script_.act(attempt);
    Finished f{.task = attempt.task,
               .number = attempt.number,
               .status = act.status,
               .has_crashed = act.crashes,
               .is_in_doubt = act.crashes || act.is_cut_off};
    const TimePoint end = act.never_ends ? kNever : clock_.now() + act.length;
    const bool is_asked = clock_.run_until(
        end, [&] { return (act.obeys && attempt.stop->reason() != 0) || (act.never_ends && script_.is_over()); });
    if (is_asked && act.obeys) {
      clock_.advance(act.reaction);
      f.status = act.stop_status;
    }
    if (f.status != GANGER_OK) f.why = "as scripted";
    f.ended = clock_.now();
    script_.left(f);
    return f;
  }
  void given_up(TaskIndex task) override { script_.given_up(task); }

 private:
  FakeClock& clock_;
  Script& script_;
};

/// Workers that are started when they are first needed, as those of the work pool are. Call look() whenever something
/// has happened: then they see that they are asked to stop.
class FakeWorkers final : public Executor {
 public:
  static constexpr int kMostReplaced = 2;

  FakeWorkers(FakeClock& clock, Script& script, std::uint32_t size) : clock_(clock), script_(script), size_(size) {}

  void report_to(Completion& completion) { completion_ = &completion; }

  [[nodiscard]] Start try_start(const Attempt& attempt) override {
    if (idle_ == 0) {
      if (failing_starts > 0) {
        --failing_starts;
        return starting_ + running_.size() == 0 ? Start::no_thread : Start::busy;
      }
      if (idle_ + starting_ + running_.size() < size_) {
        ++starting_;
        clock_.at(clock_.now(), [this] {
          --starting_;
          ++idle_;
          completion_->has_room();
        });
      }
      return Start::busy;
    }
    --idle_;
    script_.started(attempt, true);
    const Act act = script_.act(attempt);
    auto& r = running_.emplace_back(std::make_shared<Running>(Running{attempt, act}));
    r->attempt.worker = 0;
    if (!act.never_ends) clock_.at(clock_.now() + act.length, [this, r] { end(r, r->act.status); });
    return Start::accepted;
  }

  [[nodiscard]] bool give_up(TaskIndex task) override {
    std::erase_if(running_, [&](const auto& r) { return r->attempt.task == task; });
    if (replaced_ < kMostReplaced)
      ++replaced_;
    else
      --size_;
    return size_ > 0;
  }

  void look() {
    for (const auto& r : running_)
      if (r->act.obeys && !r->is_stopping && r->attempt.stop->reason() != 0) {
        r->is_stopping = true;
        clock_.at(clock_.now() + r->act.reaction, [this, r] { end(r, r->act.stop_status); });
      }
  }

  int failing_starts = 0;  ///< so often there is no thread to be had, and nobody says when there is

 private:
  struct Running {
    Attempt attempt;
    Act act;
    bool is_stopping = false, has_ended = false;
  };

  void end(const std::shared_ptr<Running>& r, ganger_status status) {
    if (std::exchange(r->has_ended, true)) return;
    Finished f{.task = r->attempt.task, .number = r->attempt.number, .status = status, .ended = clock_.now()};
    f.worker = r->attempt.worker;
    f.has_crashed = r->act.crashes;
    f.is_in_doubt = r->act.crashes || r->act.is_cut_off;
    if (status != GANGER_OK) f.why = "as scripted";
    script_.left(f);
    // One that was given up and comes back late is reported too: the loop must not care.
    const auto next = completion_->ended(f);
    const bool has_room = std::erase(running_, r) > 0;
    if (has_room) ++idle_;
    if (next && try_start(*next) != Start::accepted)
      throw std::runtime_error("a worker that is free refuses what it was given");
    if (!next && has_room) completion_->has_room();
  }

  FakeClock& clock_;
  Script& script_;
  Completion* completion_ = nullptr;
  std::vector<std::shared_ptr<Running>> running_;
  std::size_t size_, idle_ = 0, starting_ = 0;
  int replaced_ = 0;
};

}  // namespace ganger::host
