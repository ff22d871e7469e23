// Text from outside, made fit to be shown.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// `text` with `***` where it holds one of the secrets.
/// Shape: secrets = not empty, one that is part of another after it
std::string masked(std::string_view text, const std::vector<std::string>& secrets);

/// "1 task", "2 tasks".
std::string counted(std::uint64_t n, std::string_view thing);

}  // namespace ganger::host
