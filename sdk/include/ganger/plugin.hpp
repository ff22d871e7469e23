// ganger/plugin.hpp - the plugin ABI for C++17 and later: a task type is a class with a run(), a pool kind a class
// with an open() and a close(), and GANGER_PLUGIN() lists them.
//
//   #include <ganger/plugin.hpp>
//   struct Greet {
//     static constexpr const char* name = "greet";
//     static constexpr const char* summary = "Says hello";
//     static constexpr ganger::param params[] = {{"who", GANGER_STR, "whom to greet", "\"world\""}};
//     void run(ganger::ctx& c) {
//       c.info("hello, " + c.get<std::string>("who"));
//       c.out("greeted", c.get<std::string>("who"));
//     }
//   };
//   GANGER_PLUGIN("hello", "1.0.0", Greet)
//
// run() ends well by returning. It ends otherwise by throwing: ganger::error(status, why) for a failure,
// ganger::stopped when the host asked it to stop; any other exception is a failure with its what(). No exception
// leaves the plugin: each call from the host goes through guard().
//
// Optional members of a task type: flags (ganger::heavy | ...), params, needs, static void check(ganger::ctx&).
// Members of a pool kind: name, summary, interface, static const Api* api(), static T* open(ganger::ctx&),
// static void close(T*); optional: flags, params, static bool check(T*), static bool reset(T*).
#ifndef GANGER_PLUGIN_HPP
#define GANGER_PLUGIN_HPP

#include <ganger/plugin.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ganger {

inline constexpr std::uint32_t heavy = GANGER_TASK_HEAVY;
inline constexpr std::uint32_t idempotent = GANGER_TASK_IDEMPOTENT;
inline constexpr std::uint32_t isolate = GANGER_TASK_ISOLATE;
inline constexpr std::uint32_t exclusive = GANGER_TASK_EXCLUSIVE;
inline constexpr std::uint32_t required = GANGER_PARAM_REQUIRED;
inline constexpr std::uint32_t list = GANGER_PARAM_LIST;

/// A parameter, as ganger_param says.
struct param {
  const char* name;
  std::uint32_t type;
  const char* help;
  const char* def = nullptr;
  std::uint32_t flags = 0;
  const char* choices = nullptr;
};

/// Something run() borrows, as ganger_need says.
struct need {
  const char* interface;
  const char* param = nullptr;
  std::uint32_t count = 1;
};

/// Thrown to end run() or open() with a status and a reason.
class error : public std::exception {
 public:
  error(ganger_status status, std::string why) : status_(status), why_(std::move(why)) {}
  explicit error(std::string why) : error(GANGER_FAILED, std::move(why)) {}
  const char* what() const noexcept override { return why_.c_str(); }
  ganger_status status() const noexcept { return status_; }

 private:
  ganger_status status_;
  std::string why_;
};

/// Thrown where the task should end because the host asked for it. Let it pass.
class stopped {};

inline std::string_view view(ganger_str s) { return {s.p, static_cast<std::size_t>(s.n)}; }
inline ganger_str str(std::string_view s) { return {s.data(), s.size()}; }

// Hidden: two plugins in one process must not share what is kept here.
namespace detail __attribute__((visibility("hidden"))) {

  template <class T>
  inline constexpr bool always_false = false;

  template <class T>
  T from_value(const ganger_value& v) {
    if constexpr (std::is_same_v<T, bool>)
      return v.u.i != 0;
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(v.type == GANGER_F64 ? v.u.f : static_cast<double>(v.u.i));
    else if constexpr (std::is_integral_v<T>)
      return static_cast<T>(v.u.i);
    else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>)
      return std::chrono::nanoseconds(v.u.i);
    else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>)
      return T(view(v.u.s));
    else
      static_assert(always_false<T>, "a value is bool, a number, std::string, std::filesystem::path or nanoseconds");
  }

  template <class T>
  bool fits(std::uint32_t type) {
    const bool text = type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET;
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) return text;
    if constexpr (std::is_floating_point_v<T>) return type == GANGER_F64 || type == GANGER_I64;
    return !text && type != GANGER_F64 && type != GANGER_NONE;
  }

  // Each overload makes the value of one C++ type; text is not copied.
  inline ganger_value value_of(bool b) {
    ganger_value v{GANGER_BOOL, 0, {}};
    v.u.i = b;
    return v;
  }
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  ganger_value value_of(T i) {
    ganger_value v{GANGER_I64, 0, {}};
    v.u.i = static_cast<std::int64_t>(i);
    return v;
  }
  inline ganger_value value_of(double f) {
    ganger_value v{GANGER_F64, 0, {}};
    v.u.f = f;
    return v;
  }
  inline ganger_value value_of(std::string_view s) {
    ganger_value v{GANGER_STR, 0, {}};
    v.u.s = str(s);
    return v;
  }
  inline ganger_value value_of(const char* s) { return value_of(std::string_view(s)); }
  inline ganger_value value_of(const std::string& s) { return value_of(std::string_view(s)); }
  inline ganger_value value_of(const std::filesystem::path& p) {
    ganger_value v = value_of(std::string_view(p.native()));
    v.type = GANGER_PATH;
    return v;
  }
  inline ganger_value value_of(std::chrono::nanoseconds d) {
    ganger_value v{GANGER_DURATION_NS, 0, {}};
    v.u.i = d.count();
    return v;
  }

}  // namespace )

