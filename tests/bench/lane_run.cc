#include "tests/bench/lane_run.h"

#include <array>
#include <charconv>
#include <string_view>

#include "tests/bench/shapes.h"

namespace ganger::bench {

using namespace ganger::host;

Plan make_plan(std::string_view shape, std::uint32_t tasks, const PlannedTask& task) {
  PlanBuilder builder;
  std::array<char, 16> name{'t'};  // a plan is made of names that are there; those of the peers have none
  for (std::uint32_t i = 0; i < tasks; ++i) {
    const char* const end = std::to_chars(name.data() + 1, name.data() + name.size(), i).ptr;
    builder.add({name.data(), end}, task);
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
             .journal = journal_,
             .secrets = secrets_,
             .secret_outputs = secret_outputs_}),
      workers_(workers, call_),
      loop_(plan, {}, {call_, workers_, clock_, stop_, events_, journal_, [] { return true; }, [] {}}) {
  workers_.report_to(loop_);
}

}  // namespace ganger::bench
