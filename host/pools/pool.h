// A pool of resources that tasks borrow: take an idle one, else open one, else wait for a place.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/pools/breaker.h"
#include "host/pools/lease.h"
#include "host/pools/provider.h"
#include "host/pools/slots.h"
#include "host/stop/clock.h"

namespace ganger::host {

struct PoolSettings {
  std::string name = {};
  std::uint32_t size = 1;                               ///< most that idle; 0 is an error
  std::uint32_t limit = 0;                              ///< most open at once; 0 = no limit, acquire() never waits
  Duration wait = std::chrono::seconds(30);             ///< longest wait at the limit
  std::optional<Duration> idle_timeout = std::nullopt;  ///< idle for that long: closed
  std::optional<Duration> max_lifetime = std::nullopt;  ///< open for that long: closed when it is not lent
  bool has_breaker = true;                              ///< false where somebody else counts the failures
};

/// Who waits is served in the order of arrival: what comes free goes straight to the first one waiting, so that a
/// newcomer finds nothing to overtake with. Where opening has failed again and again, a Breaker has acquires that
/// would have to open fail at once; what idles is lent all the same. Thread: every member from any thread. No lock is
/// held while the provider or the observer is called. Lifetime: clock and observer outlive the pool; no member runs
/// when it is destroyed. What is then still lent is not closed: only an owner that was given up can hold it, and may
/// use it.
class Pool {
 public:
  class PlaceWish;

  /// Errors: a size of 0, more than 16 million places, a negative duration. Opens nothing.
  static Result<std::unique_ptr<Pool>> make(PoolSettings settings, std::unique_ptr<Provider> provider, Clock& clock,
                                            PoolObserver* observer = nullptr);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Borrows one: an idle one that passes its check, else a new one. `borrower` goes to Provider::open(). One that
  /// fails its check is replaced by a new one, once.
  Acquired acquire(OwnerId owner, const WaitBounds& bounds = {}, void* borrower = nullptr);
  /// Borrows one that idles, where nothing has to be asked or done before: that is so most often, and costs little.
  /// Else empty and no change: acquire() has the word.
  Lease acquire_idle(OwnerId owner);
  /// Borrows a place without a resource, for one that its owner has elsewhere or opens there; at the limit an idle
  /// resource makes room for it. Never blocks: it stands in the same line as acquire(), and `wake` is called when
  /// there is news, from any thread and with the pool's lock held, so it does little and asks the pool nothing.
  std::unique_ptr<PlaceWish> wish_for_place(OwnerId owner, const WaitBounds& bounds, std::function<void()> wake,
                                            bool has_resource = false);
  /// What became of such a place, once: until then nothing is in it that could leak. `why` is the whole reason of a
  /// failure. No change where it is none of the owner's.
  void fill_place(OwnerId owner, std::uint64_t place, Filling filling, std::string why = {});
  /// Keeps so many places for the owner, all at once or none, until take_back(): it acquires them without waiting,
  /// and what it releases of them is kept for it again. `elsewhere`: rather places without an idle resource. Waits as
  /// acquire() does; `lease` of the result stays empty. Once an owner. What idled in a kept place for too long is
  /// replaced when its owner acquires it.
  Acquired keep(OwnerId owner, std::uint32_t places, const WaitBounds& bounds = {}, bool elsewhere = false);
  /// Gives one back, or a place. False and no change when `lease` is not out (given back twice, made up) or not out
  /// to `owner` (nothing = whoever has it).
  bool release(std::optional<OwnerId> owner, std::uint64_t lease, LeaseState state = LeaseState::clean);

  /// The owner's acquires that wait end as cancelled, and so do those to come, until take_back().
  void cancel(OwnerId owner);
  /// The owner ended: what it still has out comes back as suspect, and it is forgotten. How many those were; places
  /// with nothing of its own in them are none.
  std::uint32_t take_back(OwnerId owner);
  /// The owner's thread was given up and may still use what it has: that is lost, with its place in the pool, until
  /// the process ends. Places kept for it are free. Its acquires end as cancelled for ever. How many were lost. The
  /// provider is not called, so that this never takes long.
  std::uint32_t abandon(OwnerId owner);

  /// Closes the idle ones and wakes those who wait; acquires fail from now on, what is lent is closed when it comes
  /// back. A second call does nothing.
  void close();
  /// Closes what idled or lived too long; every acquire() and release() does so too.
  void close_expired();

  PoolStatistics statistics() const;
  const PoolSettings& settings() const { return settings_; }
  const std::string& name() const { return settings_.name; }

