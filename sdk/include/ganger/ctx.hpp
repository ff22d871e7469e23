// ganger/ctx.hpp - what a task has of its host: parameters, outputs, leases, stop, parallel; part of
// ganger/plugin.hpp.
#ifndef GANGER_CTX_HPP
#define GANGER_CTX_HPP

#include <ganger/clock.h>
#include <ganger/plugin.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <ganger/lent_tables.hpp>
#include <ganger/value.hpp>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ganger {

/// Thrown where the task should end because the host asked for it. Let it pass: it is no std::exception, so that a
/// handler of failures does not take it for one.
class stopped {};

/// A borrowed resource; goes back to its pool at the end of the scope, as SUSPECT when an exception ends it.
/// `lease->f(lease.handle(), ...)` calls the provider. Thread: any, one at a time.
template <class Api>
class [[nodiscard]] lease {
 public:
  lease(const ganger_host* host, ganger_ctx* ctx, ganger_lease l) noexcept : host_(host), ctx_(ctx), lease_(l) {
    if (l.id != 0) detail::copy_table(ctx, lease_);
  }
  lease(lease&& other) noexcept
      : host_(other.host_), ctx_(other.ctx_), lease_(std::exchange(other.lease_, {})), depth_(other.depth_) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      give_back(GANGER_LEASE_CLEAN);
      host_ = other.host_;
      ctx_ = other.ctx_;
      lease_ = std::exchange(other.lease_, {});
      depth_ = other.depth_;
    }
    return *this;
  }
  ~lease() { give_back(std::uncaught_exceptions() > depth_ ? GANGER_LEASE_SUSPECT : GANGER_LEASE_CLEAN); }

  const Api* operator->() const noexcept { return static_cast<const Api*>(lease_.api); }
  void* handle() const noexcept { return lease_.handle; }
  std::uint64_t id() const noexcept { return lease_.id; }

  /// Gives it back now, to be closed instead of used again.
  void broken() noexcept { give_back(GANGER_LEASE_BROKEN); }
  /// Gives it back now.
  void release() noexcept { give_back(GANGER_LEASE_CLEAN); }

 private:
  void give_back(std::uint32_t state) noexcept {
    if (lease_.id != 0) {
      detail::end_table(ctx_, lease_.id);
      host_->release(ctx_, &lease_, state);
    }
    lease_ = {};
  }
  const ganger_host* host_;
  ganger_ctx* ctx_;
  ganger_lease lease_;
  int depth_ = std::uncaught_exceptions();  // exceptions on their way when it was borrowed
};

/// Calls `f` on a host thread once the task should end, as long as this object lives; its destructor waits for an f
/// that is running. f must not block or throw, nor end this object.
template <class F>
class [[nodiscard]] stop_callback {
 public:
  stop_callback(const ganger_host* host, ganger_ctx* ctx, F f)
      : host_(host), ctx_(ctx), f_(std::move(f)), token_(host->on_stop(ctx, &call, this)) {}
  ~stop_callback() { host_->off_stop(ctx_, token_); }
  stop_callback(const stop_callback&) = delete;
  stop_callback& operator=(const stop_callback&) = delete;

 private:
  static void call(void* self) noexcept { static_cast<stop_callback*>(self)->f_(); }
  const ganger_host* host_;
  ganger_ctx* ctx_;
  F f_;
  std::uint64_t token_;  // last: on_stop() may call f_ before it returns
};

/// What a task has of its host; made anew for each call. Every member may be called from any thread that works for
/// the run. Those that can fail throw ganger::error, those that wait throw ganger::stopped when the task should end.
class ctx {
 public:
  ctx(const ganger_host* host, ganger_ctx* handle) noexcept : host_(host), ctx_(handle) {}

  /// A parameter; its default when the job does not give it. T: bool, a number, std::string, std::filesystem::path,
  /// std::chrono::nanoseconds.
  template <class T>
  T get(const char* name) const {
    ganger_value v{};
    if (host_->param(ctx_, name, 0, &v) != GANGER_OK) throw error(GANGER_BUG, missing("parameter", name));
    return detail::read_value<T>(v, name);
  }

  /// A list parameter.
  template <class T>
  std::vector<T> get_list(const char* name) const {
    std::vector<T> all;
    ganger_value v{};
    while (host_->param(ctx_, name, all.size(), &v) == GANGER_OK) all.push_back(detail::read_value<T>(v, name));
    return all;
  }

  /// Output `name` of task `task`, which this one comes after.
  template <class T>
  T input(const char* task, const char* name) const {
    ganger_value v{};
    if (host_->input(ctx_, task, name, &v) != GANGER_OK)
      throw error(GANGER_NO_RESOURCE, missing("output", (std::string(task) + "." + name).c_str()));
    return detail::read_value<T>(v, name);
  }

  /// Sets an output; see ganger_host.output for what fits.
  template <class T>
  void out(const char* name, const T& value) const {
    set(name, detail::value_of(value));
  }
  void set(const char* name, const ganger_value& value) const {
    if (const auto s = host_->output(ctx_, name, &value); s != GANGER_OK)
      throw error(s, std::string("cannot set output '") + name + "'");
  }

  void log(std::int32_t level, std::string_view line) const { host_->log(ctx_, level, str(line)); }
  void debug(std::string_view line) const { log(GANGER_LOG_DEBUG, line); }
  void info(std::string_view line) const { log(GANGER_LOG_INFO, line); }
  void warn(std::string_view line) const { log(GANGER_LOG_WARN, line); }

