// isolate.warm_p50, _p99: us for a call of demo.noop in a child that is warm, with all that a run puts around it but
// the loop. isolate.cold_p50, _p99: the same in a child that has to be started. isolate.pipe_p50, _p99: us for one
// byte there and back between two threads through pipes, which is as fast as any answer of another thread or process
// can be.
#include <unistd.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/isolate/children.h"
#include "host/plugin/pool_set.h"
#include "host/plugin/registry.h"
#include "host/plugin/services.h"
#include "tests/bench/measure.h"

namespace ganger::bench {
namespace {

using namespace host;

class SilentScope final : public CallScope {
 public:
  void log(int, std::string_view) override {}
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool input(std::string_view, std::string_view, Value&) override { return false; }
  std::string work_dir() override { return {}; }
  void lease_event(LeaseEvent, const std::string&, std::uint64_t, Duration) override {}
};

void print_percentiles(const std::string& row, const char* column, std::vector<double> us) {
  std::sort(us.begin(), us.end());
  print_row(row + "_p50", column, us[us.size() / 2], "us");
  print_row(row + "_p99", column, us[us.size() * 99 / 100], "us");
}

template <class F>
std::vector<double> times_of(int rounds, F&& f) {
  std::vector<double> us;
  for (int i = 0; i < rounds; ++i) {
    const double begin = now_ns();
    f();
    us.push_back((now_ns() - begin) / 1e3);
  }
  return us;
}

void measure_pipe() {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  if (pipe(there.data()) != 0 || pipe(back.data()) != 0) throw std::runtime_error("no pipe");
  std::jthread echo([&] {
    char byte = 0;
    while (read(there[0], &byte, 1) == 1 && byte != 0) [[maybe_unused]] const auto n = write(back[1], &byte, 1);
  });
  const auto us = times_of(20'000, [&] {
    char byte = 1;
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) throw std::runtime_error("a pipe broke");
  });
  const char end = 0;
  [[maybe_unused]] const auto n = write(there[1], &end, 1);
  echo.join();
  for (const int fd : {there[0], there[1], back[0], back[1]}) close(fd);
  print_percentiles("isolate.pipe", kPlain, us);
}

}  // namespace

void measure_isolate(const char* plugin_dir, const char* program) {
  Registry registry(SearchPath({}, {}, {}), host_table(), {.trusts_all = true});
  const auto plugin = registry.load_file(std::string(plugin_dir) + "/demo.so");
  if (!plugin) throw std::runtime_error(plugin.error().message);
  SteadyClock clock;
  PoolSet pools(clock);
  SilentScope scope;
  const auto stop = std::make_shared<StopSource>();
  const std::vector<const Values*> none;
  const Sandbox sandbox;
  const Attempt attempt{.task = 0, .number = 1, .stop = stop.get()};
  const IsolatedCall call{.attempt = attempt,
                          .task = "noop",
                          .type = *(*plugin)->find_task_type("noop"),
                          .values = none,
                          .sandbox = sandbox,
                          .scope = scope,
                          .pools = pools};
  const auto run = [&](Children& children) {
    if (const IsolatedEnd end = children.run(call); end.status != GANGER_OK) throw std::runtime_error(end.why);
  };
  ChildrenSettings settings{.program = program, .writable = "/tmp"};
  settings.calls_per_child = 1'000'000;
  {
    Children warm(settings, clock);
    run(warm);
    print_percentiles("isolate.warm", kProject, times_of(20'000, [&] { run(warm); }));
  }
  settings.calls_per_child = 1;
  Children cold(settings, clock);
  print_percentiles("isolate.cold", kProject, times_of(300, [&] { run(cold); }));
  measure_pipe();
}

}  // namespace ganger::bench
