// Places that a pool keeps for an owner: they are lent to it all the time, with or without a resource of its own.
#include <algorithm>

#include "host/pools/pool.h"
#include "host/pools/waiter.h"

namespace ganger::host {

Acquired Pool::keep(OwnerId owner, std::uint32_t places, const WaitBounds& bounds, bool elsewhere) {
  Acquired result;
  Waiter waiter{.owner = owner, .to_keep = places};
  {
    Lock lock(mutex_);
    close_expired(lock);
    result.end = standing(owner);
    if (result.end == AcquireEnd::ok) keepers_.push_back(owner);
    // What is short of that comes while it stands first in the line: two that need several places of one pool do not
    // each end up with some of them.
    while (result.end == AcquireEnd::ok && waiter.to_keep > 0) {
      const bool has_room = slots_.open() < limit_;
      Index place = elsewhere && has_room ? slots_.reserve() : slots_.take_idle();
      if (place == Slots::kNone && has_room) place = slots_.reserve();
      if (place == Slots::kNone) {
        result.end = wait(lock, waiter, bounds, result.waited);
        break;
      }
      hold(place, owner);
      --waiter.to_keep;
    }
    if (result.end != AcquireEnd::ok) stop_keeping(lock, owner);
    count_end(result.end);
  }
  if (result.end != AcquireEnd::ok) result.error = refusal(result.end, result.waited, places, waiter.to_keep);
  return result;
}

/// One of the places kept for it -> busy; or kNone. Rather one with a resource in it, or rather an empty one.
Pool::Index Pool::take_kept(OwnerId owner, bool with_resource) {
  if (keepers_.empty()) return Slots::kNone;
  const Index place = slots_.find_kept_for(owner, with_resource);
  if (place != Slots::kNone) slots_.end_lease(place, SlotState::busy);
  return place;
}

/// busy -> lent to the owner it is kept for.
void Pool::hold(Index place, OwnerId owner) {
  slots_[place].is_kept = true;
  slots_.lend(place, owner, Lent::place);
}

/// True: this busy place that was kept for its owner is again, or another thread of its owner, which found none free,
/// has it now. Else it may go to anybody.
bool Pool::stays_kept(Index place) {
  Slot& slot = slots_[place];
  slot.is_kept = !is_closed_ && std::ranges::count(keepers_, slot.owner) > 0;
  if (!slot.is_kept) return false;
  Waiter* own = first_waiter_;
  while (own != nullptr && (own->owner != slot.owner || own->to_keep > 0)) own = own->next;
  if (own != nullptr) {
    wake(*own, AcquireEnd::ok, place);
  } else {
    hold(place, slot.owner);
  }
  return true;
}

/// Those that are not in use go to others.
void Pool::stop_keeping(Lock& lock, OwnerId owner) {
  std::erase(keepers_, owner);
  for (Index place; (place = slots_.find_kept_for(owner, true)) != Slots::kNone;) {
    slots_.end_lease(place, SlotState::busy);
    let_go(lock, place);
  }
}

/// The same, but no resource is closed: for those who must not wait for a provider. One too many idles until the next
/// one who acquires or releases closes it.
void Pool::drop_kept(OwnerId owner) {
  std::erase(keepers_, owner);
  for (Index place; (place = slots_.find_kept_for(owner, true)) != Slots::kNone;) {
    slots_.end_lease(place, SlotState::busy);
    if (slots_[place].handle == nullptr) {
      vacate(place);
      continue;
    }
    slots_[place].is_kept = false;
    if (first_waiter_ != nullptr)
      serve_first(place);
    else
      slots_.keep(place, slots_[place].expires);
  }
}

}  // namespace ganger::host
