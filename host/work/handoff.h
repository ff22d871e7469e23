// The rendezvous at the heart of the work pool: who has work meets who is free, and neither leaves before the other.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "host/stop/clock.h"
#include "host/work/parking.h"

namespace ganger::host {

/// A piece of work on its way to a worker: a function and its argument. `argument` lives until the function returns.
struct Work {
  void (*run)(void* argument) noexcept;
  void* argument;
};

/// An unbuffered channel of work: givers on one side, workers on the other, and nothing between them. A piece of work
/// belongs either to the giver who is still in give(), or to the worker who has it; each one is accepted once or
/// never.
///
/// Blocked givers are served in the order in which they came. One idle worker at a time spins at the hatch, where
/// givers find it without a lock; the others sleep, and the one that came last is woken first. An idle Handoff uses
/// no processor time.
///
/// Thread: all members from any thread. Lifetime: outlives every call, so the owner closes it and joins the workers.
class Handoff {
 public:
  enum class Given : std::uint8_t { accepted, cancelled, timed_out, closed };

  /// A worker's side of the table. It belongs to one worker at a time, and stays where it is between arrive() and the
  /// end of await().
  class WorkerSlot;

  Handoff() = default;
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  /// Waits until a worker has the work, but no longer than `until` or than `stop` allows. The work is run exactly
  /// when the answer is `accepted`. An idle worker gets it even when `until` has passed already.
  Given give(Work work, TimePoint until = kNever, const std::stop_token& stop = {});
  /// Never waits: true when an idle worker has the work now.
  bool try_give(Work work);

  /// The worker is idle from here on and can be given work, which await() then fetches. In two halves so that a
  /// worker can be idle first and say so after: who hears of it finds the worker free.
  void arrive(WorkerSlot& slot);
  /// Waits for work; nothing after close(). Once after each arrive().
  std::optional<Work> await(WorkerSlot& slot);
  /// Both halves.
  std::optional<Work> accept(WorkerSlot& slot);

  /// Sends blocked givers and idle workers away; work that has been accepted is still done. Waits for nobody, and may
  /// be called again.
  void close();

  /// How many workers wait for work: a hint, old by the time it is read.
  std::size_t idle() const {
    return sleepers_.load(std::memory_order_relaxed) + (hatch_.has_worker() ? std::size_t{1} : 0);
  }
  /// How many givers are blocked: a hint too.
  std::size_t waiting() const { return gate_.load(std::memory_order_relaxed) & ~kClosed; }

 private:
  struct Giver;

  /// Where one idle worker stands and work is put into its hands. All in one cache line, which in a steady stream
  /// goes from giver to worker and back once for each piece of work: that is most of what a hand-off costs.
  ///
  /// `state_` counts the stands: empty(n) or filled(n) -> open(n + 1) -> filling(n + 1) -> filled(n + 1). Why a
  /// worker that has collected says so elsewhere, and leaves the state as it is: one write less that takes the line
  /// away from a giver who watches it.
  class Hatch {
   public:
    bool has_worker() const { return tag(state_.load(std::memory_order_relaxed)) == kOpen; }
    bool try_stand();         // worker: false where another one stands
    bool try_leave();         // worker: false where it has been given work, or just is
    bool try_put(Work work);  // giver: false where no worker stands
    bool is_filled() const { return tag(state_.load(std::memory_order_acquire)) == kFilled; }
    Work collect();  // worker: once is_filled()

   private:
    enum : std::uint32_t { kEmpty, kOpen, kFilling, kFilled, kTags };
    static constexpr std::uint32_t tag(std::uint32_t state) { return state % kTags; }

    alignas(64) std::atomic<std::uint32_t> state_{kEmpty};
    Work work_{};
    alignas(64) std::atomic<std::uint32_t> collected_{kEmpty};  // the last filled state whose work was collected
  };

  Given give_in_turn(Work work, TimePoint until, const std::stop_token& stop);
  Given wait_for_turn(Giver& giver, TimePoint until, const std::stop_token& stop);
  void withdraw(Giver& giver, Given reason);
  void enqueue(Giver& giver);
  void dequeue(Giver& giver);
  bool collect_from_hatch(Work& work);
  void arrive_in_turn(WorkerSlot& slot);
  WorkerSlot& take_sleeper();
  void hand_over(WorkerSlot& slot, Work work);
  void ring(Doorbell& bell, Given answer);
  template <class Condition>
  bool spin_until(Condition condition) const;

  static constexpr std::uint32_t kClosed = 1U << 31;

  Hatch hatch_;

  // Seldom written, read by all. The gate: how many givers queue, and kClosed; the hatch is in use while it is 0.
  alignas(64) std::atomic<std::uint32_t> gate_{0};
  std::atomic<std::uint32_t> sleepers_{0};  // length of the list of last_sleeper_
  std::atomic<std::int32_t> waking_{0};     // threads that have been woken and do not run yet

  alignas(64) ShortLock lock_;          // to write gate_ and sleepers_, and for the lists
  WorkerSlot* last_sleeper_ = nullptr;  // a stack; empty while there is a queue
  Giver* first_giver_ = nullptr;        // a queue
  Giver* last_giver_ = nullptr;
};

class alignas(64) Handoff::WorkerSlot {
 private:
  friend class Handoff;
  bool at_hatch_ = false;
  Doorbell bell_;  // and the work that comes with its ring, where it is not at the hatch
  Work work_{};
  WorkerSlot* next_ = nullptr;
};

}  // namespace ganger::host
