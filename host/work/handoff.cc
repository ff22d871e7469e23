#include "host/work/handoff.h"

#include <mutex>
#include <utility>

namespace ganger::host {
namespace {

// In rounds of spin_pause(), 10 to 50 ns each. An answer that comes at all soon comes within a few cache misses.
constexpr int kSpins = 200;
// What a giver waits for a busy worker before it wakes a sleeping one, which costs a hundred times that.
constexpr int kPatience = 100;
// The same while a woken thread is on its way, which takes it some 50 us. Whoever went to sleep in that time would
// have to be woken by the thread that is just coming, and so on, with two wakes for each hand-off.
constexpr int kSpinsForWoken = 2000;

constexpr Doorbell::Answer to_answer(Handoff::Given given) {
  return Doorbell::kFirstAnswer + static_cast<Doorbell::Answer>(given);
}
constexpr Handoff::Given to_given(Doorbell::Answer answer) {
  return static_cast<Handoff::Given>(answer - Doorbell::kFirstAnswer);
}

/// For counts that only change under the lock: without the price of an atomic addition.
void add(std::atomic<std::uint32_t>& count, int change) {
  count.store(count.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(change), std::memory_order_relaxed);
}

}  // namespace

/// A giver that waits, on the stack of its give(). Whoever takes it out of the queue, under the lock, must ring it.
struct alignas(64) Handoff::Giver {
  Doorbell bell;
  Work work{};
  bool queued = false;
  Giver* previous = nullptr;
  Giver* next = nullptr;
};

Handoff::Given Handoff::give(Work work, TimePoint until, const std::stop_token& stop) {
  if (stop.stop_requested()) return Given::cancelled;
  std::unique_lock lock(lock_);
  if (closed_) return Given::closed;
  if (last_idle_ != nullptr && first_giver_ == nullptr && !is_worth_waiting()) {
    WorkerSlot& slot = take_idle();
    lock.unlock();
    hand_over(slot, work);
    return Given::accepted;
  }
  Giver giver;
  giver.work = work;
  enqueue(giver);
  const bool workers_sleep = last_idle_ != nullptr;
  lock.unlock();

  if (workers_sleep) {
    if (const auto answer = spin(giver.bell, kPatience); answer != Doorbell::kNone) return to_given(answer);
    wake_workers_for(giver);
  }
  return wait_in_queue(giver, until, stop);
}

bool Handoff::try_give(Work work) {
  std::unique_lock lock(lock_);
  if (last_idle_ == nullptr) return false;
  WorkerSlot& slot = take_idle();
  lock.unlock();
  hand_over(slot, work);
  return true;
}

void Handoff::arrive(WorkerSlot& slot) {
  slot.bell_.reset();
  std::unique_lock lock(lock_);
  if (std::exchange(slot.busy_, false)) --busy_;
  if (closed_) {
    lock.unlock();
    slot.bell_.ring(to_answer(Given::closed));
  } else if (first_giver_ == nullptr) {
    put_idle(slot);
  } else {
    Giver& giver = *first_giver_;
    dequeue(giver);
    ++busy_;
    slot.busy_ = true;
    lock.unlock();
    slot.work_ = giver.work;
    ring(giver.bell, Given::accepted);
    slot.bell_.ring(to_answer(Given::accepted));
  }
}

std::optional<Work> Handoff::await(WorkerSlot& slot) {
  Doorbell::Answer answer = slot.may_spin_ ? spin(slot.bell_, kSpins) : slot.bell_.poll();
  if (answer == Doorbell::kNone) {
    if (slot.bell_.lie_down()) {
      answer = slot.bell_.sleep(kNever);
      waking_.fetch_sub(1, std::memory_order_relaxed);
    } else {
      answer = slot.bell_.poll();
    }
  }
  if (to_given(answer) == Given::closed) return std::nullopt;
  return slot.work_;
}

std::optional<Work> Handoff::accept(WorkerSlot& slot) {
  arrive(slot);
  return await(slot);
}

void Handoff::close() {
  std::unique_lock lock(lock_);
  closed_ = true;
  Giver* giver = std::exchange(first_giver_, nullptr);
  last_giver_ = nullptr;
  for (Giver* each = giver; each != nullptr; each = each->next) each->queued = false;
  WorkerSlot* slot = std::exchange(last_idle_, nullptr);
  idle_count_.store(0, std::memory_order_relaxed);
  waiting_count_.store(0, std::memory_order_relaxed);
  lock.unlock();
  while (giver != nullptr) ring(std::exchange(giver, giver->next)->bell, Given::closed);
  while (slot != nullptr) ring(std::exchange(slot, slot->next_)->bell_, Given::closed);
}

/// A worker that is busy now will most likely be free before one that sleeps has been woken.
bool Handoff::is_worth_waiting() const { return busy_ > 0 && last_idle_->bell_.is_asleep(); }

void Handoff::enqueue(Giver& giver) {
  giver.queued = true;
  giver.previous = last_giver_;
  (last_giver_ != nullptr ? last_giver_->next : first_giver_) = &giver;
  last_giver_ = &giver;
  add(waiting_count_, 1);
}

void Handoff::dequeue(Giver& giver) {
  giver.queued = false;
  (giver.previous != nullptr ? giver.previous->next : first_giver_) = giver.next;
  (giver.next != nullptr ? giver.next->previous : last_giver_) = giver.previous;
  add(waiting_count_, -1);
}

void Handoff::put_idle(WorkerSlot& slot) {
  slot.may_spin_ = last_idle_ == nullptr || last_idle_->bell_.is_asleep();
  slot.next_ = std::exchange(last_idle_, &slot);
  add(idle_count_, 1);
}

Handoff::WorkerSlot& Handoff::take_idle() {
  WorkerSlot& slot = *std::exchange(last_idle_, last_idle_->next_);
  add(idle_count_, -1);
  slot.busy_ = true;
  ++busy_;
  return slot;
}

void Handoff::hand_over(WorkerSlot& slot, Work work) {
  slot.work_ = work;
  ring(slot.bell_, Given::accepted);
}

/// Ends the patience of `giver`: those who came before it get their workers first.
void Handoff::wake_workers_for(Giver& giver) {
  for (;;) {
    std::unique_lock lock(lock_);
    if (!giver.queued || last_idle_ == nullptr) return;
    Giver& first = *first_giver_;
    dequeue(first);
    WorkerSlot& slot = take_idle();
    lock.unlock();
    hand_over(slot, first.work);
    ring(first.bell, Given::accepted);
  }
}

/// Without effect once a worker has taken the work.
void Handoff::withdraw(Giver& giver, Given reason) {
  std::unique_lock lock(lock_);
  if (!giver.queued) return;
  dequeue(giver);
  lock.unlock();
  ring(giver.bell, reason);
}

Handoff::Given Handoff::wait_in_queue(Giver& giver, TimePoint until, const std::stop_token& stop) {
  if (const auto answer = spin(giver.bell, kSpins); answer != Doorbell::kNone) return to_given(answer);
  const std::stop_callback on_stop(stop, [&] { withdraw(giver, Given::cancelled); });
  if (!giver.bell.lie_down()) return to_given(giver.bell.poll());
  Doorbell::Answer answer = giver.bell.sleep(until);
  if (answer == Doorbell::kNone) {
    withdraw(giver, Given::timed_out);
    answer = giver.bell.sleep(kNever);
  }
  waking_.fetch_sub(1, std::memory_order_relaxed);
  return to_given(answer);
}

/// The answer, or kNone when it did not come in time.
Doorbell::Answer Handoff::spin(const Doorbell& bell, int rounds) const {
  for (int round = 0; round < rounds; ++round) {
    if (const auto answer = bell.poll(); answer != Doorbell::kNone) return answer;
    spin_pause();
  }
  for (int round = 0; round < kSpinsForWoken && waking_.load(std::memory_order_relaxed) > 0; ++round) {
    if (const auto answer = bell.poll(); answer != Doorbell::kNone) return answer;
    spin_pause();
  }
  return Doorbell::kNone;
}

void Handoff::ring(Doorbell& bell, Given answer) {
  if (bell.ring(to_answer(answer))) waking_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace ganger::host
