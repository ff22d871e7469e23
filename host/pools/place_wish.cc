#include <algorithm>
#include <utility>

#include "host/pools/pool.h"
#include "host/pools/waiter.h"

namespace ganger::host {

Pool::PlaceWish::PlaceWish(Pool& pool, OwnerId owner, std::function<void()> wake, bool has_resource)
    : pool_(pool), waiter_(std::make_unique<Waiter>()), has_resource_(has_resource) {
  waiter_->owner = owner;
  waiter_->wake = std::move(wake);
}

Pool::PlaceWish::~PlaceWish() {
  if (is_over_) return;
  Lock lock(pool_.mutex_);
  if (!waiter_->is_done) {
    pool_.dequeue(*waiter_);
  } else if (waiter_->place != Slots::kNone) {
    pool_.let_go(lock, waiter_->place);
  }
}

std::unique_ptr<Pool::PlaceWish> Pool::wish_for_place(OwnerId owner, const WaitBounds& bounds,
                                                      std::function<void()> wake, bool has_resource) {
  std::unique_ptr<PlaceWish> wish(new PlaceWish(*this, owner, std::move(wake), has_resource));
  Waiter& waiter = *wish->waiter_;
  Lock lock(mutex_);
  close_expired(lock);
  waiter.is_done = true;
  waiter.end = standing(owner);
  if (waiter.end != AcquireEnd::ok) return wish;

  waiter.place = take_kept(owner, false);
  if (waiter.place != Slots::kNone) return wish;
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
    if (result.end == AcquireEnd::ok) result.end = take(lock, result.error);
    if (result.end == AcquireEnd::ok)
      result.lease.id = pool_.slots_.lend(waiter_->place, waiter_->owner, Lent::opening);
    pool_.count_end(result.end);
  }

  if (result.end != AcquireEnd::ok) {
    if (!result.error) result.error = pool_.refusal(result.end, result.waited);
    if (result.end == AcquireEnd::closed) pool_.log(kClosedLine);
  } else if (pool_.observer_ != nullptr) {
    pool_.observer_->acquired(pool_, waiter_->owner, result.lease.id, result.waited, false);
  }
  return result;
}

/// The place that was given, made ready; let go of when it cannot be had after all.
AcquireEnd Pool::PlaceWish::take(Lock& lock, std::optional<Error>& error) {
  const Index place = waiter_->place;
  AcquireEnd end = pool_.standing(waiter_->owner);
  pool_.slots_[place].trial = 0;
  if (end == AcquireEnd::ok && !has_resource_ && !pool_.may_open(waiter_->owner, place, error))
    end = AcquireEnd::failed;
  if (end == AcquireEnd::ok && pool_.slots_[place].handle != nullptr) {
    pool_.empty(lock, place, CloseReason::made_room);
    end = pool_.standing(waiter_->owner);
    if (end != AcquireEnd::ok) pool_.breaker_.came_to_nothing(pool_.slots_[place].trial);
  }
  if (end != AcquireEnd::ok) pool_.let_go(lock, place);
  return end;
}

}  // namespace ganger::host
