#include "tests/bench/rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ganger::bench {

namespace {

bool is_quick = false;

/// Keeps the values of all repetitions, and prints each row when its benchmark is over.
class RowReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<std::pair<std::string, std::vector<double>>> rows;  // "row unit", in the order of their appearance
    std::string column = "project";
    for (const Run& run : runs) {
      if (run.error_occurred) {
        std::fprintf(stderr, "%s: %s\n", run.run_name.function_name.c_str(), run.error_message.c_str());
        has_failed_ = true;
      }
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      if (!run.report_label.empty()) column = run.report_label;
      for (const auto& [name, counter] : run.counters) add(rows, name, counter.value);
      if (run.counters.empty())
        add(rows, run.run_name.function_name + " " + benchmark::GetTimeUnitString(run.time_unit),
            run.GetAdjustedRealTime());
    }
    for (auto& [name, values] : rows) {
      const std::size_t space = name.find(' ');
      std::printf("%s %s %.5g %s\n", name.substr(0, space).c_str(), column.c_str(), median(std::move(values)),
                  name.substr(space + 1).c_str());
    }
    std::fflush(stdout);
  }

  bool has_failed() const { return has_failed_; }

 private:
  using Rows = std::vector<std::pair<std::string, std::vector<double>>>;
  static void add(Rows& rows, const std::string& name, double value) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == name; });
    if (row == rows.end())
      rows.emplace_back(name, std::vector{value});
    else
      row->second.push_back(value);
  }

  bool has_failed_ = false;
};

}  // namespace

std::uint32_t scaled(std::uint32_t full) { return is_quick ? std::max(full / 10, 1U) : full; }

double quantile(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace ganger::bench

int main(int argc, char** argv) {
  using namespace ganger::bench;
  const auto end = std::remove_if(
      argv + 1, argv + argc, [](const char* word) { return std::strcmp(word, "--quick") == 0 && (is_quick = true); });
  argc = static_cast<int>(end - argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EXIT_FAILURE;
  register_rows();
  RowReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.has_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