/// A borrowed resource; goes back to its pool at the end of the scope, as SUSPECT when an exception ends it.
/// `lease->f(lease.handle(), ...)` calls the provider. Thread: any, one at a time.
template <class Api>
class lease {
 public:
  lease(const ganger_host* host, ganger_ctx* ctx, ganger_lease l) : host_(host), ctx_(ctx), lease_(l) {}
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

  const Api* operator->() const { return static_cast<const Api*>(lease_.api); }
  void* handle() const { return lease_.handle; }
  std::uint64_t id() const { return lease_.id; }

  /// Gives it back now, to be closed instead of used again.
  void broken() { give_back(GANGER_LEASE_BROKEN); }
  /// Gives it back now.
  void release() { give_back(GANGER_LEASE_CLEAN); }

 private:
  void give_back(std::uint32_t state) {
    if (lease_.id != 0) host_->release(ctx_, &lease_, state);
    lease_ = {};
  }
  const ganger_host* host_;
  ganger_ctx* ctx_;
  ganger_lease lease_;
  int depth_ = std::uncaught_exceptions();
};

/// Calls `f` on a host thread once the task should end, as long as this object lives. f must not block or throw.
template <class F>
class stop_callback {
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
  std::uint64_t token_;
};

/// What a task has of its host; made anew for each call. Every member may be called from any thread that works for
/// the run. Those that can fail throw ganger::error, those that wait throw ganger::stopped when the task should end.
class ctx {
 public:
  ctx(const ganger_host* host, ganger_ctx* handle) : host_(host), ctx_(handle) {}

  /// A parameter; its default when the job does not give it. T: bool, a number, std::string, std::filesystem::path,
  /// std::chrono::nanoseconds.
  template <class T>
  T get(const char* name) const {
    ganger_value v{};
    if (host_->param(ctx_, name, 0, &v) != GANGER_OK) throw error(GANGER_BUG, missing("parameter", name));
    return typed<T>(v, name);
  }

  /// A list parameter.
  template <class T>
  std::vector<T> get_list(const char* name) const {
    std::vector<T> all;
    ganger_value v{};
    for (std::uint64_t i = 0; host_->param(ctx_, name, i, &v) == GANGER_OK; ++i) all.push_back(typed<T>(v, name));
    return all;
  }

  /// Output `name` of task `task`, which this one comes after.
  template <class T>
  T input(const char* task, const char* name) const {
    ganger_value v{};
    if (host_->input(ctx_, task, name, &v) != GANGER_OK)
      throw error(GANGER_NO_RESOURCE, missing("output", (std::string(task) + "." + name).c_str()));
    return typed<T>(v, name);
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

  /// Sleeps, but not past a stop. Throws ganger::stopped when there is one.
  void sleep_for(std::chrono::nanoseconds d) const {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + d;
    for (;;) {
      throw_if_stopped();
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - clock::now());
      if (left.count() <= 0) return;
      const auto ms = left.count() / 1'000'000 + 1;
      pollfd p{stop_fd(), POLLIN, 0};
      // Without a descriptor, ask again every 10 ms.
      poll(&p, p.fd >= 0 ? 1 : 0,
           static_cast<int>(ms < (p.fd >= 0 ? 1'000'000 : 10) ? ms : (p.fd >= 0 ? 1'000'000 : 10)));
    }
  }

