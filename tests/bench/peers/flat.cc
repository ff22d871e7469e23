// Column flat_arrays: the least that a graph of tasks costs. Successors in one array, a count of predecessors a task,
// one thread, and nothing kept of what happens.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/rows.h"
#include "tests/bench/shapes.h"

namespace ganger::bench {

namespace {

class FlatGraph {
 public:
  FlatGraph(const std::string& shape, std::uint32_t tasks) : first_successor_(tasks + 1), waiting_for_(tasks) {
    std::vector<std::uint32_t> before_of, after_of;
    for_each_edge(shape, tasks, [&](std::uint32_t before, std::uint32_t after) {
      before_of.push_back(before);
      after_of.push_back(after);
      ++first_successor_[before + 1];
      ++waiting_for_[after];
    });
    for (std::uint32_t i = 0; i < tasks; ++i) first_successor_[i + 1] += first_successor_[i];
    successors_.resize(after_of.size());
    std::vector<std::uint32_t> next(first_successor_.begin(), first_successor_.end() - 1);
    for (std::size_t edge = 0; edge < after_of.size(); ++edge) successors_[next[before_of[edge]]++] = after_of[edge];
  }

  /// Once. How many tasks it was.
  std::uint32_t run(void (*task)()) {
    std::vector<std::uint32_t> ready;
    for (std::uint32_t i = 0; i < waiting_for_.size(); ++i)
      if (waiting_for_[i] == 0) ready.push_back(i);
    std::uint32_t done = 0;
    for (; !ready.empty(); ++done) {
      const std::uint32_t i = ready.back();
      ready.pop_back();
      task();
      for (std::uint32_t s = first_successor_[i]; s < first_successor_[i + 1]; ++s)
        if (--waiting_for_[successors_[s]] == 0) ready.push_back(successors_[s]);
    }
    return done;
  }

 private:
  std::vector<std::uint32_t> first_successor_, successors_, waiting_for_;
};

[[gnu::noinline]] void do_nothing() { benchmark::ClobberMemory(); }

void measure_shape(benchmark::State& state, const std::string& shape) {
  const std::uint32_t tasks = scaled(1'000'000);
  const double begin = now_ns();
  FlatGraph graph(shape, tasks);
  const double built = now_ns();
  if (graph.run(do_nothing) != tasks) state.SkipWithError("not all tasks ran");
  state.counters["dag." + shape + ".build ns/task"] = (built - begin) / tasks;
  state.counters["dag." + shape + ".run ns/task"] = (now_ns() - built) / tasks;
  state.SetLabel("flat_arrays");
}

}  // namespace

void register_rows() {
  for (const std::string shape : {"wide", "chain", "tree", "random"})
    measure_whole("flat." + shape, [shape](benchmark::State& state) { measure_shape(state, shape); });
}

}  // namespace ganger::bench
