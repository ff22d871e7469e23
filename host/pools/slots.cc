#include "host/pools/slots.h"

#include <algorithm>
#include <cassert>

namespace ganger::host {

Slots::Index Slots::reserve() {
  Index index = free_head_;
  if (index != kNone) {
    unlink(free_head_, index);
  } else {
    assert(slots_.size() < kMost);
    index = static_cast<Index>(slots_.size());
    slots_.emplace_back();
  }
  slots_[index].state = SlotState::busy;
  most_open_ = std::max(most_open_, ++open_);
  return index;
}

void Slots::free(Index index) {
  assert(slots_[index].state == SlotState::busy);
  slots_[index].state = SlotState::free;
  slots_[index].handle = nullptr;
  slots_[index].is_kept = false;
  link(free_head_, index);
  --open_;
}

std::vector<Slots::Index> Slots::take_expired(TimePoint now) {
  std::vector<Index> expired;
  if (now < first_expiry_) return expired;

  first_expiry_ = kNever;
  for (Index index = idle_head_, next; index != kNone; index = next) {
    Slot& slot = slots_[index];
    next = slot.next;
    if (now < slot.expires) {
      first_expiry_ = std::min(first_expiry_, slot.expires);
      continue;
    }
    unlink(idle_head_, index);
    slot.state = SlotState::busy;
    --idle_;
    expired.push_back(index);
  }
  return expired;
}

Slots::Index Slots::find_lent_to(OwnerId owner) const {
  Index index = groups_[owner % kGroups];
  while (index != kNone && slots_[index].owner != owner) index = slots_[index].next;
  return index;
}

Slots::Index Slots::find_kept_for(OwnerId owner, bool with_resource) const {
  Index other = kNone;
  for (Index index = groups_[owner % kGroups]; index != kNone; index = slots_[index].next) {
    const Slot& slot = slots_[index];
    if (slot.owner != owner || slot.lent != Lent::place) continue;
    if ((slot.handle != nullptr) == with_resource) return index;
    other = index;
  }
  return other;
}

}  // namespace ganger::host
