// What tasks have set for those that come after them.
#pragma once
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "host/call/context.h"
#include "host/plan/graph.h"

namespace ganger::host {

/// Outputs of done tasks. Thread: any.
class OutputStore {
 public:
  void set(TaskIndex task, Outputs outputs) {
    const std::lock_guard lock(mutex_);
    all_.insert_or_assign(task, std::move(outputs));
  }
  std::optional<Value> find(TaskIndex task, std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto outputs = all_.find(task);
    if (outputs == all_.end()) return std::nullopt;
    const auto value = outputs->second.find(name);
    return value == outputs->second.end() ? std::nullopt : std::optional(value->second);
  }
  /// Empty when it set none.
  Outputs of(TaskIndex task) const {
    const std::lock_guard lock(mutex_);
    const auto outputs = all_.find(task);
    return outputs == all_.end() ? Outputs{} : outputs->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<TaskIndex, Outputs> all_;  // guarded by mutex_; most tasks set nothing
};

}  // namespace ganger::host
