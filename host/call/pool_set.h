// The pools of a run: what connects a pool of resources to the plugin that opens them.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/plugin/types.h"
#include "host/pools/pool.h"
#include "host/stop/clock.h"
#include "host/stop/stop_source.h"

namespace ganger::host {

/// A pool with its kind and the parameters the job gives it.
struct PoolOfKind {
  const PoolKind* kind = nullptr;
  std::vector<Values> values;  ///< of kind->params
  std::unique_ptr<Pool> pool;
  std::size_t index = 0;  ///< in the set
};

/// All pools of a run. Thread: add() before the run; everything else from any thread.
class PoolSet {
 public:
  /// Lifetime: clock outlives the set
  explicit PoolSet(Clock& clock);
  ~PoolSet();
  PoolSet(const PoolSet&) = delete;
  PoolSet& operator=(const PoolSet&) = delete;

  /// Lifetime: kind outlives the set; where its functions are not known yet, PlaceKeeper::take() has them filled in
  Result<void> add(const PoolKind& kind, PoolSettings settings, std::vector<Values> values);

  /// The pool of that name that offers the interface; with no name ("") the only one that does.
  Result<const PoolOfKind*> find(const char* interface, const char* name) const;

  /// The id a plugin sees: lease ids are of one pool, these of the set.
  std::uint64_t public_id(const PoolOfKind& pool, std::uint64_t lease) const;
  /// False when it is not out to that owner.
  bool release(OwnerId owner, std::uint64_t public_id, LeaseState state);
  /// Keeps places in all these pools for the owner, or in none, as Pool::keep() does; a stop ends the wait. By always
  /// taking them in the order of the set no two owners each have what the other one waits for.
  /// Shape: `wanted` in the order of the set
  Acquired keep(OwnerId owner, const std::vector<PoolPlaces>& wanted, StopSource& stop, TimePoint deadline,
                bool elsewhere);
  std::uint32_t take_back(OwnerId owner);
  /// Waits of that owner end, and it gets nothing any more.
  void cancel(OwnerId owner);
  std::uint32_t abandon(OwnerId owner);
  void close();
  /// How many times close() of a kind has been called, and the pool that close() is at, or was. Thread: any
  std::uint64_t closes() const { return closes_; }
  const PoolOfKind* closing() const { return closing_; }
  const std::vector<std::unique_ptr<PoolOfKind>>& all() const { return pools_; }

 private:
  class Observer;
  Clock& clock_;
  std::unique_ptr<Observer> observer_;
  std::atomic<std::uint64_t> closes_{0};
  std::atomic<const PoolOfKind*> closing_{nullptr};
  std::vector<std::unique_ptr<PoolOfKind>> pools_;
};

}  // namespace ganger::host
