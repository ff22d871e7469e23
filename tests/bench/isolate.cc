// isolate.warm_p50, _p99: us for a call of demo.noop in a child that is warm, with all that a run puts around it but
// the loop; .same_core and .other_core with the child on the processor of the caller, or on another.
// isolate.cold_p50, _p99: the same in a child that has to be started.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/call/pool_set.h"
#include "host/isolate/child/children.h"
#include "tests/bench/crew.h"
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
                                           .secret_outputs = no_names_,
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
  const std::vector<std::string> no_names_;
  const Sandbox sandbox_;
  const Attempt attempt_{.task = 0, .number = 1, .stop = stop_.get()};
  Children children_;
};

/// `place` ends the names of the rows.
void measure_calls(benchmark::State& state, const std::string& row, const std::string& place, NoopCaller& caller,
                   std::uint32_t calls) {
  std::vector<double> us;
  for (std::uint32_t i = 0; i < calls; ++i) us.push_back(caller.call());
  state.counters["isolate." + row + "_p50" + place + " us"] = median(us);
  state.counters["isolate." + row + "_p99" + place + " us"] = quantile(us, 0.99);
}

/// A child is started where its caller is and stays there: without `cpus` both go where the kernel likes.
struct Cpus {
  int caller = 0, child = 0;
};

void measure_warm(const std::string& place, std::optional<Cpus> cpus) {
  measure_whole(
      "warm" + place,
      [=](benchmark::State& state) {
        std::jthread([&] {  // one of its own: a thread that has been told where to stay is no good for anything else
          if (cpus) stay_on(cpus->child);
          NoopCaller caller(1'000'000);
          caller.call();
          if (cpus) stay_on(cpus->caller);
          measure_calls(state, "warm", place, caller, scaled(20'000));
        })
            .join();
      },
      1);
}

}  // namespace

void register_rows() {
  measure_warm("", {});
  measure_warm(".same_core", Cpus{0, 0});
  if (std::thread::hardware_concurrency() > 1) measure_warm(".other_core", Cpus{0, 1});
  measure_whole(
      "cold",
      [](benchmark::State& state) {
        NoopCaller caller(1);
        measure_calls(state, "cold", "", caller, scaled(300));
      },
      1);
}

}  // namespace ganger::bench
