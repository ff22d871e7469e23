// Text from outside, made fit to be shown.
#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace ganger::host {

/// The first code point of some UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  ///< 0 = the text is not UTF-8 here (overlong, surrogate, cut off, stray byte) or is empty
};
CodePoint first_code_point(std::string_view text);

/// How many code points, counting a byte that is no part of one as one.
std::size_t count_code_points(std::string_view text);

/// `text` with every code point that would do something to a terminal (controls, changes of direction) and every byte
/// that is not UTF-8 replaced by U+FFFD. `keep`: control characters to leave alone, such as "\n".
std::string printable(std::string_view text, std::string_view keep = {});

/// Has printable() nothing to replace in it?
bool is_printable(std::string_view text);

/// Enough of `text` for a message: printable, in one line, cut after 60 code points.
std::string excerpt(std::string_view text);

/// Is it what tasks, pools, parameters and outputs are called: 1 to 63 of a-z, 0-9 and `marks`?
bool is_name(std::string_view text, std::string_view marks = "_-");

/// What a plugin's exception says; words of our own where its what() is null.
std::string_view what_of(const std::exception& thrown);

/// At most so many bytes of it, and no code point cut in two.
std::string_view cut(std::string_view text, std::size_t most_bytes);

// A text that a plugin hands over (a line of the log, why something failed, what progress is about) is as long as the
// plugin likes. It goes through the first function where it is taken in, through masking, and through the second one,
// in a child process as in this one.

inline constexpr std::size_t kMostTextBytes = 64 * 1024;  ///< that are shown of it, the mark of a cut included

/// As much of it as is looked at: a secret that begins in what is shown is there to its end, to be masked.
inline constexpr std::size_t kMostTakenBytes = 2 * kMostTextBytes;
std::string_view taken_in(std::string_view text);

/// What is shown of it. One that is too long ends with " ... (cut after 64 KiB)". Shape: masked before
std::string shortened(std::string text);

/// "1 task", "2 tasks".
std::string counted(std::uint64_t n, std::string_view thing);

}  // namespace ganger::host
