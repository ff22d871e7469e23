#include "host/isolate/child/child_scope.h"

#include <algorithm>
#include <utility>

#include "host/isolate/child/child_pools.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr Duration kProgressPause = std::chrono::milliseconds(100);

}  // namespace

void ChildScope::begin(std::uint32_t call, std::vector<std::string> secret_outputs) {
  const std::lock_guard lock(mutex_);
  secret_outputs_ = std::move(secret_outputs);
  call_.store(call, std::memory_order_relaxed);
}

void ChildScope::log(int level, std::string_view line) {
  if (level < log_level_) return;
  channel_.send(FrameKind::log, call(), encode(LogMessage{level, std::string(taken_in(line))}));
}

void ChildScope::progress(std::uint64_t done, std::uint64_t total, std::string_view what) {
  if (!wants_progress_) return;
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::int64_t last = last_progress_.load(std::memory_order_relaxed);
  const bool is_last = total > 0 && done >= total;
  if (!is_last && now - last < kProgressPause.count()) return;
  if (!last_progress_.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
  channel_.send(FrameKind::progress, call(), encode(ProgressMessage{done, total, std::string(taken_in(what))}));
}

bool ChildScope::input(std::string_view task, std::string_view name, Value& out) {
  if (!is_name(task) || !is_name(name)) return false;
  ReplyMessage reply =
      channel_.ask(FrameKind::input, call(), InputMessage{.task = std::string(task), .name = std::string(name)});
  if (reply.is_found) out = std::move(reply.value);
  return reply.is_found;
}

void ChildScope::output_set(std::string_view name, const Value& value) {
  bool is_secret = value.type == GANGER_SECRET;
  if (!is_secret) {
    const std::lock_guard lock(mutex_);
    is_secret = std::ranges::find(secret_outputs_, name) != secret_outputs_.end();
  }
  if (is_secret)
    channel_.ask(FrameKind::secret_output, call(), SecretOutputMessage{.name = std::string(name), .value = value});
}

std::string ChildScope::work_dir() {
  return std::move(channel_.ask(FrameKind::work_dir, call(), WorkDirMessage{}).text);
}

void ChildScope::lease_event(LeaseEvent event, const std::string& pool, std::uint64_t lease, Duration /*waited*/) {
  // The host has counted the place as taken, and counts what is not given back as leaked.
  if (event != LeaseEvent::acquired && pools_ != nullptr) pools_->ended(pool, lease, event, call());
}

}  // namespace ganger::host
