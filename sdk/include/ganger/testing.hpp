// ganger/testing.hpp - a host in memory, with which an author tests tasks and pool kinds without the program.
//
//   #include <ganger/testing.hpp>
//   TEST(Greet, GreetsWhomItIsTold) {
//     ganger::testing::host h;
//     h.param("who", "bob");
//
//     const auto r = h.run(ganger_plugin_v1, "greet");
//
//     EXPECT_TRUE(r.ok()) << r;
//     EXPECT_EQ(r.outputs.at("greeted"), "bob");
//   }
//
// It keeps to the rules of plugin.h and reports who does not: r.leaked and r.bugs. Time is made up: it stands still
// but for ctx::sleep_for(), waits for a pool and advance(), and these take none of the test's. Needs Linux and C++17;
// made for GoogleTest and in need of none.
#ifndef GANGER_TESTING_HPP
#define GANGER_TESTING_HPP

#include <ganger/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <ganger/plugin.hpp>
#include <ganger/testing_census.hpp>
#include <ganger/testing_result.hpp>
#include <ganger/testing_run.hpp>
#include <ganger/testing_services.hpp>
#include <ganger/testing_setup.hpp>
#include <ganger/testing_value.hpp>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace ganger::testing {

/// Sets a task up, runs it, and says what came of it; any number of times. Thread: one, but for stop(), now() and
/// advance(), which a fake may call while the task runs.
class host {
 public:
  using entry = const ganger_plugin* (*)(const ganger_host*);

  host() : outer_(latest_.exchange(this)) {
    setup_.now_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    interface(GANGER_CLOCK_INTERFACE, &clock_table());
  }
  ~host() {
    for (const ganger_plugin* p : begun_)
      if (p->deinit != nullptr) p->deinit();
    std::error_code not_removed;
    for (const auto& dir : setup_.work_dirs) std::filesystem::remove_all(dir, not_removed);
    latest_ = outer_;
  }
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  /// What a plugin gets; the same for every host. Lifetime: until the process ends.
  static const ganger_host* table() {
    static const ganger_host services = [] {
      ganger_host t = service_table();
      t.get_interface = [](const char* id) {
        return latest_ != nullptr ? latest_.load()->find_interface(id) : nullptr;
      };
      return t;
    }();
    return &services;
  }

  // ---- what the task finds

  /// A parameter; the others get their defaults. Text becomes a path, a duration or a size as in a job.
  host& param(const std::string& name, const value& v) { return param_list(name, {v}); }
  host& param_list(const std::string& name, const values& all) {
    setup_.given[name] = all;
    return *this;
  }
  /// Output `output` of a task that this one comes after.
  host& input(const std::string& task, const std::string& output, const value& v) {
    setup_.inputs[task + "." + output] = v;
    return *this;
  }
  /// A pool of a fake: each lease has this table and this handle. limit = most lent at once, 0 = any number.
  host& pool(const std::string& name, const std::string& interface, const void* api, void* handle,
             std::uint64_t limit = 0) {
    setup_.pools[name] = {name, interface, api, handle, nullptr, {}, limit, 0, {}};
    return *this;
  }
  /// A pool of a real kind. Throws ganger::error when `with` does not suit the kind's parameters.
  host& pool_of(const ganger_pool_kind& kind, const std::string& name, const std::map<std::string, value>& with = {},
                std::uint64_t limit = 0) {
    params given;
    for (const auto& [param_name, v] : with) given[param_name] = {v};
    setup_.pools[name] = {name, kind.interface, kind.api, nullptr, &kind, filled_in(kind.params, given), limit, 0,
                          {}};
    return *this;
  }
  template <class Kind>
  host& pool_of(const std::string& name, const std::map<std::string, value>& with = {}, std::uint64_t limit = 0) {
    return pool_of(*ganger::detail::describe_pool_kind<Kind>(), name, with, limit);
  }
  /// What get_interface(id) returns.
  host& interface(const std::string& id, const void* api) {
    setup_.interfaces[id] = api;
    return *this;
  }
  /// How many threads parallel() works on, the caller's counted; 1 = in order, on the caller's alone.
  host& threads(std::uint32_t count) {
    setup_.threads = count;
    return *this;
  }

  // ---- what happens to it

