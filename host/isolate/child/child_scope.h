// What a task in a child asks of its run: passed on to the host.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/call/context.h"
#include "host/isolate/child/child_channel.h"

namespace ganger::host {

class ChildPools;

/// One for all calls of the child, one after another, and one for lines of no call. Thread: any.
class ChildScope final : public CallScope {
 public:
  ChildScope(ChildChannel& channel, const SetupMessage& setup)
      : channel_(channel), log_level_(setup.log_level), wants_progress_(setup.wants_progress) {}

  /// What comes is of that call from now on.
  void begin(std::uint32_t call, std::vector<std::string> secret_outputs);
  void set_pools(ChildPools* pools) { pools_ = pools; }

  void log(int level, std::string_view line) override;
  void progress(std::uint64_t done, std::uint64_t total, std::string_view what) override;
  bool input(std::string_view task, std::string_view name, Value& out) override;
  void output_set(std::string_view name, const Value& value) override;
  std::string work_dir() override;
  void lease_event(LeaseEvent event, const std::string& pool, std::uint64_t lease, Duration waited) override;

 private:
  std::uint32_t call() const { return call_.load(std::memory_order_relaxed); }

  ChildChannel& channel_;
  ChildPools* pools_ = nullptr;
  const std::int32_t log_level_;
  const bool wants_progress_;
  std::atomic<std::uint32_t> call_{0};
  std::atomic<std::int64_t> last_progress_{0};
  std::mutex mutex_;
  std::vector<std::string> secret_outputs_;  // guarded by mutex_
};

}  // namespace ganger::host
