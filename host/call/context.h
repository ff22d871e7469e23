// One call into a plugin, seen from inside: what ganger_ctx stands for.
#pragma once
#include <ganger/plugin.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/call/call_handle.h"
#include "host/plugin/types.h"
#include "host/pools/lease.h"
#include "host/stop/clock.h"
#include "host/stop/stop_source.h"

namespace ganger::host {

class PoolSet;
struct PoolOfKind;

enum class LeaseEvent : std::uint8_t { acquired, released, leaked };

/// What a task has set, by name.
using Outputs = std::map<std::string, Value, std::less<>>;

/// The run around a call. Thread: every member from any thread that works for the call.
class CallScope {
 public:
  virtual ~CallScope() = default;
  virtual void log(int level, std::string_view line) = 0;
  virtual void progress(std::uint64_t done, std::uint64_t total, std::string_view what) = 0;
  /// False when there is no such output, or this task does not come after that one.
  virtual bool input(std::string_view task, std::string_view name, Value& out) = 0;
  /// The task is about to set that output; one that is a secret is masked once this has returned.
  virtual void output_set(std::string_view name, const Value& value) = 0;
  /// Made at the first call; empty when it could not be, which has been logged.
  virtual std::string work_dir() = 0;
  virtual void lease_event(LeaseEvent event, const std::string& pool, std::uint64_t lease, Duration waited) = 0;
};

/// Parallel work that idle workers may join. Thread: both from any thread.
class HelpSeeker {
 public:
  virtual ~HelpSeeker() = default;
  /// Is another thread welcome? If so it is counted, and help() or cancel_help() follows.
  virtual bool wants_help() = 0;
  virtual void cancel_help() = 0;
  /// Works along; the seeker may be gone when it returns.
  virtual void help() noexcept = 0;
};

/// Has idle workers join parallel work. Nothing of the work waits here: its caller does it if nobody comes.
/// Thread: any.
class WorkerLender {
 public:
  virtual ~WorkerLender() = default;
  /// Workers that are idle join now, others when they become idle.
  virtual void seek_help(HelpSeeker& seeker) = 0;
  /// No worker joins any more; those that have are still at it.
  virtual void end_seeking(HelpSeeker& seeker) = 0;
};

/// Counts the places of pools where this process does not: in a child, where its host does. A lease has one each.
/// Thread: any.
class PlaceKeeper {
 public:
  virtual ~PlaceKeeper() = default;
  /// Waits for a place as Pool::acquire() does, and makes the kind's functions ready to be called.
  virtual Acquired take(const PoolOfKind& pool, const WaitBounds& bounds) = 0;
  /// In that place there now is this lease; it is the place's end that is heard of next, in lease_event().
  virtual void filled(const PoolOfKind& pool, std::uint64_t place, std::uint64_t lease) = 0;
  /// Nothing is in it: how that ended.
  virtual void unused(const PoolOfKind& pool, std::uint64_t place, const Acquired& end) = 0;
  /// A lease, by its id in the set, was given back that was not out.
  virtual void misused(std::uint64_t public_id) = 0;
};

/// What a call is made with. All of it outlives the call.
struct CallParts {
  CallScope* scope = nullptr;
  const std::vector<Param>* params = nullptr;          ///< of the task type or pool kind
  const std::vector<const Values*>* values = nullptr;  ///< one for each of them
  StopSource* stop = nullptr;
  TimePoint deadline = kNever;
  PoolSet* pools = nullptr;        ///< null where nothing may be borrowed
  PlaceKeeper* places = nullptr;   ///< null where the pools count their places themselves
  WorkerLender* lender = nullptr;  ///< null where there are no workers
  OwnerId owner = 0;               ///< for whom places are kept; 0 = for nobody
  CallLabel label = kNoLabel;      ///< by which on_late_call() tells of it
};

inline constexpr std::size_t kMostOutputBytes = 64 * 1024;  ///< names and values together

/// What ganger_host::output() would have taken; for what comes from elsewhere.
bool are_outputs(const Outputs& outputs);

/// A new one, for a borrower that is no PluginCall.
OwnerId make_owner_id();

/// As ganger_host::acquire() says it. Shape: has the borrower to end?
ganger_status status_of(AcquireEnd end, bool is_stopping);

/// A call into a plugin, which holds it by a CallHandle. One a thread, used for one call after another; a call that
/// uses no service costs a few stores.
class PluginCall {
 public:
  PluginCall() : slot_(take_slot(*this)) {}
  ~PluginCall() { give_slot_back(slot_); }
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  void begin(const CallParts& parts);
  /// Takes back what is still borrowed, ends callbacks and descriptor. Returns how many leases were leaked.
  std::uint32_t end();

  const CallParts& parts() const { return parts_; }
  CallSlot& slot() const { return slot_; }
  /// Waits of other threads for a place in a pool end.
  void cancel_waits();
  /// Has the call left anything for take_why() or take_outputs()?
  bool is_touched() const { return is_touched_.load(std::memory_order_relaxed); }
  /// That of the attempt, else GANGER_STOP_UPSTREAM where this thread's part of parallel() has lost its point.
  std::int32_t stop_reason() const;
  /// Kept but for a part of parallel() that ends because another one has failed: the first one has the word.
  ganger_status fail(ganger_status status, std::string_view why);
  /// The text of the last fail(); moved out.
  std::string take_why();
  ganger_status param(std::string_view name, std::uint64_t i, ganger_value& out) const;
  ganger_status input(std::string_view task, std::string_view name, ganger_value& out);
  ganger_status output(std::string_view name, const ganger_value& value);
  Outputs take_outputs();
  ganger_str work_dir();
  /// With "" for the only pool that offers the interface.
  ganger_status acquire(const char* interface, const char* pool, std::int64_t wait_ns, ganger_lease& out);
  void release(ganger_lease& lease, std::uint32_t state);
  ganger_status parallel(std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                         std::uint32_t max_threads);
  /// 0 when nothing has been borrowed.
  OwnerId owner() const { return owner_.load(std::memory_order_acquire); }

 private:
  OwnerId make_owner();
  ganger_status acquire_from(const PoolOfKind& pool, OwnerId id, std::int64_t wait_ns, ganger_lease& out);
  ganger_lease leased(const PoolOfKind& pool, const Lease& lease) const;
  Acquired borrow(const PoolOfKind& pool, OwnerId id, const WaitBounds& bounds);

  CallSlot& slot_;
  CallParts parts_;
  std::atomic<OwnerId> owner_{0};
  std::atomic<bool> is_touched_{false};  // something below needs clearing
  std::mutex mutex_;
  // guarded by mutex_
  std::string why_;
  Outputs outputs_;
  std::size_t output_bytes_ = 0;
  std::vector<std::unique_ptr<Value>> inputs_;  // lent to the plugin until the call ends
  std::string work_dir_;
};

}  // namespace ganger::host
