#include "host/text.h"

#include <algorithm>

namespace ganger::host {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kExcerptLength = 60;
constexpr std::size_t kLongestName = 63;
constexpr std::string_view kCutMark = " ... (cut after 64 KiB)";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Control characters, and those that turn the direction of what follows: they make a line look like another one.
bool acts_on_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};

  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  auto value = static_cast<char32_t>(lead & (0x7FU >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {};
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }

  const char32_t smallest = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > 0x10FFFF || is_surrogate) return {};
  return {value, bytes};
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<std::size_t>(first_code_point(text).bytes, 1));
  return count;
}

bool is_printable(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };  // nearly all there ever is, so looked at first
  while (true) {
    text.remove_prefix(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin()));
    if (text.empty()) return true;
    const CodePoint c = first_code_point(text);
    if (c.bytes == 0 || acts_on_terminal(c.value)) return false;
    text.remove_prefix(c.bytes);
  }
}

std::string printable(std::string_view text, std::string_view keep) {
  if (is_printable(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    const bool kept = c.bytes == 1 && keep.find(text[0]) != std::string_view::npos;
    const bool harmless = kept || (c.bytes != 0 && !acts_on_terminal(c.value));
    out += harmless ? text.substr(0, c.bytes) : kReplacement;
    text.remove_prefix(std::max<std::size_t>(c.bytes, 1));
  }
  return out;
}

std::string excerpt(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t n = 0; n < kExcerptLength && end < text.size(); ++n) {
    end += std::max<std::size_t>(first_code_point(text.substr(end)).bytes, 1);
  }
  std::string out = printable(text.substr(0, end));
  if (end < text.size()) out += "...";
  return out;
}

bool is_name(std::string_view text, std::string_view marks) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

std::string_view what_of(const std::exception& thrown) {
  const char* const what = thrown.what();
  return what != nullptr ? what : "an exception that says nothing";
}

std::string_view cut(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  // Where so many bytes in a row go on with a code point, none of them does.
  constexpr std::size_t kMostBack = 3;
  for (std::size_t back = 0; back <= std::min(kMostBack, most_bytes); ++back)
    if (!is_continuation(text[most_bytes - back])) return text.substr(0, most_bytes - back);
  return text.substr(0, most_bytes);
}

std::string_view taken_in(std::string_view text) { return cut(text, kMostTakenBytes); }

std::string shortened(std::string text) {
  if (text.size() <= kMostTextBytes) return text;
  text.resize(cut(text, kMostTextBytes - kCutMark.size()).size());
  return text += kCutMark;
}

std::string counted(std::uint64_t n, std::string_view thing) {
  return std::to_string(n) + " " + std::string(thing) + (n == 1 ? "" : "s");
}

}  // namespace ganger::host
