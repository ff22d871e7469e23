// The stop of one attempt, as its plugin sees it: a reason to poll, a descriptor to wait on, callbacks.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ganger::host {

/// Made once for a thread that runs tasks and used for one attempt after another.
/// Thread: every member from any thread; begin_attempt() and end_attempt() only from the one that runs the attempt or
/// before it does.
class StopSource : public std::enable_shared_from_this<StopSource> {
 public:
  StopSource() = default;
  ~StopSource();
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  /// 0, or why the attempt should end (a GANGER_STOP_...). One atomic load.
  std::int32_t reason() const { return reason_.load(std::memory_order_acquire); }

  /// Asks the attempt to end; the first reason stays. Never blocks: callbacks run on a thread of their own, because
  /// one that hangs must not keep the host from reading signals.
  void request(std::int32_t reason);

  /// The attempt was given up: whatever it still asks of the host is refused.
  void abandon() { is_abandoned_.store(true, std::memory_order_release); }
  bool is_abandoned() const { return is_abandoned_.load(std::memory_order_acquire); }

  /// Readable once request() was called; made at the first call, until end_attempt(); -1 when there is none to be
  /// had.
  int fd();
  /// An eventfd of somebody who looks at reason() when it is readable: written to at request(), or now when that has
  /// been. -1 = no more; also at end_attempt(). One at a time; it does not block, and stays open until then. Where
  /// fd() is made and closed for each attempt, this costs no system call.
  void wake_by(int eventfd);

  /// Calls cb(user) once: on another thread at request(), or now when that has been. Returns a token, 0 after a call
  /// now.
  std::uint64_t on_stop(void (*cb)(void*), void* user);
  /// Takes a callback off; waits for one that is running, unless it is the caller itself.
  void off_stop(std::uint64_t token);

  /// The attempt has ended: takes off the callbacks that are left, waits for one that runs, closes the descriptor.
  void end_attempt() {
    if (is_touched_.load(std::memory_order_relaxed)) tidy_up();
  }
  /// For the next attempt nothing has been asked. Only after end_attempt().
  void begin_attempt() { reason_.store(0, std::memory_order_release); }

 private:
  struct Callback {
    std::uint64_t token;
    void (*function)(void*);
    void* user;
  };
  void run_callbacks(std::uint64_t generation);
  void tidy_up();

  std::atomic<std::int32_t> reason_{0};
  std::atomic<bool> is_abandoned_{false};
  std::atomic<bool> is_touched_{false};  // something below needs tidy_up()
  std::mutex mutex_;
  std::condition_variable callback_ended_;
  // guarded by mutex_
  std::vector<Callback> callbacks_;
  std::uint64_t last_token_ = 0;
  std::uint64_t generation_ = 0;     // of the attempt: a late callback thread must not touch the next one's
  std::uint64_t running_token_ = 0;  // 0 = none
  std::thread::id running_on_;
  int fd_ = -1;
  int woken_ = -1;
};

}  // namespace ganger::host
