// A host that is there to be killed: prints the process that its task runs in, and hangs in it.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/isolate/child/children.h"
#include "host/plugin/registry.h"

namespace {

using namespace ganger::host;

/// Says what the task logs, so that whoever reads it knows that it runs.
class PrintingScope final : public CallScope {
 public:
  void log(int, std::string_view line) override {
    std::printf("%s\n", std::string(line).c_str());
    std::fflush(stdout);
  }
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool input(std::string_view, std::string_view, Value&) override { return false; }
  void output_set(std::string_view, const Value&) override {}
  std::string work_dir() override { return {}; }
  void lease_event(LeaseEvent, const std::string&, std::uint64_t, Duration) override {}
};

}  // namespace

/// Shape: argv = program, plugin, folder, how the task misbehaves
int main(int argc, char** argv) {
  if (argc != 5) return 64;
  // A session of its own, as that of a terminal: when it has ended, nobody is left there.
  setpgid(0, getpgid(getppid()));
  setsid();
  Registry registry(SearchPath({}, {}, {}), host_table(), {.trusts_all = true});
  const auto plugin = registry.load_file(argv[2]);
  if (!plugin) return 66;
  SteadyClock clock;
  PoolSet pools(clock);
  PrintingScope scope;
  Children children({.program = argv[1], .writable = argv[3]}, clock);
  const auto stop = std::make_shared<StopSource>();
  const Values how{Value::of_text(argv[4])};
  const std::vector<const Values*> values{&how};
  children.run({.attempt = {.task = 0, .number = 1, .stop = stop.get()},
                .task = "hangs",
                .type = *(*plugin)->find_task_type("misbehave"),
                .values = values,
                .secret_outputs = {},
                .sandbox = {},
                .scope = scope,
                .pools = pools});
  return 0;
}
