// A clock, a provider and an observer that the tests of the pools steer and question.
#pragma once
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/pools/pool.h"

namespace ganger::host {

/// For whoever does not want to be told.
inline void ignore() {}

/// Stands still but for advance(). The mutexes that others wait with outlive it.
class ManualClock final : public Clock {
 public:
  TimePoint now() override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    return now_;
  }

  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, TimePoint until,
                  const std::function<bool()>& ready) override {
    enter({lock.mutex(), &changed});
    while (!ready() && !is_past(until)) changed.wait(lock);
    leave(&changed);
    return ready();
  }

  void advance(Duration by) {
    std::vector<Waiting> waiting;
    {
      const std::lock_guard lock(mutex_);
      now_ += by;
      waiting = waiting_;
    }
    // Whoever has looked at the old time holds its mutex until it waits.
    for (const Waiting& one : waiting) const std::lock_guard passed(*one.mutex);
    const std::lock_guard lock(mutex_);
    for (const Waiting& one : waiting_) one.changed->notify_all();
  }

  /// Returns once so many wait.
  void until_waiting(std::size_t count) {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [&] { return waiting_.size() >= count; });
  }

  int reads() {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  struct Waiting {
    std::mutex* mutex;
    std::condition_variable* changed;
  };

  void enter(Waiting waiting) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(waiting);
    entered_.notify_all();
  }
  void leave(const std::condition_variable* changed) {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](const Waiting& one) { return one.changed == changed; });
  }
  bool is_past(TimePoint until) {
    const std::lock_guard lock(mutex_);
    return now_ >= until;
  }

  std::mutex mutex_;
  std::condition_variable entered_;
  std::vector<Waiting> waiting_;
  TimePoint now_{std::chrono::hours(1)};
  int reads_ = 0;
};

/// Opens numbers, 1, 2, 3, and writes down what it is asked to do: "open 1", "check 1", "reset 1", "close 1".
class FakeProvider final : public Provider {
 public:
  Result<void*> open(void* borrower) noexcept override {
    if (on_open) on_open(borrower);
    const std::lock_guard lock(mutex_);
    if (open_failures > 0) {
      --open_failures;
      calls_.emplace_back("open fails");
      return failure(ErrorKind::io, "no such host");
    }
    numbers_.push_back(static_cast<int>(numbers_.size()) + 1);
    write_down("open", numbers_.back());
    return &numbers_.back();
  }
  void close(void* handle) noexcept override {
    const std::lock_guard lock(mutex_);
    write_down("close", number(handle));
  }
  bool has_to_end(void*) const noexcept override { return borrowers_end; }
  bool has_check() const noexcept override { return checks; }
  bool has_reset() const noexcept override { return resets; }
  bool check(void* handle) noexcept override {
    const std::lock_guard lock(mutex_);
    write_down("check", number(handle));
    return !sick.contains(number(handle));
  }
  bool reset(void* handle) noexcept override {
    if (on_reset) on_reset();
    const std::lock_guard lock(mutex_);
    write_down("reset", number(handle));
    return !stuck.contains(number(handle));
  }

  std::vector<std::string> take_calls() {
    const std::lock_guard lock(mutex_);
    return std::exchange(calls_, {});
  }
  static int number(const void* handle) { return *static_cast<const int*>(handle); }

  bool checks = false, resets = false;
  bool borrowers_end = false;  ///< whoever borrows has to
  int open_failures = 0;       ///< so many opens fail from now on
  std::set<int> sick, stuck;   ///< fail check, fail reset
  std::function<void(void* borrower)> on_open;
  std::function<void()> on_reset;

 private:
  void write_down(const char* what, int which) { calls_.push_back(std::string(what) + " " + std::to_string(which)); }

  std::mutex mutex_;
  std::deque<int> numbers_;
  std::vector<std::string> calls_;
};

/// Keeps the lines of the log, and the events as "acquired 7", "leaked 7" with the owner, "misused".
class RecordingObserver final : public PoolObserver {
 public:
  void log(const Pool&, std::string_view line) noexcept override { add(lines_, std::string(line)); }
  void acquired(const Pool&, OwnerId owner, std::uint64_t, Duration, bool is_reused) noexcept override {
    if (is_reused) add(lines_, std::string(kSharedLine));
    event("acquired", owner);
  }
  void released(const Pool&, OwnerId owner, std::uint64_t, bool is_kept) noexcept override {
    if (is_kept) add(lines_, std::string(kQueuedLine));
    event("released", owner);
  }
  void leaked(const Pool&, OwnerId owner, std::uint64_t) noexcept override { event("leaked", owner); }
  void misused(const Pool&, std::uint64_t) noexcept override { add(events_, "misused"); }

  std::vector<std::string> take_lines() { return take(lines_); }
  std::vector<std::string> take_events() { return take(events_); }

 private:
  void event(const char* what, OwnerId owner) { add(events_, std::string(what) + " " + std::to_string(owner)); }
  void add(std::vector<std::string>& to, std::string line) {
    const std::lock_guard lock(mutex_);
    to.push_back(std::move(line));
  }
  std::vector<std::string> take(std::vector<std::string>& from) {
    const std::lock_guard lock(mutex_);
    return std::exchange(from, {});
  }

  std::mutex mutex_;
  std::vector<std::string> lines_, events_;
};

/// A pool among fakes. Change `provider` before the first acquire, and its answers at any time.
struct PoolRig {
  explicit PoolRig(PoolSettings settings, std::function<void(FakeProvider&)> prepare = nullptr) {
    auto owned = std::make_unique<FakeProvider>();
    provider = owned.get();
    if (prepare) prepare(*provider);
    settings.name = "db";
    pool = Pool::make(std::move(settings), std::move(owned), clock, &observer).value();
  }

  ManualClock clock;
  RecordingObserver observer;
  FakeProvider* provider = nullptr;
  std::unique_ptr<Pool> pool;
};

inline int number(const Acquired& acquired) { return FakeProvider::number(acquired.lease.handle); }

}  // namespace ganger::host