  /// When this attempt should be over; none = never. On std::chrono::steady_clock.
  std::optional<std::chrono::steady_clock::time_point> deadline() const {
    const std::int64_t ns = host_->deadline_ns(ctx_);
    if (ns == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns));
  }

  void progress(std::uint64_t done, std::uint64_t total, std::string_view what = {}) const {
    host_->progress(ctx_, done, total, str(what));
  }

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
        throw kept(s);
    }
  }

  /// Calls f(0) ... f(n-1) on this thread and on free workers; returns when all have ended. An exception of one stops
  /// the others and is thrown here, translated to ganger::error.
  template <class F>
  void parallel(std::uint64_t n, F&& f, std::uint32_t max_threads = 0) const {
    struct Call {
      const ctx* self;
      std::remove_reference_t<F>* f;
    } call{this, &f};
    const auto body = [](void* user, std::uint64_t i) -> ganger_status {
      auto* c = static_cast<Call*>(user);
      return c->self->guard([&] { (*c->f)(i); });
    };
    switch (const auto s = host_->parallel(ctx_, n, body, &call, max_threads)) {
      case GANGER_OK:
        return;
      case GANGER_CANCELLED:
        throw stopped();
      default:
        throw kept(s);
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
    } catch (const kept& k) {
      return k.status;
    } catch (const error& e) {
      return host_->fail(ctx_, e.status(), str(e.what()));
    } catch (const std::bad_alloc&) {
      return host_->fail(ctx_, GANGER_NO_MEMORY, str("out of memory"));
    } catch (const std::exception& e) {
      return host_->fail(ctx_, GANGER_FAILED, str(e.what()));
    } catch (...) {
      return host_->fail(ctx_, GANGER_BUG, str("an exception of unknown type"));
    }
  }

  const ganger_host* host() const { return host_; }
  ganger_ctx* handle() const { return ctx_; }

  static constexpr std::chrono::nanoseconds job_wait{-1};

 private:
  // A failure whose text the host has already.
  struct kept {
    explicit kept(ganger_status s) : status(s) {}
    ganger_status status;
  };
  static std::string missing(const char* what, const char* name) {
    return std::string("no ") + what + " '" + name + "'";
  }
  template <class T>
  static T typed(const ganger_value& v, const char* name) {
    if (!detail::fits<T>(v.type))
      throw error(GANGER_BUG, std::string("'") + name + "' is read as another type than it has");
    return detail::from_value<T>(v);
  }
  const ganger_host* host_;
  ganger_ctx* ctx_;
};

namespace detail __attribute__((visibility("hidden"))) {

  template <class T, class = void>
  struct has_run : std::false_type {};
  template <class T>
  struct has_run<T, std::void_t<decltype(&T::run)>> : std::true_type {};

  template <class T, class = void>
  struct has_check : std::false_type {};
  template <class T>
  struct has_check<T, std::void_t<decltype(&T::check)>> : std::true_type {};

  template <class T, class = void>
  struct has_reset : std::false_type {};
  template <class T>
  struct has_reset<T, std::void_t<decltype(&T::reset)>> : std::true_type {};

  template <class T, class = void>
  struct flags_of : std::integral_constant<std::uint32_t, 0> {};
  template <class T>
  struct flags_of<T, std::void_t<decltype(T::flags)>> : std::integral_constant<std::uint32_t, T::flags> {};

  // Turns the params and needs of a class into the arrays of pointers that the C ABI wants.
  template <class T, class = void>
  struct params_of {
    static const ganger_param* const* get() { return nullptr; }
  };
  template <class T>
  struct params_of<T, std::void_t<decltype(T::params)>> {
    static constexpr std::size_t n = std::extent_v<decltype(T::params)>;
    static const ganger_param* const* get() {
      static const auto all = [] {
        std::array<ganger_param, n> a{};
        for (std::size_t i = 0; i < n; ++i) {
          const param& p = T::params[i];
          a[i] = {sizeof(ganger_param), p.type, p.flags, 0, p.name, p.help, p.def, p.choices};
        }
        return a;
      }();
      static const auto pointers = [] {
        std::array<const ganger_param*, n + 1> a{};
        for (std::size_t i = 0; i < n; ++i) a[i] = &all[i];
        return a;
      }();
      return pointers.data();
    }
  };

  template <class T, class = void>
  struct needs_of {
    static const ganger_need* const* get() { return nullptr; }
  };
  template <class T>
  struct needs_of<T, std::void_t<decltype(T::needs)>> {
    static constexpr std::size_t n = std::extent_v<decltype(T::needs)>;
    static const ganger_need* const* get() {
      static const auto all = [] {
        std::array<ganger_need, n> a{};
        for (std::size_t i = 0; i < n; ++i)
          a[i] = {sizeof(ganger_need), T::needs[i].count, T::needs[i].interface, T::needs[i].param};
        return a;
      }();
      static const auto pointers = [] {
        std::array<const ganger_need*, n + 1> a{};
        for (std::size_t i = 0; i < n; ++i) a[i] = &all[i];
        return a;
      }();
      return pointers.data();
    }
  };