 private:
  using Index = Slots::Index;
  using Lock = std::unique_lock<std::mutex>;
  struct Waiter;

  Pool(PoolSettings settings, std::unique_ptr<Provider> provider, Clock& clock, PoolObserver* observer);

  // All of these hold the lock on entry and on return; those that take it as an argument let go of it in between.
  AcquireEnd take_place(Lock& lock, OwnerId owner, const WaitBounds& bounds, Index& place, Duration& waited);
  AcquireEnd wait(Lock& lock, Waiter& waiter, const WaitBounds& bounds, Duration& waited);
  AcquireEnd fill(Lock& lock, OwnerId owner, Index place, void* borrower, Acquired& result);
  bool open(Lock& lock, Index place, void* borrower, Acquired& result);
  bool may_open(OwnerId owner, Index place, std::optional<Error>& error);
  void has_not_opened(Index place, std::string why, bool was_cut_short);
  void check_idle(Lock& lock, Index place);
  bool give_back(Lock& lock, Index place, LeaseState state);
  void let_go(Lock& lock, Index place);
  bool settle(Lock& lock, Index place);
  void vacate(Index place);
  void close_resource(Lock& lock, Index place, CloseReason reason, std::string_view line = {});
  void empty(Lock& lock, Index place, CloseReason reason);
  void close_expired(Lock& lock);
  void serve_first(Index place);
  void serve_waiters();
  // Places kept for an owner.
  Index take_kept(OwnerId owner, bool with_resource);
  void hold(Index place, OwnerId owner);
  bool stays_kept(Index place);
  void stop_keeping(Lock& lock, OwnerId owner);
  void drop_kept(OwnerId owner);
  void enqueue(Waiter& waiter);
  void dequeue(Waiter& waiter);
  void wake(Waiter& waiter, AcquireEnd end, Index place);
  void refuse_from_now_on(OwnerId owner);
  bool is_cancelled(OwnerId owner) const;
  AcquireEnd standing(OwnerId owner) const;
  void count_closed(CloseReason reason);

  bool has_lived_too_long(const Slot& slot, TimePoint now) const;
  CloseReason expired_by(const Slot& slot, TimePoint now) const;
  TimePoint expiry(const Slot& slot, TimePoint now) const;
  void count_end(AcquireEnd end);
  Error refusal(AcquireEnd end, Duration waited, std::uint32_t wanted = 1, std::uint32_t missing = 1) const;
  void log(std::string_view line) const;  // without the lock

  const PoolSettings settings_;
  const std::unique_ptr<Provider> provider_;
  Clock& clock_;
  PoolObserver* const observer_;  ///< may be null
  const std::uint32_t limit_;     ///< settings_.limit, or the most there can be
  const bool is_timed_, has_check_, has_reset_;

  mutable std::mutex mutex_;
  Slots slots_;                     // guarded by mutex_
  Waiter* first_waiter_ = nullptr;  // guarded by mutex_
  Waiter* last_waiter_ = nullptr;   // guarded by mutex_
  std::vector<OwnerId> cancelled_;  // guarded by mutex_
  std::vector<OwnerId> keepers_;    // guarded by mutex_; for whom places are kept
  Breaker breaker_;                 // guarded by mutex_
  PoolStatistics statistics_;       // guarded by mutex_; the ..._now are of slots_
  bool is_closed_ = false;          // guarded by mutex_
};

/// A place that was asked for, in line until it is settled. Destroying it leaves the line.
/// Lifetime: the pool outlives it. Thread: one
class Pool::PlaceWish {
 public:
  ~PlaceWish();
  PlaceWish(const PlaceWish&) = delete;
  PlaceWish& operator=(const PlaceWish&) = delete;

  /// How it ended: a lease without a handle, to be given back by Pool::release(), or why there is none. Nothing while
  /// it waits. To be asked after `wake` and at `until()`; no more once it has answered.
  std::optional<Acquired> settled();
  /// When the wait ends.
  TimePoint until() const { return until_; }

 private:
  friend class Pool;
  PlaceWish(Pool& pool, OwnerId owner, std::function<void()> wake, bool has_resource);
  AcquireEnd take(Lock& lock, std::optional<Error>& error);

  Pool& pool_;
  const std::unique_ptr<Waiter> waiter_;
  const bool has_resource_;  ///< what comes into the place is open already
  TimePoint begin_{}, until_ = kNever;
  bool has_waited_ = false, is_over_ = false;
};

}  // namespace ganger::host
