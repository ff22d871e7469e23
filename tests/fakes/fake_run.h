// A loop among fakes: everything that is one thread in a test, and several in the program.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "host/run/loop.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_tasks.h"
#include "tests/fakes/recorded_events.h"
#include "tests/fakes/recorded_journal.h"

namespace ganger::host {

/// Shape: fill in `plan`, `settings`, `script`, signals by interrupt_at() and drain_at(), then run().
/// A lane that is started while the old one hangs runs inside the old one's call.
class FakeRun {
 public:
  explicit FakeRun(Duration timeout = Duration(0))
      : start(clock.now()), stop(timeout > Duration(0) ? start + timeout : kNever) {}

  void interrupt_at(Duration time, Duration delay = Duration(0)) {
    clock.at(start + time, [this, delay] {
      if (stop.interrupt(2) == 2) loop->give_up_all();
      clock.at(clock.now() + delay, [this] { clock.wake_watcher(); });
    });
  }
  void drain_at(Duration time) {
    clock.at(start + time, [this] {
      stop.drain();
      clock.wake_watcher();
    });
  }

  /// To the end of the run.
  void run(std::uint32_t workers_size = 2) {
    workers = std::make_unique<FakeWorkers>(clock, script, workers_size);
    workers->failing_starts = failing_starts;
    script.is_over = [this] { return loop->has_ended(); };
    loop = std::make_unique<Loop>(plan, settings,
                                  LoopParts{.body = body,
                                            .workers = *workers,
                                            .clock = clock,
                                            .stop = stop,
                                            .events = events,
                                            .journal = journal,
                                            .start_lane =
                                                [this] {
                                                  if (failing_lanes > 0) return --failing_lanes, false;
                                                  clock.at(clock.now(), [this] { run_lane(); });
                                                  return true;
                                                },
                                            .wake_watcher = [this] { clock.wake_watcher(); }});
    workers->report_to(*loop);
    clock.set_watcher([this] { return loop->tick(); });
    clock.set_observer([this] {
      workers->look();
      if (ended == kNever && loop->has_ended()) ended = clock.now();
    });
    clock.wake_watcher();
    run_lane();
    clock.run_until(kNever, [this] { return loop->has_ended(); });
    if (ended == kNever) ended = clock.now();
  }

  TaskState state(TaskIndex task) const { return loop->record().tasks[task].state; }
  std::string reason(TaskIndex task) const {
    const auto why = loop->record().reasons.find(task);
    return why == loop->record().reasons.end() ? "" : why->second;
  }
  std::string why_skipped(TaskIndex task) const { return host::why_skipped(loop->record(), plan, task); }
  Duration length() const { return ended - start; }

  FakeClock clock;
  const TimePoint start;
  Plan plan;
  LoopSettings settings;
  Script script;
  int failing_lanes = 0;  // so often there is no thread for a new lane
  Stop stop;
  RecordedEvents events;
  RecordedJournal journal;
  FakeBody body{clock, script};
  std::unique_ptr<FakeWorkers> workers;
  std::unique_ptr<Loop> loop;
  TimePoint ended = kNever;  ///< when the last task had
  int failing_starts = 0;    ///< of workers

 private:
  void run_lane() {
    loop->run_lane();
    // What the lane has done last is news too.
    if (ended == kNever && loop->has_ended()) ended = clock.now();
  }
};

}  // namespace ganger::host
