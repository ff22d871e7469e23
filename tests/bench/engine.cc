// What the loop costs a task: no-op tasks of a plugin, through the plugin's C function, with states, stop check and
// start and end time kept. Column bare_loop: the least a runner could do, a loop over the same calls with two clock
// reads.
#include <malloc.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/demo.h"
#include "tests/bench/lane_run.h"
#include "tests/bench/rows.h"

namespace ganger::bench {

namespace {

using namespace ganger::host;

const TaskType& noop() { return *demo_plugin().find_task_type("noop"); }

double heap_bytes() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd); }

void measure_shape(benchmark::State& state, const std::string& shape) {
  const std::uint32_t tasks = scaled(1'000'000);
  const double heap_before = heap_bytes();
  const double begin = now_ns();
  const auto plan = std::make_unique<Plan>(make_plan(shape, tasks, {.type = &noop()}));
  const double planned = now_ns();
  LaneRun run(*plan);
  const double bytes = heap_bytes() - heap_before;
  const double ready = now_ns();
  run.go();
  const double ended = now_ns();
  state.counters["dag." + shape + ".build ns/task"] = (planned - begin) / tasks;
  state.counters["dag." + shape + ".run ns/task"] = (ended - ready) / tasks;
  state.counters["dag." + shape + ".bytes B/task"] = bytes / tasks;
  if (shape == "wide") state.counters["runner.task ns"] = (ended - ready) / tasks;
}

/// A task of a microsecond: two threads that cost nothing themselves need 500 ns for one.
ganger_status spin_1us(const ganger_host* /*host*/, ganger_ctx* /*ctx*/, void* /*user*/) {
  const double end = now_ns() + 1000;
  while (now_ns() < end) continue;
  return GANGER_OK;
}

void measure_two_threads(benchmark::State& state, const std::string& shape) {
  TaskType spin;
  spin.id = "bench.spin";
  spin.run = spin_1us;
  const std::uint32_t tasks = scaled(100'000);
  const Plan plan = make_plan(shape, tasks, {.type = &spin, .is_heavy = true});
  LaneRun run(plan, 2);
  const double begin = now_ns();
  run.go();
  state.counters["dag." + shape + "_1us.run ns/task"] = (now_ns() - begin) / tasks;
}

void measure_bare_loop(benchmark::State& state) {
  const TaskType& type = noop();
  const std::uint32_t tasks = scaled(1'000'000);
  std::vector<double> times(std::size_t{tasks} * 2);
  PluginCall ctx;
  const CallHandle handle(ctx);
  const double begin = now_ns();
  for (std::uint32_t i = 0; i < tasks; ++i) {
    times[std::size_t{i} * 2] = now_ns();
    type.run(host_table(), handle.get(), type.user);
    times[std::size_t{i} * 2 + 1] = now_ns();
  }
  state.counters["runner.task ns"] = (now_ns() - begin) / tasks;
  state.SetLabel("bare_loop");
}

}  // namespace

void register_rows() {
  measure_whole("bare_loop", measure_bare_loop, 5);
  for (const std::string shape : {"wide", "chain", "tree", "random"})
    measure_whole(
        "dag." + shape, [shape](benchmark::State& state) { measure_shape(state, shape); }, 5);
  for (const std::string shape : {"tree", "random"})
    measure_whole("dag." + shape + "_1us", [shape](benchmark::State& state) { measure_two_threads(state, shape); });
}

}  // namespace ganger::bench
