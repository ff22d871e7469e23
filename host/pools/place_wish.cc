#include <algorithm>
#include <utility>

#include "host/pools/pool.h"
#include "host/pools/waiter.h"

namespace ganger::host {

Pool::PlaceWish::PlaceWish(Pool& pool, OwnerId owner, std::function<void()> wake)
    : pool_(pool), waiter_(std::make_unique<Waiter>()) {
  waiter_->owner = owner;
  waiter_->wake = std::move(wake);
}

Pool::PlaceWish::~PlaceWish() {
  if (is_over_) return;
  Lock lock(pool_.mutex_);
  if (!waiter_->is_done) {
    pool_.dequeue(*waiter_);
  } else if (waiter_->place != Slots::kNone) {
    if (pool_.slots_[waiter_->place].handle != nullptr) {
      pool_.settle(lock, waiter_->place);
    } else {
      pool_.slots_.free(waiter_->place);
      pool_.serve_waiters();
    }
  }
}

std::unique_ptr<Pool::PlaceWish> Pool::wish_for_place(OwnerId owner, const WaitBounds& bounds,
                                                      std::function<void()> wake) {
  std::unique_ptr<PlaceWish> wish(new PlaceWish(*this, owner, std::move(wake)));
  Waiter& waiter = *wish->waiter_;
  Lock lock(mutex_);
  close_expired(lock);
  waiter.is_done = true;
  waiter.end = standing(owner);
  if (waiter.end != AcquireEnd::ok) return wish;

  if (slots_.open() < limit_) {
    waiter.place = slots_.reserve();
  } else if (waiter.place = slots_.take_idle(); waiter.place == Slots::kNone) {
    const Duration longest = bounds.longest.value_or(settings_.wait);
    waiter.end = AcquireEnd::timed_out;
    if (longest <= Duration::zero()) return wish;
    waiter.is_done = false;
    wish->has_waited_ = true;
    wish->begin_ = clock_.now();
    wish->until_ = std::min(after(wish->begin_, longest), bounds.deadline);
    enqueue(waiter);
  }
  return wish;
}

std::optional<Acquired> Pool::PlaceWish::settled() {
  Acquired result;
  {
    Lock lock(pool_.mutex_);
    const TimePoint now = has_waited_ ? pool_.clock_.now() : TimePoint{};
    if (!waiter_->is_done) {
      if (now < until_) return std::nullopt;
      pool_.dequeue(*waiter_);
    }
    is_over_ = true;
    PoolStatistics& statistics = pool_.statistics_;
    if (has_waited_) {
      result.waited = now - begin_;
      ++statistics.waited;
      statistics.total_wait += result.waited;
      statistics.longest_wait = std::max(statistics.longest_wait, result.waited);
    }
    result.end = waiter_->end;
    if (const Index place = waiter_->place; result.end == AcquireEnd::ok) {
      if (void* const handle = std::exchange(pool_.slots_[place].handle, nullptr); handle != nullptr) {
        lock.unlock();
        pool_.provider_->close(handle);
        lock.lock();
        pool_.count_closed(CloseReason::made_room);
      }
      result.end = pool_.standing(waiter_->owner);
      if (result.end == AcquireEnd::ok) {
        result.lease.id = pool_.slots_.lend(place, waiter_->owner);
      } else {
        pool_.slots_.free(place);
        pool_.serve_waiters();
      }
    }
    if (result.end == AcquireEnd::timed_out) ++statistics.timed_out;
    if (result.end == AcquireEnd::cancelled) ++statistics.cancelled;
  }

  if (result.end != AcquireEnd::ok) {
    result.error = pool_.refusal(result.end, result.waited);
    if (result.end == AcquireEnd::closed) pool_.log("Acquire: pool closed");
  } else if (pool_.observer_ != nullptr) {
    pool_.observer_->acquired(pool_, waiter_->owner, result.lease.id, result.waited);
  }
  return result;
}

void Pool::count_filling(Filling filling) {
  const Lock lock(mutex_);
  switch (filling) {
    case Filling::opened:
      ++statistics_.opened;
      return;
    case Filling::reused:
      ++statistics_.reused;
      return;
    case Filling::failed:
      ++statistics_.open_failed;
      return;
  }
}

}  // namespace ganger::host
