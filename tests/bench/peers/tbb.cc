// oneTBB. Column tbb_flow: a graph of continue_nodes, all tasks of a plan. Column tbb_queue: workers at a
// concurrent_bounded_queue that holds one piece, the nearest it has to a rendezvous.
#include <malloc.h>
#include <tbb/concurrent_queue.h>
#include <tbb/flow_graph.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/crew.h"
#include "tests/bench/shapes.h"

namespace ganger::bench {

namespace {

class TbbCrowd {
 public:
  explicit TbbCrowd(int workers) {
    queue_.set_capacity(1);
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  void give(void (*run)(void*) noexcept, void* argument) { queue_.push({run, argument}); }
  void finish() {
    for (std::size_t i = 0; i < threads_.size(); ++i) queue_.push({});
    threads_.clear();
  }

 private:
  struct Piece {
    void (*run)(void*) noexcept = nullptr;
    void* argument = nullptr;
  };
  void work() {
    for (Piece piece;;) {
      queue_.pop(piece);
      if (piece.run == nullptr) return;
      piece.run(piece.argument);
    }
  }

  tbb::concurrent_bounded_queue<Piece> queue_;
  std::vector<std::jthread> threads_;
};

using Task = void (*)();

class FlowGraph {
 public:
  FlowGraph(const std::string& shape, std::uint32_t tasks, Task task) {
    for (std::uint32_t i = 0; i < tasks; ++i)
      nodes_.emplace_back(graph_, [task](tbb::flow::continue_msg message) {
        task();
        return message;
      });
    std::vector<bool> comes_after(tasks);
    for_each_edge(shape, tasks, [&](std::uint32_t before, std::uint32_t after) {
      tbb::flow::make_edge(nodes_[before], nodes_[after]);
      comes_after[after] = true;
    });
    for (std::uint32_t i = 0; i < tasks; ++i)
      if (!comes_after[i]) first_.push_back(&nodes_[i]);
  }
  void run() {
    for (Node* node : first_) node->try_put({});
    graph_.wait_for_all();
  }

 private:
  using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;
  tbb::flow::graph graph_;
  std::deque<Node> nodes_;
  std::vector<Node*> first_;
};

double heap_bytes() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd); }

thread_local std::uint64_t done = 0;
void count() { ++done; }

void spin_1us() {
  const double end = now_ns() + 1000;
  while (now_ns() < end) continue;
}

void measure_flow(benchmark::State& state, const std::string& shape) {
  const std::uint32_t tasks = scaled(1'000'000);
  const double heap_before = heap_bytes();
  const double begin = now_ns();
  const auto graph = std::make_unique<FlowGraph>(shape, tasks, count);
  const double built = now_ns();
  graph->run();
  const double ended = now_ns();
  state.counters["dag." + shape + ".build ns/task"] = (built - begin) / tasks;
  state.counters["dag." + shape + ".run ns/task"] = (ended - built) / tasks;
  state.counters["dag." + shape + ".bytes B/task"] = (heap_bytes() - heap_before) / tasks;
  state.SetLabel("tbb_flow");
}

void measure_two_threads(benchmark::State& state, const std::string& shape) {
  const std::uint32_t tasks = scaled(100'000);
  FlowGraph graph(shape, tasks, spin_1us);
  const double begin = now_ns();
  graph.run();
  state.counters["dag." + shape + "_1us.run ns/task"] = (now_ns() - begin) / tasks;
  state.SetLabel("tbb_flow");
}

}  // namespace

void register_rows() {
  for (const std::string shape : {"wide", "chain", "tree", "random"})
    measure_whole("flow." + shape, [shape](benchmark::State& state) { measure_flow(state, shape); });
  for (const std::string shape : {"tree", "random"})
    measure_whole("flow." + shape + "_1us", [shape](benchmark::State& state) { measure_two_threads(state, shape); });
  register_crowd<TbbCrowd>("tbb_queue", 10'000);
}

}  // namespace ganger::bench
