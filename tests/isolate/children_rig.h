// Calls in real children, without a run around them.
#pragma once
#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/call/pool_set.h"
#include "host/isolate/child/children.h"
#include "host/plugin/registry.h"
#include "tests/call/services_fakes.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host::test {

using namespace std::chrono_literals;

/// The plugin of these tests, opened once: it is never closed.
inline const Plugin& guest() {
  static Registry registry(SearchPath({}, {}, {}), host_table(), {.trusts_all = true});
  static const Result<const Plugin*> plugin = registry.load_file(GANGER_GUEST_PLUGIN);
  if (!plugin) throw std::runtime_error(plugin.error().message);
  return **plugin;
}

/// So many descriptors are open.
inline std::size_t open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

inline bool has_children() { return waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == 0; }

/// Calls that runs() makes have this scope; what it hears and whom it wakes is up to the test.
class CallRecord final : public CallScope {
 public:
  void log(int level, std::string_view line) override {
    recorded.log(level, line);
    if (on_log) on_log(line);
  }
  void progress(std::uint64_t done, std::uint64_t total, std::string_view what) override {
    recorded.progress(done, total, what);
  }
  bool input(std::string_view task, std::string_view name, Value& out) override {
    return recorded.input(task, name, out);
  }
  void output_set(std::string_view name, const Value& value) override { recorded.output_set(name, value); }
  std::string work_dir() override { return recorded.work_dir(); }
  void lease_event(LeaseEvent event, const std::string& pool, std::uint64_t lease, Duration waited) override {
    recorded.lease_event(event, pool, lease, waited);
  }

  RecordingScope recorded;
  std::function<void(std::string_view line)> on_log;
};

class ChildrenTest : public testing::Test {
 protected:
  ChildrenTest() {
    settings.program = GANGER_PROGRAM;
    settings.writable = folder.folder("run");
    settings.grace = 50ms;
    settings.kill_delay = 20ms;
  }

  Children& children() {
    if (!children_) children_ = std::make_unique<Children>(settings, *clock);
    return *children_;
  }
  void dismiss_children() { children_.reset(); }

  /// A call of a type of the guest with the values given, and the defaults of the others.
  IsolatedEnd run(std::string_view type, const std::map<std::string, Value>& given = {}) {
    return run_with(scope, stop, 0, type, given);
  }
  IsolatedEnd run_with(CallRecord& to, const std::shared_ptr<StopSource>& stop_of_call, TaskIndex task,
                       std::string_view type_name, const std::map<std::string, Value>& given = {}) {
    const TaskType& type = *guest().find_task_type(type_name);
    std::vector<Values> owned;
    for (const Param& p : type.params) {
      const auto value = given.find(p.name);
      owned.push_back(value == given.end() ? p.default_values : Values{value->second});
    }
    std::vector<const Values*> values;
    for (const Values& v : owned) values.push_back(&v);
    const Attempt attempt{.task = task, .number = 1, .deadline = deadline, .stop = stop_of_call.get()};
    IsolatedEnd end = children().run({.attempt = attempt,
                                      .task = "the-task",
                                      .type = type,
                                      .values = values,
                                      .secret_outputs = secret_outputs,
                                      .sandbox = sandbox,
                                      .scope = to,
                                      .pools = pools,
                                      .owner = owner});
    stop_of_call->end_attempt();  // as TaskCall does
    return end;
  }

  void add_pool(std::string_view kind, PoolSettings pool, Values values = {}) {
    const PoolKind& found = *guest().find_pool_kind(kind);
    std::vector<Values> all;
    for (const Param& p : found.params) all.push_back(values.empty() ? p.default_values : values);
    ASSERT_TRUE(pools.add(found, std::move(pool), std::move(all)));
  }

  TemporaryFolder folder;
  SteadyClock steady;
  Clock* clock = &steady;
  ChildrenSettings settings;
  Sandbox sandbox{};
  TimePoint deadline = kNever;
  OwnerId owner = 0;
  std::vector<std::string> secret_outputs;
  PoolSet pools{steady};
  CallRecord scope;
  std::shared_ptr<StopSource> stop = std::make_shared<StopSource>();

 private:
  std::unique_ptr<Children> children_;
};

inline std::int64_t number(const IsolatedEnd& end, const char* output) { return end.outputs.at(output).i; }
inline std::string text(const IsolatedEnd& end, const char* output) { return end.outputs.at(output).text; }

}  // namespace ganger::host::test
