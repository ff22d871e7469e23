// The places of a pool: which resource is where, and to whom it is lent. No lock and no provider in here.
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/pools/lease.h"
#include "host/stop/clock.h"

namespace ganger::host {

enum class SlotState : std::uint8_t {
  free,  ///< holds nothing
  busy,  ///< of one thread, which opens, checks, resets or closes the resource
  idle,
  lent,
  lost  ///< lent to an owner that was given up and may still use it
};

/// What its borrower has.
enum class Lent : std::uint8_t {
  resource,  ///< in this process or elsewhere
  opening,   ///< a place in which a resource is being opened elsewhere
  place      ///< kept for an acquire() to come; with a resource in it that nobody uses, or empty
};

/// As large as a line of the cache: a thread that lends one does not wait for another one's, and an index is a shift.
struct alignas(64) Slot {
  void* handle = nullptr;
  std::uint64_t generation = 1;  ///< of the lending; counted on when a lease ends
  OwnerId owner = 0;             ///< while lent
  TimePoint born{};              ///< when it was opened; kept only where a limit on time is set
  TimePoint expires = kNever;    ///< while idle, or in a kept place that nobody uses
  std::uint32_t next = 0, prev = 0;
  SlotState state = SlotState::free;
  Lent lent = Lent::resource;  ///< while lent
  bool is_kept = false;        ///< for its owner, until that ends
  std::uint32_t trial = 0;     ///< of the pool's breaker, while something is being opened
};

/// Every slot is free, idle, lent, lost, or busy and in the hands of one thread. The free, the idle (newest first)
/// and the lent ones of a group of owners are lists through next and prev, so that nothing but a new slot allocates.
/// Thread: none; the pool's lock guards it.
class Slots {
 public:
  using Index = std::uint32_t;
  static constexpr Index kMost = (1u << 24) - 1;  ///< slots in a pool: 24 bits of a lease id
  static constexpr Index kNone = kMost;

  Slots() { groups_.fill(kNone); }

  Slot& operator[](Index index) { return slots_[index]; }
  const Slot& operator[](Index index) const { return slots_[index]; }
  std::uint32_t open() const { return open_; }  ///< all but the free ones
  std::uint32_t idle() const { return idle_; }
  std::uint32_t lent() const { return lent_; }
  std::uint32_t lost() const { return lost_; }
  std::uint32_t most_open() const { return most_open_; }

  /// free (or new) -> busy.
  Index reserve();
  /// busy -> free.
  void free(Index index);

  /// busy -> idle.
  void keep(Index index, TimePoint expires);
  /// The idle one that was used last -> busy; kNone when none is idle.
  Index take_idle();
  /// Idle ones that expire by `now` -> busy. Cheap until the first one does.
  std::vector<Index> take_expired(TimePoint now);

  /// busy -> lent; the id of the lease, never 0.
  std::uint64_t lend(Index index, OwnerId owner, Lent what = Lent::resource);
  /// Where the lease with this id is, kNone when it is not out. Any number is fine.
  Index find(std::uint64_t lease) const;
  /// A lent one of this owner, or kNone. Takes time only for owners of the same group of 64.
  Index find_lent_to(OwnerId owner) const;
  /// Of these one that is a kept place, or kNone. With a resource in it or without: what is asked for is preferred.
  Index find_kept_for(OwnerId owner, bool with_resource) const;
  std::uint64_t lease_id(Index index) const { return slots_[index].generation << kIndexBits | index; }
  /// lent -> busy, or lost; its lease id is stale from now on.
  void end_lease(Index index, SlotState then);

 private:
  static constexpr unsigned kIndexBits = 24;
  static constexpr std::size_t kGroups = 64;

  Index& group_of(OwnerId owner) { return groups_[owner % kGroups]; }
  void link(Index& head, Index index);
  void unlink(Index& head, Index index);

  std::vector<Slot> slots_;
  Index free_head_ = kNone, idle_head_ = kNone;
  std::array<Index, kGroups> groups_;
  TimePoint first_expiry_ = kNever;  ///< no idle one expires before
  std::uint32_t open_ = 0, idle_ = 0, lent_ = 0, lost_ = 0, most_open_ = 0;
};

// What every lending goes through, for the compiler to see.

inline Slots::Index Slots::take_idle() {
  const Index index = idle_head_;
  if (index == kNone) return kNone;
  unlink(idle_head_, index);
  slots_[index].state = SlotState::busy;
  --idle_;
  return index;
}

inline void Slots::keep(Index index, TimePoint expires) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::busy);
  slot.state = SlotState::idle;
  slot.expires = expires;
  first_expiry_ = std::min(first_expiry_, expires);
  link(idle_head_, index);
  ++idle_;
}

inline std::uint64_t Slots::lend(Index index, OwnerId owner, Lent what) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::busy);
  slot.state = SlotState::lent;
  slot.lent = what;
  slot.owner = owner;
  link(group_of(owner), index);
  ++lent_;
  return lease_id(index);
}

inline Slots::Index Slots::find(std::uint64_t lease) const {
  const Index index = static_cast<Index>(lease & kMost);
  if (index >= slots_.size()) return kNone;
  const Slot& slot = slots_[index];
  return slot.state == SlotState::lent && lease_id(index) == lease ? index : kNone;
}

inline void Slots::end_lease(Index index, SlotState then) {
  Slot& slot = slots_[index];
  assert(slot.state == SlotState::lent && (then == SlotState::busy || then == SlotState::lost));
  unlink(group_of(slot.owner), index);
  slot.state = then;
  ++slot.generation;
  --lent_;
  if (then == SlotState::lost) ++lost_;
}

inline void Slots::link(Index& head, Index index) {
  Slot& slot = slots_[index];
  slot.prev = kNone;
  slot.next = head;
  if (head != kNone) slots_[head].prev = index;
  head = index;
}

inline void Slots::unlink(Index& head, Index index) {
  const Slot& slot = slots_[index];
  (slot.prev == kNone ? head : slots_[slot.prev].next) = slot.next;
  if (slot.next != kNone) slots_[slot.next].prev = slot.prev;
}

}  // namespace ganger::host
