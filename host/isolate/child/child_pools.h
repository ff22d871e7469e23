// The pools of a run as a child has them: resources of its own in places that its host counts.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/call/context.h"
#include "host/call/pool_set.h"
#include "host/isolate/child/child_channel.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// A resource of a pool without a limit may idle here for later calls. Where there is a limit somebody else may be
/// waiting, so it is closed and the place goes back when it is released. Thread: any but for the constructor.
class ChildPools final : public PlaceKeeper {
 public:
  /// Opens a plugin, for the kinds in it; from any thread, one at a time.
  using OpenPlugin = std::function<Result<const Plugin*>(const std::string& file, const std::string& digest)>;

  /// Lifetime: clock and channel outlive it
  static Result<std::unique_ptr<ChildPools>> make(const std::vector<PoolMessage>& pools, Clock& clock,
                                                  ChildChannel& channel, OpenPlugin open_plugin);

  PoolSet& set() { return set_; }
  /// What comes is of that call from now on.
  void begin(std::uint32_t call);

  Acquired take(const PoolOfKind& pool, const WaitBounds& bounds) override;
  void filled(const PoolOfKind& pool, std::uint64_t place, std::uint64_t lease) override;
  void unused(const PoolOfKind& pool, std::uint64_t place, const Acquired& end) override;
  void misused(std::uint64_t public_id) override;
  /// The lease is over; a place of one that has leaked is taken back by the host at the end of the call.
  void ended(const std::string& pool, std::uint64_t lease, LeaseEvent how, std::uint32_t call);

 private:
  struct Entry {
    PoolMessage told;
    PoolKind kind;
    std::uint64_t opened = 0;  // guarded by mutex_
    bool is_known = false;     // guarded by mutex_; kind is complete
  };
  ChildPools(Clock& clock, ChildChannel& channel, OpenPlugin open_plugin);
  Result<void> complete(Entry& entry);

  ChildChannel& channel_;
  const OpenPlugin open_plugin_;
  std::vector<std::unique_ptr<Entry>> entries_;
  PoolSet set_;
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> places_;  // by pool and lease
  std::uint32_t call_ = 0;
};

}  // namespace ganger::host