  template <class T>
  const ganger_task* describe_task() {
    static const ganger_task t = [] {
      ganger_task d{};
      d.struct_size = sizeof(ganger_task);
      d.flags = flags_of<T>::value;
      d.name = T::name;
      d.summary = T::summary;
      d.params = params_of<T>::get();
      d.needs = needs_of<T>::get();
      if constexpr (has_check<T>::value)
        d.check = [](const ganger_host* h, ganger_ctx* x, void*) -> ganger_status {
          ctx c(h, x);
          return c.guard([&] { T::check(c); });
        };
      d.run = [](const ganger_host* h, ganger_ctx* x, void*) -> ganger_status {
        ctx c(h, x);
        return c.guard([&] { T().run(c); });
      };
      return d;
    }();
    return &t;
  }

  template <class T>
  const ganger_pool_kind* describe_pool_kind() {
    using handle = decltype(T::open(std::declval<ctx&>()));  // a pointer
    static const ganger_pool_kind k = [] {
      ganger_pool_kind d{};
      d.struct_size = sizeof(ganger_pool_kind);
      d.flags = flags_of<T>::value;
      d.name = T::name;
      d.summary = T::summary;
      d.interface = T::interface;
      d.api = T::api();
      d.params = params_of<T>::get();
      d.open = [](const ganger_host* h, ganger_ctx* x, void*, void** out) -> ganger_status {
        ctx c(h, x);
        return c.guard([&] { *out = T::open(c); });
      };
      if constexpr (has_check<T>::value)
        d.check = [](void*, void* p) -> ganger_status {
          try {
            return T::check(static_cast<handle>(p)) ? GANGER_OK : GANGER_FAILED;
          } catch (...) {
            return GANGER_BUG;
          }
        };
      if constexpr (has_reset<T>::value)
        d.reset = [](void*, void* p) -> ganger_status {
          try {
            return T::reset(static_cast<handle>(p)) ? GANGER_OK : GANGER_FAILED;
          } catch (...) {
            return GANGER_BUG;
          }
        };
      d.close = [](void*, void* p) {
        try {
          T::close(static_cast<handle>(p));
        } catch (...) {  // nobody is left to tell
        }
      };
      return d;
    }();
    return &k;
  }

  template <class... Ts>
  const ganger_plugin* describe_plugin(const char* id, const char* version, const char* license) {
    // One slot a class and one for the NULL at the end, in each of the two arrays.
    struct Lists {
      const ganger_task* tasks[sizeof...(Ts) + 1];
      const ganger_pool_kind* kinds[sizeof...(Ts) + 1];
    };
    static const Lists lists = [] {
      Lists l{};
      std::size_t t = 0, k = 0;
      const auto add = [&](auto* tag) {
        using T = std::remove_pointer_t<decltype(tag)>;
        if constexpr (has_run<T>::value)
          l.tasks[t++] = describe_task<T>();
        else
          l.kinds[k++] = describe_pool_kind<T>();
      };
      (add(static_cast<Ts*>(nullptr)), ...);
      return l;
    }();
    static const ganger_plugin p = [&] {
      ganger_plugin d{};
      d.struct_size = sizeof(ganger_plugin);
      d.abi_minor = GANGER_ABI_MINOR;
      d.min_host_minor = 0;
      d.id = id;
      d.version = version;
      d.license = license;
      d.tasks = lists.tasks;
      d.pool_kinds = lists.kinds;
      return d;
    }();
    return &p;
  }

  // The host of this plugin, for code without a ctx (a pool kind's close).
  inline const ganger_host* host = nullptr;

}  // namespace )

/// Logs where there is no ctx: in check, reset and close of a pool kind.
inline void log(std::int32_t level, std::string_view line) {
  if (detail::host) detail::host->log(nullptr, level, str(line));
}

}  // namespace ganger

/// The plugin: its id, its version, then its task types and pool kinds. Once a library.
#define GANGER_PLUGIN(id, version, ...) GANGER_PLUGIN_LICENSED(id, version, nullptr, __VA_ARGS__)
/// The same with an SPDX licence expression.
#define GANGER_PLUGIN_LICENSED(id, version, license, ...)                                   \
  extern "C" GANGER_EXPORT const ganger_plugin* ganger_plugin_v1(const ganger_host* host) { \
    ganger::detail::host = host;                                                            \
    return ganger::detail::describe_plugin<__VA_ARGS__>(id, version, license);              \
  }

#endif  // GANGER_PLUGIN_HPP
