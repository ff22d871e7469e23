// How long to wait before the next attempt.
#pragma once
#include <algorithm>
#include <cstdint>
#include <random>

#include "host/stop/clock.h"

namespace ganger::host {

/// Full jitter: anything from nothing to `first` doubled with each failed attempt, at most doubled ten times. Spreads
/// tasks that failed together.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
template <class Random>
Duration jittered_backoff(Duration first, std::uint32_t failed_attempts, Random& random) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failed_attempts - 1, 10);
  const std::int64_t longest = first.count() > (INT64_MAX >> doublings) ? INT64_MAX : first.count() << doublings;
  return Duration(std::uniform_int_distribution<std::int64_t>(0, longest)(random));
}

}  // namespace ganger::host
