#include "line_log.h"

#include <algorithm>
#include <cstddef>
#include <ganger/utf8.hpp>
#include <vector>

namespace ganger::exec {

namespace {

constexpr std::uint64_t kMostLines = 1000;
constexpr std::size_t kLongestLine = 1000;
constexpr std::size_t kTailBytes = 1024;
constexpr std::size_t kLinesOfReason = 3;

constexpr std::string_view kEndsOfLine = "\n\r";

/// Without the bytes of a character whose rest was cut off.
std::string_view whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto c = static_cast<unsigned char>(text[text.size() - back]);
    if (c < 0x80) break;
    if (c >= 0xC0)
      return utf8_length(text.substr(text.size() - back)) == 0 ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

}  // namespace

void LineLog::add(std::string_view text) {
  bytes_ += text.size();
  if (text.size() >= kTailBytes)
    tail_ = text.substr(text.size() - kTailBytes);
  else
    tail_ += text;
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);

  while (logged_ < kMostLines && !text.empty()) {
    const auto end = std::min(text.find_first_of(kEndsOfLine), text.size());
    // One byte past the longest, which says that there was more.
    if (line_.size() <= kLongestLine) line_ += text.substr(0, std::min(end, kLongestLine + 1 - line_.size()));
    if (end < text.size()) end_line();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void LineLog::end_line() {
  if (line_.empty()) return;
  std::string shown;
  if (line_.size() > kLongestLine)
    shown = printable(whole_characters(std::string_view(line_).substr(0, kLongestLine))) + " ...";
  else
    shown = printable(line_);
  line_.clear();
  ctx_.log(level_, shown);
  if (++logged_ == kMostLines)
    ctx_.info("further lines of " + std::string(stream_) + " are not logged: these were " +
              std::to_string(kMostLines));
}

void LineLog::finish() {
  if (logged_ < kMostLines) end_line();
}

std::string LineLog::last_lines() const {
  std::vector<std::string_view> lines;
  bool is_first_cut = false;
  std::string_view rest = std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), kTailBytes));
  while (!rest.empty() && lines.size() < kLinesOfReason) {
    const auto last = rest.find_last_not_of("\n\r \t");
    if (last == std::string_view::npos) break;
    rest = rest.substr(0, last + 1);
    const auto before = rest.find_last_of(kEndsOfLine);
    const auto begin = before == std::string_view::npos ? 0 : before + 1;
    lines.push_back(rest.substr(begin));
    rest = rest.substr(0, begin);
    is_first_cut = rest.empty() && bytes_ > kTailBytes;
  }
  // A host takes secrets out of what it shows, and knows by the dots where one may have been cut.
  std::string all = is_first_cut ? "..." : "";
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    all += (line == lines.rbegin() ? "" : " | ") + printable(*line);
  return all;
}

}  // namespace ganger::exec
