// ganger/testing_value.hpp - values that own their text, and defaults read as the program reads them; part of
// ganger/testing.hpp.
#ifndef GANGER_TESTING_VALUE_HPP
#define GANGER_TESTING_VALUE_HPP

#include <ganger/plugin.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <ganger/value.hpp>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ganger::testing {

/// A value with its text owned, made of whatever ctx::out() takes: true, 4, 1.5, "text", a path, a duration.
class value {
 public:
  value() = default;
  template <class T, class = decltype(ganger::detail::value_of(std::declval<const T&>()))>
  value(const T& v) : value(ganger::detail::value_of(v)) {}  // not explicit: h.param("n", 4)
  explicit value(const ganger_value& v) : plain_(v) {
    if (!is_text()) return;
    text_ = view(v.u.s);
    plain_.u.i = 0;
  }
  static value secret(std::string_view text) { return value(text).tagged(GANGER_SECRET); }
  static value bytes(std::int64_t count) { return value(count).tagged(GANGER_SIZE); }

  std::uint32_t type() const { return plain_.type; }
  bool is_text() const {
    return plain_.type == GANGER_STR || plain_.type == GANGER_PATH || plain_.type == GANGER_SECRET;
  }
  /// As a task would read it; throws ganger::error when it is of another type.
  template <class T>
  T as() const {
    return ganger::detail::read_value<T>(borrowed(), "value");
  }
  /// The C form. Lifetime: its text is this value's.
  ganger_value borrowed() const& {
    ganger_value v = plain_;
    if (is_text()) v.u.s = str(text_);
    return v;
  }
  ganger_value borrowed() const&& = delete;
  /// The same content with another tag of the same kind (text or integer).
  value tagged(std::uint32_t type) const {
    value v = *this;
    v.plain_.type = type;
    return v;
  }
  /// As messages and choices show it.
  std::string shown() const {
    if (is_text()) return text_;
    if (plain_.type == GANGER_NONE) return "nothing";
    if (plain_.type == GANGER_BOOL) return plain_.u.i != 0 ? "true" : "false";
    if (plain_.type == GANGER_F64) return std::to_string(plain_.u.f);
    return std::to_string(plain_.u.i) + (plain_.type == GANGER_DURATION_NS ? "ns" : "");
  }

  /// Text equals text and a number a number, whether it is a path, a secret or a size besides.
  friend bool operator==(const value& a, const value& b) {
    if (a.is_text() || b.is_text()) return a.is_text() && b.is_text() && a.text_ == b.text_;
    const auto kind = [](const value& v) { return v.type() == GANGER_SIZE ? std::uint32_t{GANGER_I64} : v.type(); };
    if (kind(a) != kind(b)) return false;
    if (a.type() == GANGER_F64) return std::equal_to<>()(a.plain_.u.f, b.plain_.u.f);
    return a.plain_.u.i == b.plain_.u.i;
  }
  friend bool operator!=(const value& a, const value& b) { return !(a == b); }
  friend std::ostream& operator<<(std::ostream& out, const value& v) {
    return v.is_text() ? out << '"' << v.text_ << '"' : out << v.shown();
  }

 private:
  ganger_value plain_{};
  std::string text_;
};

/// One element, or those of a list.
using values = std::vector<value>;

