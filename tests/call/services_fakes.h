// A call into a plugin without a run around it: what the tests of the host table share.
#pragma once
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/call/context.h"
#include "host/call/pool_set.h"
#include "host/call/services.h"

namespace ganger::host {

/// Writes down what it hears; knows the inputs it is given.
class RecordingScope final : public CallScope {
 public:
  void log(int level, std::string_view line) override { add(std::to_string(level) + " " + std::string(line)); }
  void progress(std::uint64_t done, std::uint64_t total, std::string_view what) override {
    add(std::to_string(done) + "/" + std::to_string(total) + " " + std::string(what));
  }
  bool input(std::string_view task, std::string_view name, Value& out) override {
    const auto found = inputs.find(std::string(task) + "." + std::string(name));
    if (found != inputs.end()) out = found->second;
    return found != inputs.end();
  }
  /// A child tells only of those that are secret.
  void output_set(std::string_view name, const Value& value) override {
    if (hears_outputs) add("sets secret " + std::string(name) + "=" + value.text);
  }
  std::string work_dir() override {
    add("work_dir");
    return folder;
  }
  void lease_event(LeaseEvent event, const std::string& pool, std::uint64_t, Duration) override {
    constexpr const char* kNames[] = {"acquired ", "released ", "leaked "};
    add(kNames[static_cast<std::size_t>(event)] + pool);
  }

  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

  std::map<std::string, Value> inputs;  ///< by "task.output"
  std::string folder;
  bool hears_outputs = false;

 private:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A call that is under way: set it up, begin(), then call the host table as a plugin does.
struct CallRig {
  CallRig() = default;
  CallRig(const CallRig&) = delete;
  CallRig& operator=(const CallRig&) = delete;

  void add_param(std::string name, std::uint32_t type, Values given, std::uint32_t flags = 0) {
    Param param;
    param.name = std::move(name);
    param.type = type;
    param.flags = flags;
    params.push_back(std::move(param));
    owned.push_back(std::make_unique<Values>(std::move(given)));
    values.push_back(owned.back().get());
  }
  ganger_ctx* begin() {
    ctx.begin({.scope = &scope,
               .params = &params,
               .values = &values,
               .stop = stop.get(),
               .deadline = deadline,
               .pools = pools,
               .lender = lender,
               .owner = owner,
               .label = label});
    handle.emplace(ctx);
    return held();
  }
  /// What a plugin holds.
  ganger_ctx* held() const { return handle->get(); }

  const ganger_host& host = *host_table();
  RecordingScope scope;
  std::vector<Param> params;
  std::vector<std::unique_ptr<Values>> owned;
  std::vector<const Values*> values;
  std::shared_ptr<StopSource> stop = std::make_shared<StopSource>();
  TimePoint deadline = kNever;
  PoolSet* pools = nullptr;
  WorkerLender* lender = nullptr;
  OwnerId owner = 0;
  CallLabel label = kNoLabel;
  PluginCall ctx;
  std::optional<CallHandle> handle;  ///< without it the call is over
};

inline ganger_str str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string text(ganger_str s) { return {s.p, s.n}; }
inline std::string text(const ganger_value& v) { return text(v.u.s); }

}  // namespace ganger::host
