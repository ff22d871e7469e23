// handoff.wW.sS: ns for each piece of empty work given to W workers by S givers. switches.wW.sS: context switches for
// each. handoff.idle_start_p50: ns from just before give() to the first instruction of the work, the workers having
// been idle for a millisecond. handoff.idle_cpu: what eight idle workers cost, in ms of processor time a second.
#include "host/work/handoff.h"

#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/measure.h"

namespace ganger::bench {
namespace {

using host::Handoff;
using host::Work;

/// The same meaning in the plain way, to compare with.
class PlainHandoff {
 public:
  struct WorkerSlot {};

  void give(Work work) {
    std::unique_lock lock(mutex_);
    emptied_.wait(lock, [&] { return !work_; });
    work_ = work;
    const unsigned long mine = ++given_;
    filled_.notify_one();
    taken_by_.wait(lock, [&] { return taken_ >= mine; });
  }

  std::optional<Work> accept(WorkerSlot&) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return work_ || closed_; });
    const std::optional<Work> work = std::exchange(work_, std::nullopt);
    if (work) {
      ++taken_;
      taken_by_.notify_all();
      emptied_.notify_one();
    }
    return work;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_, emptied_, taken_by_;
  std::optional<Work> work_;
  unsigned long given_ = 0, taken_ = 0;
  bool closed_ = false;
};

template <class H>
class Crew {
 public:
  Crew(H& handoff, int workers) : handoff_(handoff) {
    for (int i = 0; i < workers; ++i) {
      threads_.emplace_back([&handoff] {
        typename H::WorkerSlot slot;
        while (const auto work = handoff.accept(slot)) work->run(work->argument);
      });
    }
  }
  ~Crew() { dismiss(); }
  void dismiss() {
    handoff_.close();
    threads_.clear();
  }

 private:
  H& handoff_;
  std::vector<std::jthread> threads_;
};

double context_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_nvcsw + usage.ru_nivcsw);
}

double processor_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](timeval time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

/// From the first give to the end of the last worker, as a program sees it.
template <class H>
void measure_throughput(const char* column, int workers, int givers, int total) {
  constexpr int kRounds = 3;
  const int each = total / givers;
  std::vector<double> times;
  std::vector<double> switches;
  for (int round = 0; round < kRounds; ++round) {
    H handoff;
    Crew<H> crew(handoff, workers);
    std::atomic<int> ready{0};
    std::atomic<bool> started{false};
    std::vector<std::jthread> threads;
    for (int giver = 0; giver < givers; ++giver) {
      threads.emplace_back([&] {
        ++ready;
        while (!started) std::this_thread::yield();
        for (int i = 0; i < each; ++i) handoff.give(Work{[](void*) noexcept {}, nullptr});
      });
    }
    while (ready != givers) std::this_thread::yield();
    const double switches_before = context_switches();
    const double begin = now_ns();
    started = true;
    threads.clear();
    crew.dismiss();
    times.push_back((now_ns() - begin) / (each * givers));
    switches.push_back((context_switches() - switches_before) / (each * givers));
  }
  const std::string crowd = ".w" + std::to_string(workers) + ".s" + std::to_string(givers);
  print_row("handoff" + crowd, column, median(times), "ns");
  print_row("switches" + crowd, column, median(switches), "per-task");
}

template <class H>
void measure_idle_start(const char* column) {
  struct Start {
    double asked = 0;
    std::atomic<double> ran{0};
  } start;
  std::vector<double> times;
  H handoff;
  const Crew<H> crew(handoff, 2);
  for (int i = 0; i < 300; ++i) {
    // What is measured is a start after a pause: long enough for the workers to have gone to sleep in the kernel.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    start.ran = 0;
    start.asked = now_ns();
    handoff.give(Work{[](void* argument) noexcept { static_cast<Start*>(argument)->ran = now_ns(); }, &start});
    while (start.ran == 0) std::this_thread::yield();
    times.push_back(start.ran - start.asked);
  }
  print_row("handoff.idle_start_p50", column, median(times), "ns");
}

void measure_idle_cpu() {
  Handoff handoff;
  const Crew<Handoff> crew(handoff, 8);
  // The start of the threads is not to be counted; after that a second of nothing is what is measured.
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double before = processor_ms();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  print_row("handoff.idle_cpu", kProject, processor_ms() - before, "ms-per-s");
}

}  // namespace

void measure_handoff() {
  constexpr int kTotal = 200'000;
  for (const int workers : {1, 2, 4, 8}) {
    for (const int givers : {1, 2, 3, 4}) {
      measure_throughput<Handoff>(kProject, workers, givers, kTotal);
      measure_throughput<PlainHandoff>(kPlain, workers, givers, kTotal / 100);
    }
  }
  measure_idle_start<Handoff>(kProject);
  measure_idle_start<PlainHandoff>(kPlain);
  measure_idle_cpu();
}

}  // namespace ganger::bench