  /// The stop comes just before the k-th call of the SDK is served, from 1; each call on a ctx counts.
  host& stop_at_call(std::uint64_t k, std::int32_t reason = GANGER_STOP_USER) {
    setup_.stop_at_call = k;
    setup_.stop_at_call_reason = reason;
    return *this;
  }
  /// The k-th acquire fails, from 1.
  host& fail_acquire_at(std::uint64_t k, ganger_status status) {
    setup_.failing_acquires[k] = status;
    return *this;
  }
  /// The deadline of each run, counted from its start.
  host& time_limit(std::chrono::nanoseconds d) {
    setup_.time_limit = d;
    return *this;
  }
  /// Stops the run that is under way; when there is none, the next one is stopped as it starts.
  void stop(std::int32_t reason = GANGER_STOP_USER) {
    const std::lock_guard<std::mutex> lock(running_mutex_);
    if (running_ != nullptr)
      running_->request_stop(reason);
    else
      setup_.stop_at_start = reason;
  }
  std::chrono::steady_clock::time_point now() const {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(setup_.now_ns));
  }
  void advance(std::chrono::nanoseconds d) {
    const std::lock_guard<std::mutex> lock(running_mutex_);
    if (running_ != nullptr)
      running_->advance(d.count());
    else
      setup_.now_ns += d.count();
  }

  // ---- run() of a task; check() likewise

  template <class Task>
  result run() {
    return run(*ganger::detail::describe_task<Task>());
  }
  result run(entry e, std::string_view task) { return with_task(e(table()), task, &host::run); }
  result run(const ganger_task& t) { return call_task(t, t.run, {nullptr, nullptr, "run()", true}); }

  template <class Task>
  result check() {
    return check(*ganger::detail::describe_task<Task>());
  }
  result check(entry e, std::string_view task) { return with_task(e(table()), task, &host::check); }
  /// GANGER_OK when the task has no check().
  result check(const ganger_task& t) { return call_task(t, t.check, {nullptr, nullptr, "check()", false}); }

 private:
  static result not_run(ganger_status status, const std::string& why) {
    result r;
    r.status = status;
    r.why = "not run: " + why;
    return r;
  }

  const void* find_interface(const char* id) const {
    const auto found = setup_.interfaces.find(id);
    return found == setup_.interfaces.end() ? nullptr : found->second;
  }

  result with_task(const ganger_plugin* p, std::string_view name, result (host::*f)(const ganger_task&)) {
    for (const auto* const* t = p->tasks; t != nullptr && *t != nullptr; ++t) {
      if (name != (*t)->name) continue;
      if (begun_.count(p) == 0 && p->init != nullptr)
        if (const auto s = p->init(table()); s != GANGER_OK) return not_run(s, "init() failed");
      begun_.insert(p);
      return (this->*f)(**t);
    }
    return not_run(GANGER_NO_RESOURCE, std::string(p->id) + " has no task '" + std::string(name) + "'");
  }

  result call_task(const ganger_task& t, decltype(t.run) f, call c) {
    params with;
    try {
      with = filled_in(t.params, setup_.given);
    } catch (const error& e) {
      return not_run(e.status(), e.what());
    }
    const census before;
    running r(setup_, *table());
    c.of = &r;
    c.with = &with;
    set_running(&r);
    ganger_status status = GANGER_OK;
    try {
      if (f != nullptr) status = f(table(), ctx_of(c), t.user);
    } catch (...) {
      status = r.notes.bug(std::string("an exception leaves ") + c.name);
    }
    set_running(nullptr);
    result made = r.finish(status);
    for (auto& l : before.left_since()) made.leaked.push_back(std::move(l));
    for (auto& b : before.changed_since()) made.bugs.push_back(std::move(b));
    return made;
  }
  void set_running(running* r) {
    const std::lock_guard<std::mutex> lock(running_mutex_);
    running_ = r;
    setup_.stop_at_start = GANGER_RUNNING;
  }

  static inline std::atomic<host*> latest_{nullptr};  // get_interface() has no ctx to go by
  host* outer_;
  setup setup_;
  std::mutex running_mutex_;
  running* running_ = nullptr;
  std::set<const ganger_plugin*> begun_;  // those whose init() was called
};

/// What sweep() found.
struct swept {
  std::uint64_t bad_call = 0;  ///< 0 = none
  result at;                   ///< of the bad run, else of the last one
};

/// Is a task stopped well wherever the stop comes? Runs it once for each call of the SDK it makes, with the stop
/// there: `run_once(host&)` sets the host up and returns its run(). Ends at the first run that leaves something
/// behind, breaks a rule, or ends neither well nor as GANGER_CANCELLED.
template <class F>
swept sweep(F&& run_once) {
  for (std::uint64_t k = 1;; ++k) {
    host h;
    h.stop_at_call(k);
    result r = run_once(h);
    const bool is_good = (r.status == GANGER_OK || r.status == GANGER_CANCELLED) && r.is_clean();
    if (!is_good) return {k, std::move(r)};
    if (r.calls < k) return {0, std::move(r)};
  }
}

}  // namespace ganger::testing

#endif  // GANGER_TESTING_HPP
