// The line of those who wait for a place of a pool, and who is served next.
#include <algorithm>

#include "host/pools/pool.h"
#include "host/pools/waiter.h"

namespace ganger::host {

AcquireEnd Pool::wait(Lock& lock, Waiter& waiter, const WaitBounds& bounds, Duration& waited) {
  const Duration longest = bounds.longest.value_or(settings_.wait);
  if (longest <= Duration::zero()) return AcquireEnd::timed_out;

  const TimePoint begin = clock_.now();
  const TimePoint until = std::min(after(begin, longest), bounds.deadline);
  enqueue(waiter);
  clock_.wait_until(lock, waiter.changed, until, [&waiter] { return waiter.is_done; });
  // What was given to it in the moment the time was up is taken, not lost.
  if (!waiter.is_done) dequeue(waiter);

  waited = clock_.now() - begin;
  ++statistics_.waited;
  statistics_.total_wait += waited;
  statistics_.longest_wait = std::max(statistics_.longest_wait, waited);
  return waiter.end;
}

/// Places that came free go to those who wait; each opens a resource of its own.
void Pool::serve_waiters() {
  while (first_waiter_ != nullptr && slots_.open() < limit_) {
    serve_first(slots_.reserve());
  }
}

void Pool::serve_first(Index place) {
  Waiter& first = *first_waiter_;
  if (first.to_keep == 0) return wake(first, AcquireEnd::ok, place);
  hold(place, first.owner);
  if (--first.to_keep == 0) wake(first, AcquireEnd::ok, Slots::kNone);
}

void Pool::enqueue(Waiter& waiter) {
  waiter.prev = last_waiter_;
  (last_waiter_ != nullptr ? last_waiter_->next : first_waiter_) = &waiter;
  last_waiter_ = &waiter;
  ++statistics_.waiting_now;
}

void Pool::dequeue(Waiter& waiter) {
  (waiter.prev != nullptr ? waiter.prev->next : first_waiter_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->prev : last_waiter_) = waiter.prev;
  --statistics_.waiting_now;
}

/// Notified with the lock held: without it the waiter could be gone before its condition variable is touched.
void Pool::wake(Waiter& waiter, AcquireEnd end, Index place) {
  dequeue(waiter);
  waiter.is_done = true;
  waiter.end = end;
  waiter.place = place;
  waiter.changed.notify_one();
  if (waiter.wake) waiter.wake();
}

void Pool::refuse_from_now_on(OwnerId owner) {
  if (!is_cancelled(owner)) cancelled_.push_back(owner);
  for (Waiter *waiter = first_waiter_, *next; waiter != nullptr; waiter = next) {
    next = waiter->next;
    if (waiter->owner == owner) wake(*waiter, AcquireEnd::cancelled, Slots::kNone);
  }
}

}  // namespace ganger::host
