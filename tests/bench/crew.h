// A hand-off measured from outside: W workers, S givers, and work that does nothing. The same for all that can hand
// over.
#pragma once
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/rows.h"

namespace ganger::bench {

/// Context switches and processor time so far, of this process or of the children it has waited for.
struct Usage {
  double switches = 0, cpu_ms = 0;
  static Usage now(__rusage_who who = RUSAGE_SELF) {
    rusage usage{};
    getrusage(who, &usage);
    const auto ms = [](timeval time) {
      return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
    };
    return {static_cast<double>(usage.ru_nvcsw + usage.ru_nivcsw), ms(usage.ru_utime) + ms(usage.ru_stime)};
  }
};

/// Keeps this thread, and what it will start, on one processor.
inline void stay_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

/// A crowd has its workers from its constructor on: Crowd(int workers), give(void (*)(void*) noexcept, void*), and
/// finish(), which returns when all that was given has been done and the workers are gone.
///
/// Shape: `total` pieces of work, from the first give to the end of the last worker, as a program sees it
template <class Crowd>
void measure_throughput(benchmark::State& state, const std::string& column, int workers, int givers, int total) {
  const int each = total / givers;
  Crowd crowd(workers);
  std::atomic<int> ready{0};
  std::atomic<bool> started{false};
  std::vector<std::jthread> threads;
  for (int giver = 0; giver < givers; ++giver) {
    threads.emplace_back([&] {
      ++ready;
      while (!started) std::this_thread::yield();
      for (int i = 0; i < each; ++i) crowd.give([](void*) noexcept {}, nullptr);
    });
  }
  while (ready != givers) std::this_thread::yield();
  const Usage before = Usage::now();
  const double begin = now_ns();
  started = true;
  threads.clear();
  crowd.finish();
  const std::string cell = ".w" + std::to_string(workers) + ".s" + std::to_string(givers);
  const double count = each * givers;
  state.counters["handoff" + cell + " ns"] = (now_ns() - begin) / count;
  state.counters["switches" + cell + " per-task"] = (Usage::now().switches - before.switches) / count;
  state.SetLabel(column);
}

/// From just before give() to the first instruction of the work, the workers having been idle for a millisecond.
template <class Crowd>
void measure_idle_start(benchmark::State& state, const std::string& column) {
  struct Start {
    double asked = 0;
    std::atomic<double> ran{0};
  } start;
  std::vector<double> times;
  Crowd crowd(2);
  for (std::uint32_t i = 0; i < scaled(300); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    start.ran = 0;
    start.asked = now_ns();
    crowd.give([](void* argument) noexcept { static_cast<Start*>(argument)->ran = now_ns(); }, &start);
    while (start.ran == 0) std::this_thread::yield();
    times.push_back(start.ran - start.asked);
  }
  crowd.finish();
  state.counters["handoff.idle_start_p50 ns"] = median(std::move(times));
  state.SetLabel(column);
}

/// Registers all rows of one crowd; `total` as above.
template <class Crowd>
void register_crowd(const std::string& column, std::uint32_t total) {
  for (const int workers : {1, 2, 4, 8})
    for (const int givers : {1, 2, 3, 4})
      measure_whole(column + ".w" + std::to_string(workers) + ".s" + std::to_string(givers),
                    [=](benchmark::State& state) {
                      measure_throughput<Crowd>(state, column, workers, givers, static_cast<int>(scaled(total)));
                    });
  measure_whole(
      column + ".idle_start", [=](benchmark::State& state) { measure_idle_start<Crowd>(state, column); }, 1);
}

}  // namespace ganger::bench
