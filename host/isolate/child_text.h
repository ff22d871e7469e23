// Text that a child and its host say to each other, which is as long as a plugin likes.
#pragma once
#include <cstddef>
#include <string_view>

namespace ganger::host {

constexpr std::size_t kMostTextBytes = 64 * 1024;  ///< of a line, or of a reason

/// At most so many bytes of it, and no code point cut in two.
inline std::string_view cut(std::string_view text, std::size_t most_bytes = kMostTextBytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace ganger::host
