#include "host/work/handoff.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

namespace ganger::host {
namespace {

// In rounds of spin_pause(), 10 to 50 ns each.
// What a giver waits at the hatch before it wakes a sleeping worker, which costs a hundred times that.
constexpr int kPatience = 100;
// An answer that comes at all soon comes within a few cache misses; after that, sleep.
constexpr int kSpins = 200;
// But while a woken thread is on its way, which takes it some 50 us, whoever goes to sleep has to be woken by the
// thread that is just coming, who then sleeps before the other one is up, and so on: two wakes for each hand-off.
constexpr std::chrono::microseconds kSpinForWoken{120};

constexpr Doorbell::Answer to_answer(Handoff::Given given) {
  return Doorbell::kFirstAnswer + static_cast<Doorbell::Answer>(given);
}
constexpr Handoff::Given to_given(Doorbell::Answer answer) {
  return static_cast<Handoff::Given>(answer - Doorbell::kFirstAnswer);
}

template <class Condition>
bool spin_briefly(Condition condition) {
  for (int round = 0; round < kSpins; ++round) {
    if (condition()) return true;
    spin_pause();
  }
  return false;
}

}  // namespace

/// A giver that waits, on the stack of its give(). Whoever takes it out of the queue, under the lock, must ring it.
struct alignas(64) Handoff::Giver {
  Doorbell bell;
  Work work{};
  bool is_queued = false;
  Giver* previous = nullptr;
  Giver* next = nullptr;
};

bool Handoff::Hatch::try_stand() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  const bool is_free =
      tag(state) == kEmpty || (tag(state) == kFilled && collected_.load(std::memory_order_acquire) == state);
  const std::uint32_t next_stand = state - tag(state) + kTags;
  return is_free && state_.compare_exchange_strong(state, next_stand + kOpen, std::memory_order_acq_rel);
}

bool Handoff::Hatch::try_leave() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  return tag(state) == kOpen &&
         state_.compare_exchange_strong(state, state - kOpen + kEmpty, std::memory_order_acq_rel);
}

bool Handoff::Hatch::try_put(Work work) {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  if (tag(state) != kOpen) return false;
  const std::uint32_t stand = state - kOpen;
  if (!state_.compare_exchange_strong(state, stand + kFilling, std::memory_order_acq_rel)) return false;
  work_ = work;
  state_.store(stand + kFilled, std::memory_order_release);
  return true;
}

Work Handoff::Hatch::collect() {
  const Work work = work_;
  collected_.store(state_.load(std::memory_order_relaxed), std::memory_order_release);
  return work;
}

Handoff::Given Handoff::give(Work work, TimePoint until, const std::stop_token& stop) {
  if (stop.stop_requested()) return Given::cancelled;
  for (int round = 0; round < kPatience && gate_.load(std::memory_order_acquire) == 0; ++round) {
    if (hatch_.try_put(work)) return Given::accepted;
    spin_pause();
  }
  return give_in_turn(work, until, stop);
}

Handoff::Given Handoff::give_in_turn(Work work, TimePoint until, const std::stop_token& stop) {
  std::unique_lock lock(lock_);
  if ((gate_.load(std::memory_order_relaxed) & kClosed) != 0) return Given::closed;
  if (last_sleeper_ != nullptr) {
    WorkerSlot& slot = take_sleeper();
    lock.unlock();
    hand_over(slot, work);
    return Given::accepted;
  }
  Giver giver;
  giver.work = work;
  enqueue(giver);
  lock.unlock();
  return wait_for_turn(giver, until, stop);
}

Handoff::Given Handoff::wait_for_turn(Giver& giver, TimePoint until, const std::stop_token& stop) {
  Doorbell& bell = giver.bell;
  if (spin_until([&] { return bell.poll() != Doorbell::kNone; })) return to_given(bell.poll());
  const std::stop_callback on_stop(stop, [&] { withdraw(giver, Given::cancelled); });
  if (!bell.lie_down()) return to_given(bell.poll());
  Doorbell::Answer answer = bell.sleep(until);
  if (answer == Doorbell::kNone) {
    withdraw(giver, Given::timed_out);
    answer = bell.sleep(kNever);
  }
  waking_.fetch_sub(1, std::memory_order_relaxed);
  return to_given(answer);
}

bool Handoff::try_give(Work work) {
  if (gate_.load(std::memory_order_acquire) == 0 && hatch_.try_put(work)) return true;
  std::unique_lock lock(lock_);
  if (last_sleeper_ == nullptr) return false;
  WorkerSlot& slot = take_sleeper();
  lock.unlock();
  hand_over(slot, work);
  return true;
}

