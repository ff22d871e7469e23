// What the loop costs a task: no-op tasks of the demo plugin, through the plugin's C function, with states, stop
// check and start and end time kept. `peer` is the least a runner could do: a loop over the same calls with two clock
// reads.
#include <ganger/plugin.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/plan/plan.h"
#include "host/plugin/registry.h"
#include "host/plugin/services.h"
#include "host/run/loop.h"
#include "host/run/task_call.h"
#include "host/work/work_pool.h"
#include "tests/bench/measure.h"

namespace ganger::bench {

namespace {

using namespace ganger::host;

constexpr std::uint32_t kTasks = 1'000'000;
constexpr int kRounds = 5;

std::uint64_t next_random(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return state >> 33;
}

/// The shapes that schedulers are compared on: chain, binary tree, random (0 to 3 of the 1000 before), wide.
Plan make(const std::string& shape, std::uint32_t n, const TaskType& type) {
  PlanBuilder builder;
  std::string name;
  for (std::uint32_t i = 0; i < n; ++i) {
    name = "t" + std::to_string(i);
    builder.add(name, {.type = &type});
  }
  std::uint64_t seed = 7;
  for (std::uint32_t i = 1; i < n; ++i) {
    if (shape == "chain") builder.add_edge(i - 1, i);
    if (shape == "tree") builder.add_edge((i - 1) / 2, i);
    if (shape == "random")
      for (std::uint64_t k = next_random(seed) % 4; k > 0; --k)
        builder.add_edge(i - 1 - static_cast<std::uint32_t>(next_random(seed) % std::min<std::uint32_t>(i, 1000)), i);
  }
  return builder.build();
}

/// One run of a plan of light tasks: what the serial lane does, without a watcher or listeners.
class Run {
 public:
  explicit Run(const Plan& plan)
      : stop_(kNever),
        pools_(clock_),
        dir_("/nonexistent"),
        call_({.plan = plan,
               .pools = pools_,
               .outputs = outputs_,
               .dir = dir_,
               .events = events_,
               .clock = clock_,
               .journal = journal_}),
        workers_(1, call_),
        loop_(plan, {}, {call_, workers_, clock_, stop_, events_, journal_, [] { return true; }, [] {}}) {
    workers_.report_to(loop_);
  }
  void go() { loop_.run_lane(); }

 private:
  SteadyClock clock_;
  Stop stop_;
  NoEvents events_;
  NoJournal journal_;
  PoolSet pools_;
  OutputStore outputs_;
  RunDir dir_;
  TaskCall call_;
  WorkPool workers_;
  Loop loop_;
};

double heap_bytes() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd); }

void measure_shape(const std::string& shape, const TaskType& type) {
  std::vector<double> build, run, bytes;
  for (int round = 0; round < kRounds; ++round) {
    const double before = heap_bytes();
    const double start = now_ns();
    const auto plan = std::make_unique<Plan>(make(shape, kTasks, type));
    const double planned = now_ns();
    const auto one = std::make_unique<Run>(*plan);
    bytes.push_back((heap_bytes() - before) / kTasks);
    const double ready = now_ns();
    one->go();
    run.push_back((now_ns() - ready) / kTasks);
    build.push_back((planned - start) / kTasks);
  }
  print_row("dag." + shape + ".build", kProject, median(build), "ns/task");
  print_row("dag." + shape + ".run", kProject, median(run), "ns/task");
  print_row("dag." + shape + ".bytes", kProject, median(bytes), "B/task");
  if (shape == "wide") print_row("runner.task", kProject, median(run), "ns");
}

/// The same calls in a bare loop that keeps a start and an end for each.
void measure_bare_loop(const TaskType& type) {
  std::vector<double> all;
  std::vector<double> times(std::size_t{kTasks} * 2);
  ganger_ctx ctx;
  for (int round = 0; round < kRounds; ++round) {
    const double start = now_ns();
    for (std::uint32_t i = 0; i < kTasks; ++i) {
      times[std::size_t{i} * 2] = now_ns();
      type.run(host_table(), &ctx, type.user);
      times[std::size_t{i} * 2 + 1] = now_ns();
    }
    all.push_back((now_ns() - start) / kTasks);
  }
  print_row("runner.task", "bare_loop", median(all), "ns");
}

}  // namespace

void measure_engine(const char* plugin_dir) {
  Registry registry(SearchPath(Environment{}, {plugin_dir}, {}), host_table());
  const auto type = registry.task_type("demo.noop");
  if (!type) {
    std::fprintf(stderr, "anchors: %s\n", describe(type.error()).c_str());
    return;
  }
  measure_bare_loop(**type);
  for (const char* shape : {"wide", "chain", "tree", "random"}) measure_shape(shape, **type);
}

}  // namespace ganger::bench
