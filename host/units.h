// Durations and sizes as people write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ganger::host {

/// "250ms 30s 10m 2h 1d" (also us, ns, and sums such as "1h30m", "1.5s") in nanoseconds. Nothing when the text is not
/// a duration, is negative or does not fit.
std::optional<std::int64_t> parse_duration(std::string_view text);
/// "64KiB 10MB 2GiB 512B 512" in bytes. Nothing when the text is not a size or does not fit.
std::optional<std::int64_t> parse_size(std::string_view text);

/// A whole number of the largest unit that gives one, which parse_duration() reads back: "90s", "1500ms", "2h".
std::string format_duration(std::int64_t ns);
/// The unit with the fewest digits, which parse_size() reads back: "64KiB", "10MB", "513".
std::string format_size(std::int64_t bytes);

/// A time for people, three digits: "412ns", "3.21ms", "12.4s", "2m05s", "1h02m".
std::string human_time(std::int64_t ns);

}  // namespace ganger::host
