#include "host/plugin/crew.h"

#include <algorithm>

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
  take_calls(lender);
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return helpers_ == 0; });
  const ganger_status status = status_.load(std::memory_order_acquire);
  if (status == GANGER_OK && was_cut_short_.load(std::memory_order_relaxed)) return GANGER_CANCELLED;
  return status;
}

void Crew::take_calls(WorkerLender* lender) {
  for (;;) {
    // Workers come free while the work goes on: ask before each call, which costs one load when nobody is.
    if (lender != nullptr) ask_for_help(*lender);
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

void Crew::ask_for_help(WorkerLender& lender) {
  const std::uint64_t done = next_.load(std::memory_order_relaxed);
  const std::uint64_t left = n_ - std::min(done, n_);
  std::unique_lock lock(mutex_);
  // The caller takes one of those left itself.
  while (helpers_ < max_helpers_ && std::uint64_t{helpers_} + 1 < left) {
    ++helpers_;
    if (!lender.try_lend(&Crew::help, this)) {
      --helpers_;
      return;
    }
  }
}

void Crew::help(void* crew) noexcept {
  Crew& self = *static_cast<Crew*>(crew);
  self.take_calls(nullptr);
  const std::lock_guard lock(self.mutex_);
  --self.helpers_;
  self.left_.notify_one();  // with the lock: the crew is gone as soon as its caller gets it
}

void Crew::fail(ganger_status status) {
  ganger_status none = GANGER_OK;
  status_.compare_exchange_strong(none, status, std::memory_order_acq_rel);
  if (sibling_stop_ != nullptr) sibling_stop_->store(GANGER_STOP_UPSTREAM, std::memory_order_relaxed);
}

}  // namespace ganger::host
