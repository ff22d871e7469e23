// ganger/value.hpp - ganger_value and ganger_str as C++ types; part of ganger/plugin.hpp.
#ifndef GANGER_VALUE_HPP
#define GANGER_VALUE_HPP

#include <ganger/plugin.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace ganger {

/// Thrown to end run() or open() with a status and a reason.
class error : public std::runtime_error {
 public:
  error(ganger_status status, const std::string& why) : std::runtime_error(why), status_(status) {}
  explicit error(const std::string& why) : error(GANGER_FAILED, why) {}
  ganger_status status() const noexcept { return status_; }

 private:
  ganger_status status_;
};

inline std::string_view view(ganger_str s) noexcept { return {s.p, static_cast<std::size_t>(s.n)}; }
inline ganger_str str(std::string_view s) noexcept { return {s.data(), s.size()}; }

// Two plugins in one process must not share what is kept in a namespace marked so.
#define GANGER_HIDDEN [[gnu::visibility("hidden")]]

namespace GANGER_HIDDEN detail {

template <class T>
inline constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <class T>
inline constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>;
template <class T>
inline constexpr bool is_value = std::is_same_v<T, bool> || is_integer<T> || std::is_floating_point_v<T> ||
                                 is_text<T> || std::is_same_v<T, std::chrono::nanoseconds>;

/// May a value with this tag be read as T?
template <class T>
bool fits(std::uint32_t type) noexcept {
  if constexpr (std::is_same_v<T, bool>)
    return type == GANGER_BOOL;
  else if constexpr (std::is_floating_point_v<T>)
    return type == GANGER_F64 || type == GANGER_I64;
  else if constexpr (is_text<T>)
    return type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET;
  else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>)
    return type == GANGER_DURATION_NS;
  else
    return type == GANGER_I64 || type == GANGER_SIZE || type == GANGER_DURATION_NS;
}

/// Is `i` a value of the integer type T?
template <class T>
constexpr bool in_range(std::int64_t i) noexcept {
  if constexpr (std::is_unsigned_v<T>)
    return i >= 0 && static_cast<std::uint64_t>(i) <= std::numeric_limits<T>::max();
  else
    return i >= std::numeric_limits<T>::min() && i <= std::numeric_limits<T>::max();
}

/// Reads `v`, which is called `name` where it comes from, as T.
template <class T>
T read_value(const ganger_value& v, const char* name) {
  static_assert(is_value<T>, "a value is bool, a number, std::string, std::filesystem::path or nanoseconds");
  if (!fits<T>(v.type)) throw error(GANGER_BUG, std::string("'") + name + "' is read as another type than it has");
  if constexpr (std::is_same_v<T, bool>)
    return v.u.i != 0;
  else if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(v.type == GANGER_F64 ? v.u.f : static_cast<double>(v.u.i));
  else if constexpr (is_text<T>)
    return T(view(v.u.s));
  else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>)
    return std::chrono::nanoseconds(v.u.i);
  else {
    if (!in_range<T>(v.u.i))
      throw error(GANGER_BAD_PARAM, std::string("'") + name + "' is out of range: " + std::to_string(v.u.i));
    return static_cast<T>(v.u.i);
  }
}

inline ganger_value integer_value(std::uint32_t type, std::int64_t i) noexcept {
  ganger_value v{type, 0, {}};
  v.u.i = i;
  return v;
}
inline ganger_value text_value(std::uint32_t type, std::string_view s) noexcept {
  ganger_value v{type, 0, {}};
  v.u.s = str(s);
  return v;
}

// Each overload makes the value of one C++ type; text is not copied. bool is a template so that no
// pointer becomes one.
template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
ganger_value value_of(T b) noexcept {
  return integer_value(GANGER_BOOL, b ? 1 : 0);
}
template <class T, std::enable_if_t<is_integer<T>, int> = 0>
ganger_value value_of(T i) {
  if constexpr (std::is_unsigned_v<T>)
    if (static_cast<std::uint64_t>(i) > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      throw error(GANGER_BAD_PARAM, "too large for a value: " + std::to_string(i));
  return integer_value(GANGER_I64, static_cast<std::int64_t>(i));
}
inline ganger_value value_of(double f) noexcept {
  ganger_value v{GANGER_F64, 0, {}};
  v.u.f = f;
  return v;
}
inline ganger_value value_of(std::string_view s) noexcept { return text_value(GANGER_STR, s); }
inline ganger_value value_of(const char* s) noexcept { return text_value(GANGER_STR, s); }
inline ganger_value value_of(const std::string& s) noexcept { return text_value(GANGER_STR, s); }
inline ganger_value value_of(const std::filesystem::path& p) noexcept { return text_value(GANGER_PATH, p.native()); }
inline ganger_value value_of(std::chrono::nanoseconds d) noexcept {
  return integer_value(GANGER_DURATION_NS, d.count());
}

}  // namespace detail

}  // namespace ganger

#endif  // GANGER_VALUE_HPP
