// Who stands in the line of a pool; for the sources of Pool only.
#pragma once
#include <condition_variable>
#include <functional>

#include "host/pools/pool.h"

namespace ganger::host {

/// One acquire() or keep() that waits, on the stack of its thread, or one PlaceWish; in line until it is done.
struct Pool::Waiter {
  OwnerId owner;
  std::function<void()> wake{};  ///< of a PlaceWish
  std::uint32_t to_keep = 0;     ///< of a keep(): so many places more
  std::condition_variable changed{};
  Waiter* next = nullptr;
  Waiter* prev = nullptr;
  bool is_done = false;
  AcquireEnd end = AcquireEnd::timed_out;
  Index place = Slots::kNone;  ///< with a resource, or empty: the waiter opens one
};

}  // namespace ganger::host
