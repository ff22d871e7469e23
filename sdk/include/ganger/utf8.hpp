// ganger/utf8.hpp - text for logs and progress out of bytes that may be anything, such as names of files.
#ifndef GANGER_UTF8_HPP
#define GANGER_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace ganger {

/// How many bytes the character at the start of `text` has; 0 when they are not UTF-8. Shape: text not empty.
/// Source: The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto in = [](unsigned b, unsigned low, unsigned high) { return low <= b && b <= high; };
  const auto tail = [&](std::size_t i) { return in(byte(i), 0x80, 0xBF); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (in(first, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
  if (in(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogates
    return in(byte(1), low, high) && tail(2) ? 3 : 0;
  }
  if (in(first, 0xF0, 0xF4)) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // nothing past U+10FFFF
    return in(byte(1), low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// `text` fit for one line of a log or terminal: control characters as \n, \t or \x1b, what is not UTF-8 as U+FFFD.
inline std::string printable(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    const auto n = utf8_length(text);
    // The control characters above 0x7f are two bytes, of which the second is their number.
    const auto c = static_cast<unsigned char>(n == 2 && text[0] == '\xC2' ? text[1] : text[0]);
    if (n == 0)
      out += "\xEF\xBF\xBD";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (n <= 2 && (c < 0x20 || (c >= 0x7F && c < 0xA0)))
      out += {'\\', 'x', hex[c >> 4], hex[c & 15]};
    else
      out += text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace ganger

#endif  // GANGER_UTF8_HPP
