// handoff.wW.sS, switches.wW.sS and handoff.idle_start_p50 of the work pool's Handoff. handoff.idle_cpu: what eight
// idle workers cost, in ms of processor time a second.
#include "host/work/handoff.h"

#include <chrono>
#include <thread>
#include <vector>

#include "tests/bench/crew.h"

namespace ganger::bench {

namespace {

using host::Handoff;
using host::Work;

/// Workers at a Handoff, as those of the work pool.
class HandoffCrowd {
 public:
  explicit HandoffCrowd(int workers) {
    for (int i = 0; i < workers; ++i) {
      threads_.emplace_back([this] {
        Handoff::WorkerSlot slot;
        while (const auto work = handoff_.accept(slot)) work->run(work->argument);
      });
    }
  }
  ~HandoffCrowd() { finish(); }
  HandoffCrowd(const HandoffCrowd&) = delete;
  HandoffCrowd& operator=(const HandoffCrowd&) = delete;

  void give(void (*run)(void*) noexcept, void* argument) { handoff_.give(Work{run, argument}); }
  void finish() {
    handoff_.close();
    threads_.clear();
  }

 private:
  Handoff handoff_;
  std::vector<std::jthread> threads_;
};

void measure_idle_cpu(benchmark::State& state) {
  const HandoffCrowd crowd(8);
  // The workers come to rest, then nothing happens for a second: that is what is measured.
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double before = Usage::now().cpu_ms;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  state.counters["handoff.idle_cpu ms-per-s"] = Usage::now().cpu_ms - before;
}

}  // namespace

void register_rows() {
  register_crowd<HandoffCrowd>("project", 200'000);
  measure_whole("idle_cpu", measure_idle_cpu, 1);
}

}  // namespace ganger::bench
