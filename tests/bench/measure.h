// What the measurements share: a clock, a median, and the form of a printed row.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace ganger::bench {

/// The columns: this project, and the plain way with a mutex and condition variables.
inline constexpr const char* kProject = "project";
inline constexpr const char* kPlain = "mutex_condvar";

inline double now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::nanoseconds(now).count());
}

/// Of at least one value.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

inline void print_row(const std::string& row, const char* column, double value, const char* unit) {
  std::printf("%s %s %.4g %s\n", row.c_str(), column, value, unit);
  std::fflush(stdout);
}

void measure_handoff();
void measure_pool();
/// Shape: plugin_dir = the folder of demo.so, absolute
void measure_engine(const char* plugin_dir);
/// Shape: program = ganger itself, absolute
void measure_isolate(const char* plugin_dir, const char* program);

}  // namespace ganger::bench
