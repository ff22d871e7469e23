#include "host/pools/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "host/pools/waiter.h"
#include "host/units.h"

namespace ganger::host {

Result<std::unique_ptr<Pool>> Pool::make(PoolSettings settings, std::unique_ptr<Provider> provider, Clock& clock,
                                         PoolObserver* observer) {
  const auto wrong = [&](std::string_view what) {
    return failure(ErrorKind::bad_job, fmt::format("pool '{}': {}", settings.name, what));
  };
  if (settings.size == 0) return wrong("its size is 0, so it could keep nothing: set it to 1 or more");
  if (std::max(settings.size, settings.limit) > Slots::kMost) {
    return wrong(fmt::format("its size and limit can be at most {}", Slots::kMost));
  }
  if (std::min({settings.wait, settings.idle_timeout.value_or(Duration{0}),
                settings.max_lifetime.value_or(Duration{0})}) < Duration::zero()) {
    return wrong("its times cannot be negative");
  }
  return std::unique_ptr<Pool>(new Pool(std::move(settings), std::move(provider), clock, observer));
}

Pool::Pool(PoolSettings settings, std::unique_ptr<Provider> provider, Clock& clock, PoolObserver* observer)
    : settings_(std::move(settings)),
      provider_(std::move(provider)),
      clock_(clock),
      observer_(observer),
      limit_(settings_.limit == 0 ? Slots::kMost : settings_.limit),
      is_timed_(settings_.idle_timeout || settings_.max_lifetime),
      has_check_(provider_->has_check()),
      has_reset_(provider_->has_reset()) {}

Pool::~Pool() {
  assert(first_waiter_ == nullptr);
  close();
}

Lease Pool::acquire_idle(OwnerId owner) {
  if (is_timed_ || has_check_) return {};
  Lease lease;
  {
    const std::lock_guard lock(mutex_);
    if (!keepers_.empty() || standing(owner) != AcquireEnd::ok) return {};
    const Index place = slots_.take_idle();
    if (place == Slots::kNone) return {};
    lease = {slots_.lend(place, owner), slots_[place].handle};
    ++statistics_.reused;
  }
  if (observer_ != nullptr) observer_->acquired(*this, owner, lease.id, Duration{0}, true);
  return lease;
}

Acquired Pool::acquire(OwnerId owner, const WaitBounds& bounds, void* borrower) {
  Acquired result;
  result.lease = acquire_idle(owner);
  if (result.lease.id != 0) return result;
  bool is_reused = false;
  {
    Lock lock(mutex_);
    Index place = Slots::kNone;
    result.end = take_place(lock, owner, bounds, place, result.waited);
    if (result.end == AcquireEnd::ok) {
      is_reused = slots_[place].handle != nullptr;
      result.end = fill(lock, owner, place, borrower, result);
    }
    if (result.end == AcquireEnd::ok) {
      result.lease = Lease{slots_.lend(place, owner), slots_[place].handle};
      if (is_reused) ++statistics_.reused;
    }
    count_end(result.end);
  }

  if (result.end == AcquireEnd::ok) {
    if (observer_ != nullptr) observer_->acquired(*this, owner, result.lease.id, result.waited, is_reused);
    return result;
  }
  if (!result.error) result.error = refusal(result.end, result.waited);
  if (result.end == AcquireEnd::closed) log(kClosedLine);
  return result;
}

bool Pool::release(std::optional<OwnerId> owner, std::uint64_t lease, LeaseState state) {
  Lock lock(mutex_);
  const Index place = slots_.find(lease);
  if (place == Slots::kNone || slots_[place].lent == Lent::place || (owner && slots_[place].owner != *owner)) {
    ++statistics_.misused;
    lock.unlock();
    if (observer_ != nullptr) observer_->misused(*this, lease);
    return false;
  }

  const OwnerId borrower = slots_[place].owner;
  slots_.end_lease(place, SlotState::busy);
  // Most often there is nothing to be done to it, and nobody waits.
  const Slot& slot = slots_[place];
  const bool is_plain = state == LeaseState::clean && slot.handle != nullptr && !slot.is_kept && !has_reset_ &&
                        !is_timed_ && !is_closed_ && first_waiter_ == nullptr && slots_.idle() < settings_.size;
  bool is_kept = true;
  if (is_plain) {
    slots_.keep(place, kNever);
  } else {
    is_kept = give_back(lock, place, state);
    close_expired(lock);
  }
  lock.unlock();

  if (observer_ != nullptr) observer_->released(*this, borrower, lease, is_kept);
  return true;
}

void Pool::cancel(OwnerId owner) {
  const Lock lock(mutex_);
  refuse_from_now_on(owner);
}

std::uint32_t Pool::take_back(OwnerId owner) {
  Lock lock(mutex_);
  std::erase(cancelled_, owner);
  if (!keepers_.empty()) stop_keeping(lock, owner);
  std::uint32_t count = 0;
  for (Index place; (place = slots_.find_lent_to(owner)) != Slots::kNone;) {
    const std::uint64_t lease = slots_.lease_id(place);
    const bool has_resource = slots_[place].lent == Lent::resource;
    slots_.end_lease(place, SlotState::busy);
    if (!has_resource) {
      breaker_.came_to_nothing(slots_[place].trial);
      vacate(place);
      continue;
    }
    ++count;
    ++statistics_.leaked;
    const bool is_kept = give_back(lock, place, LeaseState::suspect);
    lock.unlock();
    if (observer_ != nullptr) {
      if (is_kept) observer_->log(*this, kQueuedLine);
      observer_->leaked(*this, owner, lease);
    }
    lock.lock();
  }
  return count;
}

std::uint32_t Pool::abandon(OwnerId owner) {
  Lock lock(mutex_);
  refuse_from_now_on(owner);
  if (!keepers_.empty()) drop_kept(owner);
  // What it was just opening is of no lease yet, but others must not wait for it.
  if (breaker_.is_trying()) {
    breaker_.given_up(owner, clock_.now(),
                      fmt::format("pool '{}' cannot be opened: the task that tried it last was given up", name()));
  }
  std::uint32_t count = 0;
  for (Index place; (place = slots_.find_lent_to(owner)) != Slots::kNone; ++count) {
    const std::uint64_t lease = slots_.lease_id(place);
    slots_.end_lease(place, SlotState::lost);
    ++statistics_.leaked;
    lock.unlock();
    if (observer_ != nullptr) observer_->leaked(*this, owner, lease);
    lock.lock();
  }
  return count;
}

void Pool::close() {
  Lock lock(mutex_);
  is_closed_ = true;
  while (first_waiter_ != nullptr) wake(*first_waiter_, AcquireEnd::closed, Slots::kNone);
  // Nothing becomes idle any more, so this ends although the lock is let go of in between.
  for (Index place; (place = slots_.take_idle()) != Slots::kNone;) {
    close_resource(lock, place, CloseReason::pool_closed);
  }
}

void Pool::close_expired() {
  Lock lock(mutex_);
  close_expired(lock);
}

PoolStatistics Pool::statistics() const {
  const Lock lock(mutex_);
  PoolStatistics now = statistics_;
  now.open_now = slots_.open();
  now.idle_now = slots_.idle();
  now.lent_now = slots_.lent();
  now.lost_now = slots_.lost();
  now.most_open = slots_.most_open();
  return now;
}

/// A place for this owner: with a resource that idled and is well or was just given back, or empty.
AcquireEnd Pool::take_place(Lock& lock, OwnerId owner, const WaitBounds& bounds, Index& place, Duration& waited) {
  close_expired(lock);
  const AcquireEnd end = standing(owner);
  if (end != AcquireEnd::ok) return end;

  place = take_kept(owner, true);
  const bool was_kept = place != Slots::kNone;
  if (place == Slots::kNone) place = slots_.take_idle();
  if (place == Slots::kNone && slots_.open() < limit_) place = slots_.reserve();
  if (place != Slots::kNone) {
    if (slots_[place].handle == nullptr) return AcquireEnd::ok;
    // What is kept did not come by close_expired().
    const TimePoint now = is_timed_ && was_kept ? clock_.now() : TimePoint{};
    if (is_timed_ && was_kept && now >= slots_[place].expires) {
      empty(lock, place, expired_by(slots_[place], now));
    } else if (has_check_) {
      check_idle(lock, place);
    }
    return AcquireEnd::ok;
  }
  Waiter waiter{owner};
  const AcquireEnd waited_for = wait(lock, waiter, bounds, waited);
  place = waiter.place;
  // It can come from an owner that was given up, for whom it was kept.
  if (place != Slots::kNone && slots_[place].handle != nullptr && is_timed_ &&
      has_lived_too_long(slots_[place], clock_.now()))
    empty(lock, place, CloseReason::max_lifetime);
  return waited_for;
}

/// Leaves the place empty when the resource in it fails its check.
void Pool::check_idle(Lock& lock, Index place) {
  void* const handle = slots_[place].handle;
  lock.unlock();
  const bool is_well = provider_->check(handle);
  lock.lock();
  if (!is_well) empty(lock, place, CloseReason::check_failed);
}

/// What came back: reset and checked as its state asks for, then kept (true) or closed.
bool Pool::give_back(Lock& lock, Index place, LeaseState state) {
  if (slots_[place].handle == nullptr) {  // only a place was lent
    breaker_.came_to_nothing(slots_[place].trial);
    vacate(place);
    return false;
  }
  const bool is_suspect = state == LeaseState::suspect;
  std::optional<CloseReason> unfit;
  if (state == LeaseState::broken) {
    unfit = CloseReason::broken;
  } else if (!is_closed_ && (has_reset_ || (is_suspect && has_check_))) {
    void* const handle = slots_[place].handle;
    lock.unlock();
    if (has_reset_ && !provider_->reset(handle)) {
      unfit = CloseReason::reset_failed;
    } else if (is_suspect && has_check_ && !provider_->check(handle)) {
      unfit = CloseReason::check_failed;
    }
    lock.lock();
  }
  if (!unfit) return settle(lock, place);
  close_resource(lock, place, *unfit, kClosingLine);
  return false;
}

/// Nothing became of this place.
void Pool::let_go(Lock& lock, Index place) {
  if (slots_[place].handle != nullptr) {
    settle(lock, place);
  } else {
    vacate(place);
  }
}

/// A resource that is fit to be lent stays where it is kept, else goes to the first one waiting, else among the idle
/// ones (true), else is closed.
bool Pool::settle(Lock& lock, Index place) {
  const TimePoint now = is_timed_ ? clock_.now() : TimePoint{};
  if (is_timed_) slots_[place].expires = expiry(slots_[place], now);
  CloseReason reason = CloseReason::pool_full;
  if (is_closed_) {
    reason = CloseReason::pool_closed;
  } else if (has_lived_too_long(slots_[place], now)) {
    reason = CloseReason::max_lifetime;
  } else if (slots_[place].is_kept && stays_kept(place)) {
    return true;
  } else if (first_waiter_ != nullptr) {
    serve_first(place);
    return true;
  } else if (slots_.idle() < settings_.size) {
    slots_.keep(place, is_timed_ ? slots_[place].expires : kNever);
    return true;
  }
  close_resource(lock, place, reason, kClosingLine);
  return false;
}

void Pool::close_resource(Lock& lock, Index place, CloseReason reason, std::string_view line) {
  void* const handle = slots_[place].handle;
  lock.unlock();
  if (!line.empty()) log(line);
  provider_->close(handle);
  lock.lock();
  count_closed(reason);
  vacate(place);
}

/// What is empty stays kept, else is free for the next one.
void Pool::vacate(Index place) {
  slots_[place].handle = nullptr;
  if (slots_[place].is_kept && stays_kept(place)) return;
  slots_.free(place);
  serve_waiters();
}

/// Closes the resource in a place that stays taken.
void Pool::empty(Lock& lock, Index place, CloseReason reason) {
  void* const handle = std::exchange(slots_[place].handle, nullptr);
  lock.unlock();
  provider_->close(handle);
  lock.lock();
  count_closed(reason);
}

void Pool::close_expired(Lock& lock) {
  if (is_timed_) {
    const TimePoint now = clock_.now();
    for (const Index place : slots_.take_expired(now)) close_resource(lock, place, expired_by(slots_[place], now));
  }
  // Those that abandon() could not close.
  while (slots_.idle() > (is_closed_ ? 0 : settings_.size))
    close_resource(lock, slots_.take_idle(), is_closed_ ? CloseReason::pool_closed : CloseReason::pool_full);
}

bool Pool::is_cancelled(OwnerId owner) const {
  return std::find(cancelled_.begin(), cancelled_.end(), owner) != cancelled_.end();
}

/// Whether this owner can have anything: ok, closed or cancelled.
AcquireEnd Pool::standing(OwnerId owner) const {
  if (is_closed_) return AcquireEnd::closed;
  return cancelled_.empty() || !is_cancelled(owner) ? AcquireEnd::ok : AcquireEnd::cancelled;
}

bool Pool::has_lived_too_long(const Slot& slot, TimePoint now) const {
  return settings_.max_lifetime && now >= after(slot.born, *settings_.max_lifetime);
}

CloseReason Pool::expired_by(const Slot& slot, TimePoint now) const {
  return has_lived_too_long(slot, now) ? CloseReason::max_lifetime : CloseReason::idle_timeout;
}

TimePoint Pool::expiry(const Slot& slot, TimePoint now) const {
  const TimePoint idle = settings_.idle_timeout ? after(now, *settings_.idle_timeout) : kNever;
  const TimePoint life = settings_.max_lifetime ? after(slot.born, *settings_.max_lifetime) : kNever;
  return std::min(idle, life);
}

void Pool::count_end(AcquireEnd end) {
  if (end == AcquireEnd::timed_out) ++statistics_.timed_out;
  if (end == AcquireEnd::cancelled) ++statistics_.cancelled;
}

/// Shape: for acquires one is wanted, for keep() any number, of which some may have come
Error Pool::refusal(AcquireEnd end, Duration waited, std::uint32_t wanted, std::uint32_t missing) const {
  if (end == AcquireEnd::closed) return Error{ErrorKind::pool_unavailable, "pool closed", {}};
  if (end == AcquireEnd::cancelled) {
    return Error{ErrorKind::pool_unavailable, fmt::format("pool '{}': its borrower was told to stop", name()), {}};
  }
  const std::string came = missing == wanted ? "none" : fmt::format("only {}", wanted - missing);
  const std::string how_many = wanted == 1
                                   ? fmt::format("all {} are out, {}", settings_.limit, came)
                                   : fmt::format("{} of {} are wanted at once, {}", wanted, settings_.limit, came);
  return Error{ErrorKind::pool_unavailable,
               fmt::format("pool '{}': {} came free in {}; raise its limit or its wait", name(), how_many,
                           human_time(waited.count())),
               {}};
}

void Pool::count_closed(CloseReason reason) { ++statistics_.closed[static_cast<std::size_t>(reason)]; }

void Pool::log(std::string_view line) const {
  if (observer_ != nullptr) observer_->log(*this, line);
}

}  // namespace ganger::host
