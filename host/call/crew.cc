#include "host/call/crew.h"

#include <utility>

#include "host/call/services.h"

namespace ganger::host {

namespace {

thread_local const Crew* crew_of_this_thread = nullptr;  // the innermost one it works for

}  // namespace

Crew::Crew(std::uint64_t n, Function fn, void* user, std::uint32_t max_threads, PluginCall& ctx)
    : n_(n),
      fn_(fn),
      user_(user),
      max_helpers_(max_threads == 0 ? UINT32_MAX : max_threads - 1),
      ctx_(ctx),
      outer_(crew_of_this_thread) {}

ganger_status Crew::work(WorkerLender* lender) {
  const bool may_have_help = lender != nullptr && max_helpers_ > 0 && n_ > 1;
  if (may_have_help) lender->seek_help(*this);
  take_calls();
  if (may_have_help) lender->end_seeking(*this);
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return helpers_ == 0; });
  const ganger_status status = status_.load(std::memory_order_acquire);
  const bool was_cut_short = next_.load(std::memory_order_relaxed) < n_;
  return status == GANGER_OK && was_cut_short ? GANGER_CANCELLED : status;
}

void Crew::take_calls() {
  const Crew* const before = std::exchange(crew_of_this_thread, this);
  const WorksForCall works(ctx_);
  while (!is_over()) {
    const std::uint64_t i = next_.fetch_add(1, std::memory_order_relaxed);
    if (i >= n_) break;
    std::string why;
    const ganger_status status = guarded([&] { return fn_(user_, i); }, why);
    if (!why.empty()) ctx_.fail(status, why);
    ganger_status none = GANGER_OK;
    if (status != GANGER_OK) status_.compare_exchange_strong(none, status, std::memory_order_acq_rel);
  }
  crew_of_this_thread = before;
}

/// No call is left, or none that should be made.
bool Crew::is_over() const {
  return next_.load(std::memory_order_relaxed) >= n_ || has_failed(this) ||
         ctx_.parts().stop->reason() != GANGER_RUNNING;
}

bool Crew::has_failed(const Crew* innermost) {
  for (const Crew* crew = innermost; crew != nullptr; crew = crew->outer_)
    if (crew->status_.load(std::memory_order_relaxed) != GANGER_OK) return true;
  return false;
}

bool Crew::has_failed_here() { return has_failed(crew_of_this_thread); }

bool Crew::has_failed_here(const PluginCall& ctx) {
  for (const Crew* crew = crew_of_this_thread; crew != nullptr; crew = crew->outer_)
    if (&crew->ctx_ == &ctx && crew->status_.load(std::memory_order_relaxed) != GANGER_OK) return true;
  return false;
}

bool Crew::wants_help() {
  const std::lock_guard lock(mutex_);
  // While the caller is busy with one call, each of the others may have a thread of its own.
  if (helpers_ >= max_helpers_ || is_over()) return false;
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

}  // namespace ganger::host
