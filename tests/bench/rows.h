// Rows out of Google Benchmark: every program prints "row column value unit" lines and nothing else.
#pragma once
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ganger::bench {

/// Of the benchmarks in this program; called once, before they run. Each program has one.
///
/// A benchmark that sets no counters is one row of its own name, its time and the unit it was given. One with
/// counters is one row for each of them: the counter's name is "row unit". The label is the column, "project" without
/// one.
void register_rows();

/// How many operations to do where `full` are wanted: a tenth of them with --quick.
std::uint32_t scaled(std::uint32_t full);

inline double now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::nanoseconds(now).count());
}

/// The smallest value that `share` of them do not exceed; of at least one value.
double quantile(std::vector<double> values, double share);
inline double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

/// A benchmark that does all of its measuring in one go, a few times: for what no loop of Google Benchmark's own can
/// time. It sets counters.
template <class F>
benchmark::internal::Benchmark* measure_whole(const std::string& name, F&& f, int repetitions = 3) {
  return benchmark::RegisterBenchmark(name.c_str(),
                                      [f](benchmark::State& state) {
                                        for ([[maybe_unused]] auto once : state) f(state);
                                      })
      ->Iterations(1)
      ->Repetitions(repetitions);
}

}  // namespace ganger::bench
