#include "tests/bench/lane_run.h"

#include <string>

#include "tests/bench/shapes.h"

namespace ganger::bench {

using namespace ganger::host;

Plan make_plan(std::string_view shape, std::uint32_t tasks, const PlannedTask& task) {
  PlanBuilder builder;
  std::string name;
  for (std::uint32_t i = 0; i < tasks; ++i) {
    name = "t" + std::to_string(i);
    builder.add(name, task);
  }
  for_each_edge(shape, tasks, [&](TaskIndex before, TaskIndex after) { builder.add_edge(before, after); });
  return builder.build();
}

LaneRun::LaneRun(const Plan& plan, std::uint32_t workers)
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
      workers_(workers, call_),
      loop_(plan, {}, {call_, workers_, clock_, stop_, events_, journal_, [] { return true; }, [] {}}) {
  workers_.report_to(loop_);
}

}  // namespace ganger::bench
