// What a pool and its borrowers say to each other, and what a pool tells those who watch it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// Who borrows: one attempt of one task. Never used again for another.
using OwnerId = std::uint64_t;

/// A borrowed resource. The id is of one lending only: once back, it is never out again.
struct Lease {
  std::uint64_t id = 0;  ///< 0 = empty
  void* handle = nullptr;
};

/// In which state a lease comes back; the values are those of GANGER_LEASE_... .
enum class LeaseState : std::uint8_t {
  clean,    ///< reset, keep
  suspect,  ///< reset, check, keep
  broken    ///< close
};

enum class AcquireEnd : std::uint8_t {
  ok,
  timed_out,  ///< none came free in time
  cancelled,  ///< the owner was told to end
  closed,     ///< the pool is closed
  failed      ///< a new one could not be opened
};

struct Acquired {
  AcquireEnd end = AcquireEnd::ok;
  Lease lease;                 ///< empty unless ok
  Duration waited{0};          ///< for a place in the pool; opening does not count
  std::optional<Error> error;  ///< unless ok
  bool was_cut_short = false;  ///< it failed because its borrower had to end, which says nothing about the pool
};

/// How long acquire() may wait at the limit: until the earlier of the two.
struct WaitBounds {
  std::optional<Duration> longest = std::nullopt;  ///< 0 = try once; nothing = as the pool's settings say
  TimePoint deadline = kNever;
};

/// Why a resource was closed.
enum class CloseReason : std::uint8_t {
  pool_full,    ///< came back while enough idled
  pool_closed,  ///< idle at close(), or came back after it
  broken,       ///< its borrower said so
  reset_failed,
  check_failed,
  idle_timeout,
  max_lifetime,
  made_room  ///< its place was wanted for a resource elsewhere
};
inline constexpr std::size_t kCloseReasons = 8;

/// What became of a place whose resource is elsewhere, as its borrower tells.
enum class Filling : std::uint8_t {
  opened,
  reused,
  failed,
  cut_short  ///< the borrower had to end before it was open
};

struct PoolStatistics {
  std::uint64_t opened = 0, open_failed = 0;  ///< the provider's answers
  std::uint64_t reused = 0;                   ///< lent without opening
  std::uint64_t refused = 0;                  ///< acquires that ended at once, as opening had failed again and again
  std::uint64_t waited = 0;                   ///< acquires that had to wait, however they ended
  Duration total_wait{0}, longest_wait{0};
  std::uint64_t timed_out = 0, cancelled = 0;         ///< acquires that ended so
  std::uint64_t leaked = 0;                           ///< still out when their owner ended
  std::uint64_t misused = 0;                          ///< released though not out, or not out to that owner
  std::array<std::uint64_t, kCloseReasons> closed{};  ///< by CloseReason
  std::uint32_t open_now = 0;  ///< all that count against the limit: idle, lent, being opened or closed, lost
  std::uint32_t idle_now = 0, lent_now = 0, lost_now = 0, waiting_now = 0;
  std::uint32_t most_open = 0;  ///< the highest open_now so far

  std::uint64_t closed_for(CloseReason reason) const { return closed[static_cast<std::size_t>(reason)]; }
};

class Pool;

// Lines for the log, in the words of the four operations; those of an event are written by whoever hears of it.
inline constexpr std::string_view kSharedLine = "Acquire: Shared Resource", kNewLine = "Acquire: New resource",
                                  kClosedLine = "Acquire: pool closed", kQueuedLine = "Release: In Queue",
                                  kClosingLine = "Release: Closing";

/// Hears what happens to a pool.
/// Thread: that of the caller of the pool, several at once; the pool's lock is not held.
class PoolObserver {
 public:
  virtual ~PoolObserver() = default;
  /// A line for the log, level debug.
  virtual void log(const Pool& pool, std::string_view line) noexcept = 0;
  /// `is_reused`: nothing was opened for it, which is a kSharedLine.
  virtual void acquired(const Pool& pool, OwnerId owner, std::uint64_t lease, Duration waited,
                        bool is_reused) noexcept = 0;
  /// `is_kept`: it was not closed, which is a kQueuedLine.
  virtual void released(const Pool& pool, OwnerId owner, std::uint64_t lease, bool is_kept) noexcept = 0;
  /// The owner ended with this lease still out.
  virtual void leaked(const Pool& pool, OwnerId owner, std::uint64_t lease) noexcept = 0;
  /// The id was released though it was not out.
  virtual void misused(const Pool& pool, std::uint64_t lease) noexcept = 0;
};

}  // namespace ganger::host
