// Isolated tasks: child processes of this program, kept warm by plugin and sandbox, with one call at a time in each.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/isolate/child/child.h"
#include "host/isolate/process/guardian.h"
#include "host/isolate/process/process.h"
#include "host/run/isolation.h"
#include "host/stop/clock.h"

namespace ganger::host {

struct ChildrenSettings {
  std::filesystem::path program = "/proc/self/exe";  ///< what runs run_child() when its first word is kChildWord
  std::filesystem::path writable{};                  ///< the folder of the run; there before the first call
  std::uint32_t workers = 1;                  ///< threads that parallel() has in each child, its caller included
  Duration grace = std::chrono::seconds(10);  ///< from an attempt's stop to the SIGTERM for its child
  Duration kill_delay = std::chrono::milliseconds(500);  ///< from SIGTERM, which comes then, to SIGKILL
  Duration start_limit = std::chrono::seconds(30);       ///< for opening the plugins
  std::uint32_t calls_per_child = 1000;
  /// A child that keeps more between calls, or half of what its sandbox lets it have, is not used again.
  std::uint64_t most_resident_bytes = 512ull << 20;
  int log_level = GANGER_LOG_INFO;  ///< lower lines are not sent
  bool wants_progress = true;
  const Secrets* secrets = &secrets_of_process();
  /// SHA-256 that the file of a plugin must still have when a child opens it; null or an empty text = any.
  std::function<std::string(const Plugin&)> digest{};
};

/// Every call runs on the thread that makes it: between a task's thread and the child is no other.
class Children final : public Isolation {
 public:
  /// A plugin that has crashed so often in so long is not started again.
  static constexpr std::size_t kMostCrashes = 3;
  static constexpr Duration kCrashWindow = std::chrono::seconds(60);

  /// Makes this process adopt the orphans of its descendants. Lifetime: clock outlives it
  Children(ChildrenSettings settings, Clock& clock);
  /// Asks the idle children to leave, and kills what does not soon. No call is under way.
  ~Children() override;
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  IsolatedEnd run(const IsolatedCall& call) override;
  /// Has one of them refused a plugin, whose code is not what its note says or whose file has changed? Thread: any
  bool have_refused_plugin() const { return have_refused_plugin_; }
  void kill(TaskIndex task) override;

 private:
  struct Running;
  IsolatedEnd run_registered(const IsolatedCall& call, Running& running);
  Result<std::unique_ptr<Child>> take(const IsolatedCall& call);
  Result<std::unique_ptr<Child>> start(const IsolatedCall& call);
  void keep(std::unique_ptr<Child> child, std::uint64_t resident_bytes);
  std::string banned(const Plugin& plugin);
  void count_crash(const Plugin& plugin);

  const ChildrenSettings settings_;
  const std::uint64_t usable_memory_;
  Clock& clock_;
  Guardian guardian_{Child::mark_of_all()};
  Spawner spawner_;
  std::atomic<bool> have_refused_plugin_ = false;
  std::mutex mutex_;
  // guarded by mutex_
  std::list<std::unique_ptr<Child>> idle_;  // the one used last first
  std::unordered_map<TaskIndex, Running*> running_;
  std::unordered_map<const Plugin*, std::vector<TimePoint>> crashes_;
};

}  // namespace ganger::host
