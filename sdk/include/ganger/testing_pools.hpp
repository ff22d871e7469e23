// ganger/testing_pools.hpp - pools and leases of one run; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_POOLS_HPP
#define GANGER_TESTING_POOLS_HPP

#include <ganger/plugin.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <ganger/testing_result.hpp>
#include <ganger/testing_setup.hpp>
#include <ganger/testing_stop.hpp>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ganger::testing {

/// Lends from the pools of a setup. At a limit it waits for a thread of the run that can give something back; when
/// none is left, the made-up time passes and the wait is over. Thread: any, but for close().
class lender {
 public:
  using opener = std::function<ganger_status(const pool&, void** handle)>;
  using time_passer = std::function<void(std::int64_t ns)>;
  lender(setup& s, record& record, stop_signal& stop, opener open, time_passer pass_time)
      : setup_(s), record_(record), stop_(stop), open_(std::move(open)), pass_time_(std::move(pass_time)) {}

  ganger_status acquire(std::string_view interface, std::string_view name, std::int64_t wait_ns, ganger_lease* out) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++acquires_;
    if (const auto fault = setup_.failing_acquires.find(acquires_); fault != setup_.failing_acquires.end()) {
      record_.why("acquire " + std::to_string(acquires_) + " fails because the test says so");
      return fault->second;
    }
    if (stop_.reason() != GANGER_RUNNING) return GANGER_CANCELLED;
    pool* const p = find(interface, name);
    if (p == nullptr) return GANGER_NO_RESOURCE;
    if (const auto s = wait_for_place(lock, *p, wait_ns); s != GANGER_OK) return s;

    ++p->lent;
    void* handle = p->handle;
    if (p->kind != nullptr)
      if (const auto s = idle_or_opened(lock, *p, &handle); s != GANGER_OK) {
        --p->lent;
        changed_.notify_all();
        return s;
      }
    *out = {++last_lease_, handle, p->api};
    leases_[last_lease_] = {p, handle};
    return GANGER_OK;
  }

  void release(ganger_lease* lease, std::uint32_t state) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto found = leases_.find(lease->id);
    if (found == leases_.end()) {
      record_.bug("gives back a lease that is not out");
      return;
    }
    const auto [p, handle] = found->second;
    leases_.erase(found);
    *lease = {};
    record_.write([&, name = p->name](result& r) { r.returned.push_back({name, state}); });
    take_back(lock, *p, handle, state);
  }

  /// How many threads may give something back; they are those that work for the run.
  void add_threads(int more) {
    const std::lock_guard<std::mutex> lock(mutex_);
    threads_ += more;
    changed_.notify_all();
  }
  /// After a stop.
  void wake() {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  }

  /// Takes back what is out and closes all; the pools are as before the run.
  void close() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (const auto& [id, lent] : std::exchange(leases_, {})) {
      record_.leaked("lease " + std::to_string(id) + " of pool '" + lent.from->name + "'");
      take_back(lock, *lent.from, lent.handle, GANGER_LEASE_BROKEN);
    }
    for (auto& [name, p] : setup_.pools)
      for (void* handle : std::exchange(p.idle, {})) p.kind->close(p.kind->user, handle);
  }

 private:
  struct lent_resource {
    pool* from;
    void* handle;
  };

  pool* find(std::string_view interface, std::string_view name) {
    pool* found = nullptr;
    for (auto& [key, p] : setup_.pools) {
      if (p.interface != interface || (!name.empty() && key != name)) continue;
      if (found != nullptr) {
        record_.why("several pools offer " + std::string(interface) + "; name the one to borrow from");
        return nullptr;
      }
      found = &p;
    }
    if (found == nullptr)
      record_.why("no pool" + (name.empty() ? "" : " '" + std::string(name) + "'") + " offers " +
                  std::string(interface));
    return found;
  }

  ganger_status wait_for_place(std::unique_lock<std::mutex>& lock, const pool& p, std::int64_t wait_ns) {
    const auto is_full = [&] { return p.limit != 0 && p.lent >= p.limit; };
    ganger_status s = GANGER_OK;
    ++waiting_;
    while (s == GANGER_OK && is_full()) {
      if (stop_.reason() != GANGER_RUNNING)
        s = GANGER_CANCELLED;
      else if (wait_ns == 0 || waiting_ >= threads_)
        s = GANGER_TIMEOUT;
      else
        changed_.wait(lock);
    }
    --waiting_;
    if (s == GANGER_TIMEOUT && wait_ns != 0) {
      lock.unlock();
      pass_time_(wait_ns > 0 ? wait_ns : kJobWait);
      lock.lock();
      if (stop_.reason() != GANGER_RUNNING) s = GANGER_CANCELLED;
    }
    return s;
  }

  // The calls of a kind are made without the lock: they may block, log and take long.
  ganger_status idle_or_opened(std::unique_lock<std::mutex>& lock, pool& p, void** handle) {
    while (!p.idle.empty()) {
      *handle = p.idle.back();
      p.idle.pop_back();
      lock.unlock();
      const bool is_good = p.kind->check == nullptr || p.kind->check(p.kind->user, *handle) == GANGER_OK;
      if (!is_good) p.kind->close(p.kind->user, *handle);
      lock.lock();
      if (is_good) return GANGER_OK;
    }
    lock.unlock();
    const ganger_status s = open_(p, handle);
    lock.lock();
    return s == GANGER_OK || s == GANGER_CANCELLED ? s : GANGER_NO_RESOURCE;
  }
  void take_back(std::unique_lock<std::mutex>& lock, pool& p, void* handle, std::uint32_t state) {
    bool keep = p.kind != nullptr && state != GANGER_LEASE_BROKEN;
    if (const auto* k = p.kind; k != nullptr) {
      lock.unlock();
      if (keep && k->reset != nullptr) keep = k->reset(k->user, handle) == GANGER_OK;
      if (keep && state == GANGER_LEASE_SUSPECT && k->check != nullptr) keep = k->check(k->user, handle) == GANGER_OK;
      if (!keep) k->close(k->user, handle);
      lock.lock();
    }
    if (keep) p.idle.push_back(handle);
    --p.lent;
    changed_.notify_all();
  }

  static constexpr std::int64_t kJobWait = 30'000'000'000;  // what a job that does not say waits

  setup& setup_;
  record& record_;
  stop_signal& stop_;
  opener open_;
  time_passer pass_time_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, lent_resource> leases_;
  std::uint64_t last_lease_ = 0, acquires_ = 0;
  int threads_ = 1, waiting_ = 0;
};

}  // namespace ganger::testing

#endif  // GANGER_TESTING_POOLS_HPP
