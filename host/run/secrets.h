// Texts that must not be shown: known from the job, or only when a task starts or sets an output.
#pragma once
#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/text.h"

namespace ganger::host {

/// Thread: every member from any thread. Costs one load where there are no secrets.
class Secrets {
 public:
  explicit Secrets(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(text);
  }

  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (text.empty() || std::ranges::count(texts_, text) != 0) return;
    texts_.push_back(text);
    // One that is part of another would leave the rest of the other behind.
    std::ranges::sort(texts_, std::ranges::greater{}, &std::string::size);
    has_some_.store(true, std::memory_order_release);
  }

  /// `text` with `***` in place of each of them.
  std::string masked(std::string_view text) const {
    if (!has_some_.load(std::memory_order_acquire)) return std::string(text);
    const std::shared_lock lock(mutex_);
    return host::masked(text, texts_);
  }

 private:
  std::atomic<bool> has_some_{false};
  mutable std::shared_mutex mutex_;
  std::vector<std::string> texts_;  // guarded by mutex_
};

}  // namespace ganger::host
