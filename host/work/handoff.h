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
/// Blocked givers are served in the order in which they came, idle workers in the reverse: the last one in has the
/// warmest cache and is the only one that spins. An idle Handoff uses no processor time.
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
  /// worker can be idle first and report the end of its last work after: who hears of it finds the worker free.
  void arrive(WorkerSlot& slot);
  /// Waits for work; nothing after close(). Once after each arrive().
  std::optional<Work> await(WorkerSlot& slot);
  /// Both halves.
  std::optional<Work> accept(WorkerSlot& slot);

  /// Sends blocked givers and idle workers away; work that has been accepted is still done. Waits for nobody, and may
  /// be called again.
  void close();

  /// How many workers wait for work: a hint, old by the time it is read.
  std::size_t idle() const { return idle_count_.load(std::memory_order_relaxed); }
  /// How many givers are blocked: a hint too.
  std::size_t waiting() const { return waiting_count_.load(std::memory_order_relaxed); }

 private:
  struct Giver;

  bool is_worth_waiting() const;
  void enqueue(Giver& giver);
  void dequeue(Giver& giver);
  WorkerSlot& take_idle();
  void put_idle(WorkerSlot& slot);
  void hand_over(WorkerSlot& slot, Work work);
  void wake_workers_for(Giver& giver);
  void withdraw(Giver& giver, Given reason);
  Given wait_in_queue(Giver& giver, TimePoint until, const std::stop_token& stop);
  Doorbell::Answer spin(const Doorbell& bell, int rounds) const;
  void ring(Doorbell& bell, Given answer);

  // The lock and what it guards share a cache line: who gets the one needs the other.
  alignas(64) ShortLock lock_;
  bool closed_ = false;                          // guarded by lock_
  std::uint32_t busy_ = 0;                       // guarded by lock_: workers that have work
  WorkerSlot* last_idle_ = nullptr;              // guarded by lock_: a stack
  Giver* first_giver_ = nullptr;                 // guarded by lock_: a queue
  Giver* last_giver_ = nullptr;                  // guarded by lock_
  std::atomic<std::uint32_t> idle_count_{0};     // written under lock_
  std::atomic<std::uint32_t> waiting_count_{0};  // written under lock_

  alignas(64) std::atomic<std::int32_t> waking_{0};  // threads that have been woken and do not run yet
};

class alignas(64) Handoff::WorkerSlot {
 private:
  friend class Handoff;
  Doorbell bell_;
  bool busy_ = false;
  bool may_spin_ = false;
  Work work_{};
  WorkerSlot* next_ = nullptr;
};

}  // namespace ganger::host
