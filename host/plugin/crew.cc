#include "host/plugin/crew.h"

#include "host/plugin/services.h"

namespace ganger::host {

Crew::Crew(std::uint64_t n, Function fn, void* user, std::uint32_t max_threads, ganger_ctx& ctx,
           std::atomic<std::int32_t>* sibling_stop)
    : n_(n),
      fn_(fn),
      user_(user),
      max_helpers_(max_threads == 0 ? UINT32_MAX : max_threads - 1),
      ctx_(ctx),
      sibling_stop_(sibling_stop) {}

ganger_status Crew::work(WorkerLender* lender) {
  const bool may_have_help = lender != nullptr && max_helpers_ > 0 && n_ > 1;
  if (may_have_help) lender->seek_help(*this);
  take_calls();
  if (may_have_help) lender->end_seeking(*this);
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return helpers_ == 0; });
  const ganger_status status = status_.load(std::memory_order_acquire);
  if (status == GANGER_OK && was_cut_short_.load(std::memory_order_relaxed)) return GANGER_CANCELLED;
  return status;
}

void Crew::take_calls() {
  for (;;) {
    if (status_.load(std::memory_order_relaxed) != GANGER_OK) return;
    if (next_.load(std::memory_order_relaxed) >= n_) return;
    if (ctx_.parts().stop->reason() != GANGER_RUNNING) {
      was_cut_short_.store(true, std::memory_order_relaxed);
      return;
    }
    const std::uint64_t i = next_.fetch_add(1, std::memory_order_relaxed);
    if (i >= n_) return;
    std::string why;
    const ganger_status status = guarded([&] { return fn_(user_, i); }, why);
    if (!why.empty()) ctx_.fail(status, why);
    if (status != GANGER_OK) fail(status);
  }
}

bool Crew::wants_help() {
  const std::lock_guard lock(mutex_);
  // While the caller is busy with one call, each of the others may have a thread of its own.
  if (helpers_ >= max_helpers_ || next_.load(std::memory_order_relaxed) >= n_ ||
      status_.load(std::memory_order_relaxed) != GANGER_OK)
    return false;
  ++helpers_;
  return true;
}

void Crew::cancel_help() {
  const std::lock_guard lock(mutex_);
  --helpers_;
  left_.notify_one();
}

void Crew::help() noexcept {
  take_calls();
  cancel_help();  // notifies with the lock held: the crew is gone as soon as its caller gets it
}

void Crew::fail(ganger_status status) {
  ganger_status none = GANGER_OK;
  status_.compare_exchange_strong(none, status, std::memory_order_acq_rel);
  if (sibling_stop_ != nullptr) sibling_stop_->store(GANGER_STOP_UPSTREAM, std::memory_order_relaxed);
}

}  // namespace ganger::host
