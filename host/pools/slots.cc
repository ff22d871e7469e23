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
  link(free_head_, index);
  --open_;
}

void Slots::keep(Index index, TimePoint expires) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::busy);
  slot.state = SlotState::idle;
  slot.expires = expires;
  first_expiry_ = std::min(first_expiry_, expires);
  link(idle_head_, index);
  ++idle_;
}

Slots::Index Slots::take_idle() {
  const Index index = idle_head_;
  if (index == kNone) return kNone;
  unlink(idle_head_, index);
  slots_[index].state = SlotState::busy;
  --idle_;
  return index;
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

std::uint64_t Slots::lend(Index index, OwnerId owner) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::busy);
  slot.state = SlotState::lent;
  slot.owner = owner;
  link(group_of(owner), index);
  ++lent_;
  return lease_id(index);
}

Slots::Index Slots::find(std::uint64_t lease) const {
  const Index index = static_cast<Index>(lease & kMost);
  if (index >= slots_.size()) return kNone;
  const Slot& slot = slots_[index];
  return slot.state == SlotState::lent && lease_id(index) == lease ? index : kNone;
}

Slots::Index Slots::find_lent_to(OwnerId owner) const {
  Index index = groups_[owner % kGroups];
  while (index != kNone && slots_[index].owner != owner) index = slots_[index].next;
  return index;
}

void Slots::end_lease(Index index, SlotState then) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::lent && (then == SlotState::busy || then == SlotState::lost));
  unlink(group_of(slot.owner), index);
  slot.state = then;
  ++slot.generation;
  --lent_;
  if (then == SlotState::lost) ++lost_;
}

void Slots::link(Index& head, Index index) {
  Slot& slot = slots_[index];
  slot.prev = kNone;
  slot.next = head;
  if (head != kNone) slots_[head].prev = index;
  head = index;
}

void Slots::unlink(Index& head, Index index) {
  const Slot& slot = slots_[index];
  (slot.prev == kNone ? head : slots_[slot.prev].next) = slot.next;
  if (slot.next != kNone) slots_[slot.next].prev = slot.prev;
}

}  // namespace ganger::host