/// "250ms", "1h30m", "1.5s" in nanoseconds, "64KiB" in bytes. Throws ganger::error when it is neither.
inline std::int64_t read_quantity(std::string_view text, std::uint32_t type) {
  static constexpr std::pair<std::string_view, double> times[] = {
      {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  static constexpr std::pair<std::string_view, double> sizes[] = {{"", 1},
                                                                  {"B", 1},
                                                                  {"kB", 1e3},
                                                                  {"KB", 1e3},
                                                                  {"MB", 1e6},
                                                                  {"GB", 1e9},
                                                                  {"TB", 1e12},
                                                                  {"KiB", 1024.0},
                                                                  {"MiB", 1048576.0},
                                                                  {"GiB", 1073741824.0},
                                                                  {"TiB", 1099511627776.0}};
  const bool is_time = type == GANGER_DURATION_NS;
  const auto* const first = is_time ? std::begin(times) : std::begin(sizes);
  const auto* const last = is_time ? std::end(times) : std::end(sizes);
  const error wrong(GANGER_BAD_PARAM, "\"" + std::string(text) + "\" is not a " + (is_time ? "duration" : "size"));

  std::int64_t total = 0;
  std::string_view rest = text;
  do {
    const auto number = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto unit = std::min(rest.find_first_of("0123456789", number), rest.size()) - number;
    const auto* const u =
        std::find_if(first, last, [&](const auto& known) { return known.first == rest.substr(number, unit); });
    if (number == 0 || rest[0] == '.' || u == last) throw wrong;
    total += std::llround(std::strtod(std::string(rest.substr(0, number)).c_str(), nullptr) * u->second);
    rest.remove_prefix(number + unit);
  } while (is_time && !rest.empty());
  if (!rest.empty()) throw wrong;
  return total;
}

/// Makes `v` the type a parameter declares, as the program does with what a job file says: an integer is a number and
/// a size too, text is a path, a secret, a duration or a size. Throws ganger::error when it is of another type.
inline value converted(const value& v, std::uint32_t type) {
  if (v.is_text()) {
    const auto text = v.as<std::string>();
    if (type == GANGER_STR || type == GANGER_SECRET) return v.tagged(type);
    if (type == GANGER_PATH) return value(text.empty() ? std::filesystem::path() : std::filesystem::absolute(text));
    if (type == GANGER_DURATION_NS) return value(std::chrono::nanoseconds(read_quantity(text, type)));
    if (type == GANGER_SIZE) return value::bytes(read_quantity(text, type));
  }
  if (v.type() == type) return v;
  if (v.type() == GANGER_I64 && type == GANGER_SIZE) return v.tagged(type);
  if (v.type() == GANGER_I64 && type == GANGER_F64) return value(v.as<double>());
  throw error(GANGER_BAD_PARAM, v.shown() + " is not of the type that the parameter declares");
}

/// Reads the default of a parameter: a TOML string, integer, float, boolean, or an array of them. As in the program,
/// text, paths, durations and sizes need no quotes.
class default_reader {
 public:
  default_reader(std::string_view text, std::uint32_t type)
      : text_(text), rest_(text), is_word_(type == GANGER_BOOL || type == GANGER_I64 || type == GANGER_F64) {}

  values read(bool is_list) {
    values all;
    if (!is_list) {
      all.push_back(element(""));
    } else {
      take('[');
      while (peek() != ']') {
        all.push_back(element(",]"));
        if (peek() != ']') take(',');
      }
      take(']');
    }
    if (peek() != '\0') throw wrong();
    return all;
  }

 private:
  error wrong() const { return {GANGER_BAD_PARAM, "the default " + std::string(text_) + " is not a TOML value"}; }
  char peek() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_[0];
  }
  void take(char c) {
    if (peek() != c) throw wrong();
    rest_.remove_prefix(1);
  }
  value element(const char* ends) {
    const char c = peek();
    if (c == '"' || c == '\'') return text(c);
    std::string bare(rest_.substr(0, std::min(rest_.find_first_of(ends), rest_.size())));
    rest_.remove_prefix(bare.size());
    bare.erase(bare.find_last_not_of(" \t") + 1);
    return is_word_ ? word(std::move(bare)) : value(bare);
  }
  value text(char quote) {
    std::string s;
    for (rest_.remove_prefix(1); !rest_.empty() && rest_[0] != quote; rest_.remove_prefix(1)) {
      if (rest_[0] != '\\' || quote == '\'') {
        s += rest_[0];
        continue;
      }
      rest_.remove_prefix(1);
      const auto escape = std::string_view("\"\\nt").find(rest_.empty() ? '\0' : rest_[0]);
      if (escape == std::string_view::npos) throw wrong();
      s += "\"\\\n\t"[escape];
    }
    take(quote);
    return value(s);
  }
  value word(std::string w) const {
    if (w == "true" || w == "false") return value(w == "true");
    w.erase(std::remove(w.begin(), w.end(), '_'), w.end());
    char* end = nullptr;
    const bool is_integer = w.find_first_of(".eEn") == std::string::npos;
    const value v = is_integer ? value(std::strtoll(w.c_str(), &end, 10)) : value(std::strtod(w.c_str(), &end));
    if (w.empty() || *end != '\0') throw wrong();
    return v;
  }

  std::string_view text_, rest_;
  bool is_word_;  // bare text is true, false or a number
};

/// What a parameter without a default reads as.
inline value nothing_of(std::uint32_t type) {
  if (type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET) return value("").tagged(type);
  if (type == GANGER_F64) return value(0.0);
  return value(0).tagged(type);
}

}  // namespace ganger::testing

#endif  // GANGER_TESTING_VALUE_HPP
