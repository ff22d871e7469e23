// isolate.warm_p50, _p99: us for a call of demo.noop in a child that is warm, with all that a run puts around it but
// the loop. isolate.cold_p50, _p99: the same in a child that has to be started.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/isolate/children.h"
#include "host/plugin/pool_set.h"
#include "tests/bench/demo.h"
#include "tests/bench/rows.h"

namespace ganger::bench {

namespace {

using namespace ganger::host;

/// Calls demo.noop in children of this program.
class NoopCaller {
 public:
  explicit NoopCaller(std::uint32_t calls_per_child)
      : pools_(clock_), stop_(std::make_shared<StopSource>()), children_(settings(calls_per_child), clock_) {}

  /// How long a call took, in us.
  double call() {
    const double begin = now_ns();
    const IsolatedEnd end = children_.run({.attempt = attempt_,
                                           .task = "noop",
                                           .type = *demo_plugin().find_task_type("noop"),
                                           .values = none_,
                                           .sandbox = sandbox_,
                                           .scope = scope_,
                                           .pools = pools_});
    if (end.status != GANGER_OK) throw std::runtime_error(end.why);
    return (now_ns() - begin) / 1e3;
  }

 private:
  static ChildrenSettings settings(std::uint32_t calls_per_child) {
    ChildrenSettings settings{.program = GANGER_PROGRAM, .writable = "/tmp"};
    settings.calls_per_child = calls_per_child;
    return settings;
  }

  SteadyClock clock_;
  PoolSet pools_;
  SilentScope scope_;
  const std::shared_ptr<StopSource> stop_;
  const std::vector<const Values*> none_;
  const Sandbox sandbox_;
  const Attempt attempt_{.task = 0, .number = 1, .stop = stop_.get()};
  Children children_;
};

void measure_calls(benchmark::State& state, const std::string& row, NoopCaller& caller, std::uint32_t calls) {
  std::vector<double> us;
  for (std::uint32_t i = 0; i < calls; ++i) us.push_back(caller.call());
  state.counters["isolate." + row + "_p50 us"] = median(us);
  state.counters["isolate." + row + "_p99 us"] = quantile(us, 0.99);
}

}  // namespace

void register_rows() {
  measure_whole(
      "warm",
      [](benchmark::State& state) {
        NoopCaller caller(1'000'000);
        caller.call();
        measure_calls(state, "warm", caller, scaled(20'000));
      },
      1);
  measure_whole(
      "cold",
      [](benchmark::State& state) {
        NoopCaller caller(1);
        measure_calls(state, "cold", caller, scaled(300));
      },
      1);
}

}  // namespace ganger::bench
