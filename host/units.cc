#include "host/units.h"

#include <array>
#include <limits>
#include <numeric>
#include <span>

namespace ganger::host {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t value;
};

constexpr std::int64_t kMicrosecond = 1'000, kMillisecond = 1'000'000, kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

// The largest first: what is written in several parts goes down, and what is formatted takes the first that fits.
constexpr std::array kTimeUnits = {
    Unit{"d", kDay},          Unit{"h", kHour},         Unit{"m", kMinute},       Unit{"s", kSecond},
    Unit{"ms", kMillisecond}, Unit{"us", kMicrosecond}, Unit{"µs", kMicrosecond}, Unit{"ns", 1}};
constexpr std::array kSizeUnits = {Unit{"EiB", 1LL << 60}, Unit{"EB", 1'000'000'000'000'000'000},
                                   Unit{"PiB", 1LL << 50}, Unit{"PB", 1'000'000'000'000'000},
                                   Unit{"TiB", 1LL << 40}, Unit{"TB", 1'000'000'000'000},
                                   Unit{"GiB", 1LL << 30}, Unit{"GB", 1'000'000'000},
                                   Unit{"MiB", 1LL << 20}, Unit{"MB", 1'000'000},
                                   Unit{"KiB", 1LL << 10}, Unit{"kB", 1'000},
                                   Unit{"KB", 1'000},      Unit{"B", 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of `text`.
std::string_view take_digits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

std::optional<std::int64_t> to_integer(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value)) return {};
  }
  return value;
}

/// 0.`digits` of `unit`; nothing unless it is a whole number.
std::optional<std::int64_t> fraction_of(std::string_view digits, std::int64_t unit) {
  while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
  if (digits.size() > 18) return {};
  std::int64_t parts = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) parts *= 10;
  const std::int64_t count = *to_integer(digits);

  // count / parts < 1, so that the product below stays under `unit` and cannot overflow.
  const std::int64_t common = std::gcd(parts, unit);
  const std::int64_t indivisible = parts / common;
  if (count % indivisible != 0) return {};
  return count / indivisible * (unit / common);
}

/// Takes "12", "1.5" and the unit behind it from the front of `text`. `unit` is null where none is written.
struct Quantity {
  std::string_view whole, fraction;
  const Unit* unit = nullptr;

  std::optional<std::int64_t> value() const {
    const std::int64_t scale = unit == nullptr ? 1 : unit->value;
    std::optional<std::int64_t> total = to_integer(whole);
    const std::optional<std::int64_t> rest = fraction_of(fraction, scale);
    if (!total || !rest) return {};
    if (__builtin_mul_overflow(*total, scale, &*total) || __builtin_add_overflow(*total, *rest, &*total)) return {};
    return total;
  }
};

std::optional<Quantity> take_quantity(std::string_view& text, std::span<const Unit> units) {
  Quantity q;
  q.whole = take_digits(text);
  if (q.whole.empty()) return {};
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    q.fraction = take_digits(text);
    if (q.fraction.empty()) return {};
  }
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  if (length == 0) return q;
  for (const Unit& unit : units) {
    if (unit.name == text.substr(0, length)) q.unit = &unit;
  }
  if (q.unit == nullptr) return {};
  text.remove_prefix(length);
  return q;
}

/// Its size as an unsigned number, so that the smallest integer has one too.
std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

/// How many `step`s `value` is, the nearest whole number.
std::uint64_t rounded(std::uint64_t value, std::uint64_t step) { return (value + step / 2) / step; }

/// n / parts with as many decimals as `parts` (1, 10, 100) has zeros.
std::string decimal(std::uint64_t n, std::uint64_t parts) {
  std::string text = std::to_string(n / parts);
  if (parts > 1) text += '.' + std::to_string(parts + n % parts).substr(1);
  return text;
}

/// "2m05s": `n` smaller units, of which `ratio` make a larger one.
std::string two_parts(std::uint64_t n, std::uint64_t ratio, char large, char small) {
  const std::string rest = std::to_string(100 + n % ratio).substr(1);
  return std::to_string(n / ratio) + large + rest + small;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return {};
  std::int64_t total = 0;
  std::int64_t unit_before = std::numeric_limits<std::int64_t>::max();
  while (!text.empty()) {
    const std::optional<Quantity> q = take_quantity(text, kTimeUnits);
    if (!q || q->unit == nullptr || q->unit->value >= unit_before) return {};
    unit_before = q->unit->value;
    const std::optional<std::int64_t> part = q->value();
    if (!part || __builtin_add_overflow(total, *part, &total)) return {};
  }
  return total;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::optional<Quantity> q = take_quantity(text, kSizeUnits);
  if (!q || !text.empty()) return {};
  return q->value();
}

std::string format_duration(std::int64_t ns) {
  if (ns == 0) return "0s";
  for (const Unit& unit : kTimeUnits) {
    if (ns % unit.value == 0) return std::to_string(ns / unit.value).append(unit.name);
  }
  return {};
}

std::string format_size(std::int64_t bytes) {
  // The fewest digits; of equals the binary unit, because it comes first.
  std::string best = std::to_string(bytes);
  std::size_t best_digits = best.size();
  for (const Unit& unit : kSizeUnits) {
    if (bytes == 0 || unit.value == 1 || bytes % unit.value != 0) continue;
    const std::string count = std::to_string(bytes / unit.value);
    if (count.size() >= best_digits) continue;
    best_digits = count.size();
    best = count + std::string(unit.name);
  }
  return best;
}

std::string human_time(std::int64_t ns) {
  const std::uint64_t time = magnitude(ns);
  const std::string sign = ns < 0 ? "-" : "";
  if (time < kMicrosecond) return sign + std::to_string(time) + "ns";

  constexpr std::array kScales = {Unit{"us", kMicrosecond}, Unit{"ms", kMillisecond}, Unit{"s", kSecond}};
  for (const Unit& scale : kScales) {
    for (const std::uint64_t parts : {100U, 10U, 1U}) {
      const std::uint64_t n = rounded(time, static_cast<std::uint64_t>(scale.value) / parts);
      const bool is_a_minute = scale.value == kSecond && n >= 60 * parts;
      if (n < 1000 && !is_a_minute) return sign + decimal(n, parts) + std::string(scale.name);
    }
  }
  const std::uint64_t seconds = rounded(time, kSecond);
  if (seconds < 3600) return sign + two_parts(seconds, 60, 'm', 's');
  const std::uint64_t minutes = rounded(time, kMinute);
  if (minutes < 24 * 60) return sign + two_parts(minutes, 60, 'h', 'm');
  return sign + two_parts(rounded(time, kHour), 24, 'd', 'h');
}

}  // namespace ganger::host