void Handoff::arrive(WorkerSlot& slot) {
  // A giver may join the queue, or the gate be closed, right after the look at it: the worker then finds that out
  // when it leaves the hatch, which is soon.
  slot.at_hatch_ = gate_.load(std::memory_order_acquire) == 0 && hatch_.try_stand();
  if (!slot.at_hatch_) arrive_in_turn(slot);
}

void Handoff::arrive_in_turn(WorkerSlot& slot) {
  slot.bell_.reset();
  std::unique_lock lock(lock_);
  if ((gate_.load(std::memory_order_relaxed) & kClosed) != 0) {
    lock.unlock();
    slot.bell_.ring(to_answer(Given::closed));
  } else if (first_giver_ != nullptr) {
    Giver& giver = *first_giver_;
    dequeue(giver);
    lock.unlock();
    slot.work_ = giver.work;
    slot.bell_.ring(to_answer(Given::accepted));
    ring(giver.bell, Given::accepted);
  } else {
    slot.next_ = std::exchange(last_sleeper_, &slot);
    sleepers_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::optional<Work> Handoff::await(WorkerSlot& slot) {
  if (slot.at_hatch_) {
    if (Work work; collect_from_hatch(work)) return work;
    arrive_in_turn(slot);
  }
  Doorbell& bell = slot.bell_;
  if (bell.lie_down()) {
    bell.sleep(kNever);
    waking_.fetch_sub(1, std::memory_order_relaxed);
  }
  if (to_given(bell.poll()) == Given::closed) return std::nullopt;
  return slot.work_;
}

/// False when no work came soon, and the worker does not stand there any more.
bool Handoff::collect_from_hatch(Work& work) {
  if (!spin_until([&] { return hatch_.is_filled(); })) {
    if (hatch_.try_leave()) return false;
    // A giver is between two instructions of try_put(); it may have lost its processor there.
    while (!hatch_.is_filled()) std::this_thread::yield();
  }
  work = hatch_.collect();
  return true;
}

std::optional<Work> Handoff::accept(WorkerSlot& slot) {
  arrive(slot);
  return await(slot);
}

void Handoff::close() {
  std::unique_lock lock(lock_);
  gate_.store(kClosed, std::memory_order_release);
  Giver* giver = std::exchange(first_giver_, nullptr);
  last_giver_ = nullptr;
  for (Giver* each = giver; each != nullptr; each = each->next) each->is_queued = false;
  WorkerSlot* slot = std::exchange(last_sleeper_, nullptr);
  sleepers_.store(0, std::memory_order_relaxed);
  lock.unlock();
  while (giver != nullptr) ring(std::exchange(giver, giver->next)->bell, Given::closed);
  while (slot != nullptr) ring(std::exchange(slot, slot->next_)->bell_, Given::closed);
}

void Handoff::enqueue(Giver& giver) {
  giver.is_queued = true;
  giver.previous = last_giver_;
  (last_giver_ != nullptr ? last_giver_->next : first_giver_) = &giver;
  last_giver_ = &giver;
  gate_.fetch_add(1, std::memory_order_relaxed);
}

void Handoff::dequeue(Giver& giver) {
  giver.is_queued = false;
  (giver.previous != nullptr ? giver.previous->next : first_giver_) = giver.next;
  (giver.next != nullptr ? giver.next->previous : last_giver_) = giver.previous;
  gate_.fetch_sub(1, std::memory_order_relaxed);
}

/// Without effect once a worker has taken the work.
void Handoff::withdraw(Giver& giver, Given reason) {
  std::unique_lock lock(lock_);
  if (!giver.is_queued) return;
  dequeue(giver);
  lock.unlock();
  ring(giver.bell, reason);
}

Handoff::WorkerSlot& Handoff::take_sleeper() {
  WorkerSlot& slot = *std::exchange(last_sleeper_, last_sleeper_->next_);
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
  return slot;
}

void Handoff::hand_over(WorkerSlot& slot, Work work) {
  slot.work_ = work;
  ring(slot.bell_, Given::accepted);
}

void Handoff::ring(Doorbell& bell, Given answer) {
  if (bell.ring(to_answer(answer))) waking_.fetch_add(1, std::memory_order_relaxed);
}

/// True as soon as `condition` holds; false when that takes so long that it is better to sleep.
template <class Condition>
bool Handoff::spin_until(Condition condition) const {
  if (spin_briefly(condition)) return true;
  if (waking_.load(std::memory_order_relaxed) <= 0) return false;
  const TimePoint end = std::chrono::steady_clock::now() + kSpinForWoken;
  while (waking_.load(std::memory_order_relaxed) > 0 && std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    spin_pause();
  }
  return spin_briefly(condition);  // the woken thread is up now, and has yet to do what it was woken for
}

}  // namespace ganger::host
