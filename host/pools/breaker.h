// Keeps a pool from trying again and again what does not work.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "host/pools/lease.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// After some opens in a row that have failed, none is tried for a while; then a single one is, while all others
/// still fail at once. Its success ends that, its failure doubles the pause; so does giving up whoever makes it.
/// Thread: none; the pool's lock guards it.
class Breaker {
 public:
  static constexpr std::uint32_t kMostFailures = 3;  ///< in a row
  static constexpr Duration kFirstPause = std::chrono::seconds(1), kLongestPause = std::chrono::seconds(60);

  /// One open: 0, or the one of its time that decides.
  using Trial = std::uint32_t;

  /// Is it an open like any other? Else lets_try() has the word.
  bool is_closed() const { return failures_ < kMostFailures; }
  /// May one be tried now? If so one of succeeded(), failed() and came_to_nothing() follows, with `trial`; or none,
  /// as an open can hang, and then given_up() with its owner.
  bool lets_try(TimePoint now, OwnerId owner, Trial& trial) {
    trial = 0;
    if (is_closed()) return true;
    if (trial_ != 0 || now < next_try_) return false;
    trial = trial_ = ++last_trial_;
    trier_ = owner;
    return true;
  }

  void succeeded() {
    failures_ = 0;
    trial_ = 0;
  }
  void failed(Trial trial, TimePoint now, std::string why) {
    const bool was_closed = is_closed();
    ++failures_;
    why_ = std::move(why);
    if (was_closed) {
      if (!is_closed()) pause(now, kFirstPause);
    } else if (trial != 0 && trial == trial_) {  // those that had begun before do not make the pause longer
      pause(now, std::min(pause_ * 2, kLongestPause));
    }
  }
  /// Its borrower had to end: nobody knows whether it would have worked.
  void came_to_nothing(Trial trial) {
    if (trial == trial_) trial_ = 0;
  }

  /// Nobody waits for this owner's opens any more. If one of them comes back all the same, its word counts as that of
  /// any other.
  void given_up(OwnerId owner, TimePoint now, std::string why) {
    if (trial_ != 0 && trier_ == owner) failed(trial_, now, std::move(why));
  }

  std::uint32_t failures() const { return failures_; }
  const std::string& why() const { return why_; }  ///< of the last failure
  bool is_trying() const { return trial_ != 0; }
  TimePoint next_try() const { return next_try_; }

 private:
  void pause(TimePoint now, Duration how_long) {
    pause_ = how_long;
    next_try_ = after(now, how_long);
    trial_ = 0;
  }

  std::uint32_t failures_ = 0;  ///< in a row
  Trial trial_ = 0, last_trial_ = 0;
  OwnerId trier_ = 0;  ///< whose trial_ it is
  Duration pause_{0};
  TimePoint next_try_{};
  std::string why_;
};

}  // namespace ganger::host
