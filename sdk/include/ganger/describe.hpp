// ganger/describe.hpp - turns the classes of an author into the description that ganger_plugin_v1() returns; part of
// ganger/plugin.hpp.
#ifndef GANGER_DESCRIBE_HPP
#define GANGER_DESCRIBE_HPP

#include <ganger/plugin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ganger/ctx.hpp>
#include <iterator>
#include <type_traits>
#include <utility>

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

namespace GANGER_HIDDEN detail {

// Which of the optional members has T? By their names alone: one that is there with the wrong arguments must not
// compile, where a test of the whole call would take it for one that is not there.
template <class T, class = void>
struct has_run : std::false_type {};
template <class T>
struct has_run<T, std::void_t<decltype(&T::run)>> : std::true_type {};

template <class T, class = void>
struct has_open : std::false_type {};
template <class T>
struct has_open<T, std::void_t<decltype(&T::open)>> : std::true_type {};

template <class T, class = void>
struct has_check : std::false_type {};
template <class T>
struct has_check<T, std::void_t<decltype(&T::check)>> : std::true_type {};

template <class T, class = void>
struct has_reset : std::false_type {};
template <class T>
struct has_reset<T, std::void_t<decltype(&T::reset)>> : std::true_type {};

template <class T, class = void>
struct has_params : std::false_type {};
template <class T>
struct has_params<T, std::void_t<decltype(T::params)>> : std::true_type {};

template <class T, class = void>
struct has_needs : std::false_type {};
template <class T>
struct has_needs<T, std::void_t<decltype(T::needs)>> : std::true_type {};

template <class T, class = void>
struct flags_of : std::integral_constant<std::uint32_t, 0> {};
template <class T>
struct flags_of<T, std::void_t<decltype(T::flags)>> : std::integral_constant<std::uint32_t, T::flags> {};

inline ganger_param c_form(const param& p) {
  return {sizeof(ganger_param), p.type, p.flags, 0, p.name, p.help, p.def, p.choices};
}
inline ganger_need c_form(const need& n) { return {sizeof(ganger_need), n.count, n.interface, n.param}; }

// The array of pointers, ended by NULL, that the C ABI wants, and what it points to. Does not move.
template <class C, std::size_t N>
struct c_list {
  template <class List>
  explicit c_list(const List& list) {
    for (std::size_t i = 0; i < N; ++i) {
      items[i] = c_form(list[i]);
      pointers[i] = &items[i];
    }
  }
  c_list(const c_list&) = delete;
  c_list& operator=(const c_list&) = delete;

  std::array<C, N> items{};
  std::array<const C*, N + 1> pointers{};
};

template <class T>
const ganger_param* const* params_of() {
  if constexpr (has_params<T>::value) {
    static const c_list<ganger_param, std::size(T::params)> all(T::params);
    return all.pointers.data();
  } else {
    return nullptr;
  }
}

template <class T>
const ganger_need* const* needs_of() {
  if constexpr (has_needs<T>::value) {
    static const c_list<ganger_need, std::size(T::needs)> all(T::needs);
    return all.pointers.data();
  } else {
    return nullptr;
  }
}

template <class T>
const ganger_task* describe_task() {
  static const ganger_task t = [] {
    ganger_task d{};
    d.struct_size = sizeof(ganger_task);
    d.flags = flags_of<T>::value;
    d.name = T::name;
    d.summary = T::summary;
    d.params = params_of<T>();
    d.needs = needs_of<T>();
    if constexpr (has_check<T>::value)
      d.check = [](const ganger_host* h, ganger_ctx* x, void*) -> ganger_status {
        ctx c(h, x);
        return c.guard([&] { T::check(c); });
      };
    d.run = [](const ganger_host* h, ganger_ctx* x, void*) -> ganger_status {
      ctx c(h, x);
      const ganger_status status = c.guard([&] { T().run(c); });
      end_tables(x);
      return status;
    };
    return d;
  }();
  return &t;
}

// How check() and reset() of a pool kind end: there is no ctx, so no place for a reason.
template <class F>
ganger_status guard_bool(F&& f) noexcept {
  try {
    return f() ? GANGER_OK : GANGER_FAILED;
  } catch (...) {
    return GANGER_BUG;
  }
}

template <class T>
const ganger_pool_kind* describe_pool_kind() {
  using handle = decltype(T::open(std::declval<ctx&>()));
  static_assert(std::is_pointer_v<handle>, "open() of a pool kind returns a pointer, which close() gets");
  static const ganger_pool_kind k = [] {
    ganger_pool_kind d{};
    d.struct_size = sizeof(ganger_pool_kind);
    d.flags = flags_of<T>::value;
    d.name = T::name;
    d.summary = T::summary;
    d.interface = T::interface;
    d.api = T::api();
    d.params = params_of<T>();
    d.open = [](const ganger_host* h, ganger_ctx* x, void*, void** out) -> ganger_status {
      ctx c(h, x);
      return c.guard([&] {
        const handle opened = T::open(c);
        if (opened == nullptr) throw error(GANGER_BUG, "open() returned nullptr; throw ganger::error instead");
        *out = opened;
      });
    };
    if constexpr (has_check<T>::value)
      d.check = [](void*, void* p) { return guard_bool([&] { return T::check(static_cast<handle>(p)); }); };
    if constexpr (has_reset<T>::value)
      d.reset = [](void*, void* p) { return guard_bool([&] { return T::reset(static_cast<handle>(p)); }); };
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
  static_assert(((has_run<Ts>::value != has_open<Ts>::value) && ...),
                "a task type has one run(ganger::ctx&), a pool kind one open(ganger::ctx&), and neither has both");
  // One slot a class and one for the NULL at the end, in each of the two arrays.
  struct lists {
    const ganger_task* tasks[sizeof...(Ts) + 1];
    const ganger_pool_kind* kinds[sizeof...(Ts) + 1];
  };
  static const lists all = [] {
    lists l{};
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
    d.tasks = all.tasks;
    d.pool_kinds = all.kinds;
    return d;
  }();
  return &p;
}

}  // namespace detail

}  // namespace ganger

#endif  // GANGER_DESCRIBE_HPP