  bool stop_requested() const { return stop_reason() != GANGER_RUNNING; }
  std::int32_t stop_reason() const { return host_->stop_reason(ctx_); }
  int stop_fd() const { return host_->stop_fd(ctx_); }
  void throw_if_stopped() const {
    if (stop_requested()) throw stopped();
  }
  template <class F>
  stop_callback<F> on_stop(F f) const {
    return stop_callback<F>(host_, ctx_, std::move(f));
  }

  /// The time, by the clock that deadline() is measured by; a test host makes its own.
  std::chrono::steady_clock::time_point now() const {
    if (const auto* c = clock()) return at(c->now_ns(ctx_));
    return std::chrono::steady_clock::now();
  }
  /// When this attempt should be over; none = never.
  std::optional<std::chrono::steady_clock::time_point> deadline() const {
    const std::int64_t ns = host_->deadline_ns(ctx_);
    if (ns == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return at(ns);
  }
  /// Sleeps, but not past a stop. Throws ganger::stopped when there is one.
  void sleep_for(std::chrono::nanoseconds d) const {
    if (const auto* c = clock()) {
      if (c->sleep_ns(ctx_, d.count()) != GANGER_OK) throw stopped();
      return;
    }
    const auto begin = std::chrono::steady_clock::now();
    for (;;) {
      throw_if_stopped();
      const auto left = d - (std::chrono::steady_clock::now() - begin);
      if (left.count() <= 0) return;
      wait_for_stop(left);
    }
  }

  void progress(std::uint64_t done, std::uint64_t total, std::string_view what = {}) const {
    host_->progress(ctx_, done, total, str(what));
  }

  /// A folder of this task's own; removed after the run unless it is kept.
  std::filesystem::path work_dir() const {
    const auto dir = view(host_->work_dir(ctx_));
    if (dir.empty()) throw error("no work directory could be made");
    return std::filesystem::path(dir);
  }

  /// Borrows from pool `pool` (empty: the only one that offers `interface`). Waits as long as the job says unless
  /// `wait` is given, and never past the deadline.
  template <class Api>
  lease<Api> borrow(const char* interface, std::string_view pool = {},
                    std::chrono::nanoseconds wait = job_wait) const {
    const std::string name(pool);
    ganger_lease l{};
    switch (const auto s = host_->acquire(ctx_, interface, name.c_str(), wait.count(), &l)) {
      case GANGER_OK:
        return lease<Api>(host_, ctx_, l);
      case GANGER_CANCELLED:
        throw stopped();
      case GANGER_TIMEOUT:
        throw error(s, "no " + (name.empty() ? std::string(interface) : name) + " came free in time");
      default:
        throw told(s, "cannot borrow " + (name.empty() ? std::string(interface) : name));
    }
  }

  /// Calls f(0) ... f(n-1) on this thread and on free workers; returns when all have ended. An exception of one stops
  /// the others and is thrown here, translated to ganger::error.
  template <class F>
  void parallel(std::uint64_t n, F&& f, std::uint32_t max_threads = 0) const {
    struct call {
      const ctx* self;
      std::remove_reference_t<F>* f;
    } user{this, std::addressof(f)};
    const auto body = [](void* p, std::uint64_t i) -> ganger_status {
      const auto* c = static_cast<call*>(p);
      return c->self->guard([&] { (*c->f)(i); });
    };
    switch (const auto s = host_->parallel(ctx_, n, body, &user, max_threads)) {
      case GANGER_OK:
        return;
      case GANGER_CANCELLED:
        throw stopped();
      default:
        throw told(s, "a part of the work failed");
    }
  }

  /// Runs f and turns how it ends into a status; where every exception of a plugin ends.
  template <class F>
  ganger_status guard(F&& f) const noexcept {
    try {
      f();
      return GANGER_OK;
    } catch (const stopped&) {
      return GANGER_CANCELLED;
    } catch (const told& e) {
      return e.status();
    } catch (const error& e) {
      return host_->fail(ctx_, e.status(), str(what_of(e)));
    } catch (const std::bad_alloc&) {
      return host_->fail(ctx_, GANGER_NO_MEMORY, str("out of memory"));
    } catch (const std::exception& e) {
      return host_->fail(ctx_, GANGER_FAILED, str(what_of(e)));
    } catch (...) {
      return host_->fail(ctx_, GANGER_BUG, str("an exception of unknown type"));
    }
  }

  const ganger_host* host() const noexcept { return host_; }
  ganger_ctx* handle() const noexcept { return ctx_; }

  static constexpr std::chrono::nanoseconds job_wait{-1};

 private:
  // A failure that the host knows more about than what() says: it has kept the reason already.
  struct told : error {
    using error::error;
  };
  static std::string_view what_of(const std::exception& e) noexcept {
    const char* what = e.what();
    return what != nullptr ? what : "an exception that says nothing";
  }
  static std::string missing(const char* what, const char* name) {
    return std::string("no ") + what + " '" + name + "'";
  }
  static std::chrono::steady_clock::time_point at(std::int64_t ns) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns));
  }
  const ganger_clock_api* clock() const {
    return static_cast<const ganger_clock_api*>(host_->get_interface(GANGER_CLOCK_INTERFACE));
  }
  // Returns when a stop comes, after `longest`, or earlier.
  void wait_for_stop(std::chrono::nanoseconds longest) const {
    pollfd p{stop_fd(), POLLIN, 0};
    const std::int64_t most_ms = p.fd >= 0 ? 1'000'000 : 10;  // without a descriptor ask again soon
    poll(&p, p.fd >= 0 ? 1 : 0, static_cast<int>(std::min(longest.count() / 1'000'000 + 1, most_ms)));
  }
  const ganger_host* host_;
  ganger_ctx* ctx_;
};

}  // namespace ganger

#endif  // GANGER_CTX_HPP
