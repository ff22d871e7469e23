// How a place of a pool gets its resource, here or elsewhere, and when that is not tried at all.
#include <fmt/format.h>

#include <utility>

#include "host/pools/pool.h"
#include "host/units.h"

namespace ganger::host {

/// Opens a resource where the place is empty. Gives the place up when that fails, or when the owner may no longer
/// have it, as it can be closed or cancelled whenever the lock is not held.
AcquireEnd Pool::fill(Lock& lock, OwnerId owner, Index place, void* borrower, Acquired& result) {
  AcquireEnd end = standing(owner);
  if (end == AcquireEnd::ok && slots_[place].handle == nullptr) {
    const bool has_opened = may_open(owner, place, result.error) && open(lock, place, borrower, result);
    end = has_opened ? standing(owner) : AcquireEnd::failed;
  }
  if (end != AcquireEnd::ok) let_go(lock, place);
  return end;
}

/// Asks the breaker; `error` is what it says when it has something against it.
bool Pool::may_open(OwnerId owner, Index place, std::optional<Error>& error) {
  Breaker::Trial& trial = slots_[place].trial;
  trial = 0;
  if (!settings_.has_breaker || breaker_.is_closed()) return true;
  const TimePoint now = clock_.now();
  if (breaker_.lets_try(now, owner, trial)) return true;

  ++statistics_.refused;
  const std::string when =
      breaker_.is_trying() ? "it is being tried again now"
                           : fmt::format("it is tried again in {}", human_time((breaker_.next_try() - now).count()));
  error = Error{ErrorKind::pool_unavailable,
                fmt::format("{}; opening it failed {} times in a row; {}", breaker_.why(), breaker_.failures(), when),
                {}};
  return false;
}

bool Pool::open(Lock& lock, Index place, void* borrower, Acquired& result) {
  lock.unlock();
  log(kNewLine);
  Result<void*> opened = provider_->open(borrower);
  const bool has_opened = opened && *opened != nullptr;
  const bool was_cut_short = !has_opened && provider_->has_to_end(borrower);
  const TimePoint born = settings_.max_lifetime ? clock_.now() : TimePoint{};
  lock.lock();

  if (has_opened) {
    slots_[place].handle = *opened;
    slots_[place].born = born;
    ++statistics_.opened;
    breaker_.succeeded();
    return true;
  }
  const std::string_view why = opened ? "its provider opened nothing" : std::string_view(opened.error().message);
  result.was_cut_short = was_cut_short;
  result.error = Error{ErrorKind::pool_unavailable, fmt::format("pool '{}' cannot be opened: {}", name(), why), {}};
  has_not_opened(place, result.error->message, was_cut_short);
  return false;
}

void Pool::has_not_opened(Index place, std::string why, bool was_cut_short) {
  ++statistics_.open_failed;
  if (!settings_.has_breaker) return;
  if (was_cut_short) {
    breaker_.came_to_nothing(slots_[place].trial);
  } else {
    breaker_.failed(slots_[place].trial, clock_.now(), std::move(why));
  }
}

void Pool::fill_place(OwnerId owner, std::uint64_t place, Filling filling, std::string why) {
  const Lock lock(mutex_);
  const Index index = slots_.find(place);
  if (index == Slots::kNone || slots_[index].owner != owner || slots_[index].lent != Lent::opening) return;
  slots_[index].lent = Lent::resource;
  switch (filling) {
    case Filling::opened:
      ++statistics_.opened;
      return breaker_.succeeded();
    case Filling::reused:
      ++statistics_.reused;
      return breaker_.came_to_nothing(slots_[index].trial);
    case Filling::failed:
    case Filling::cut_short:
      return has_not_opened(index, std::move(why), filling == Filling::cut_short);
  }
}

}  // namespace ganger::host
