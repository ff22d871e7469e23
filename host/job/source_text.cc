#include "host/job/source_text.h"

#include <algorithm>
#include <utility>

#include "host/text.h"

namespace ganger::host {
namespace {

/// A longer line is not copied into an Error: a file of one line and a thousand errors would be copied a thousand
/// times.
constexpr std::size_t kLongestShown = 64 * 1024;

}  // namespace

SourceText::SourceText(std::string text, std::string shown_as)
    : text_(std::move(text)), shown_as_(std::move(shown_as)) {
  line_starts_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
}

std::string_view SourceText::line(std::uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  const std::size_t begin = line_starts_[number - 1];
  const std::size_t end = number < line_starts_.size() ? line_starts_[number] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Where SourceText::where(Position position) const {
  const std::string_view source = line(position.line);
  return {.file = shown_as_,
          .line = position.line,
          .column = position.column,
          .length = position.length,
          .source = std::string(source.size() <= kLongestShown ? source : std::string_view{})};
}

Position SourceText::inside(Position at, std::string_view value, std::size_t offset, std::size_t length) const {
  std::string_view rest = line(at.line);
  for (std::uint32_t column = 1; column < at.column && !rest.empty(); ++column) {
    rest.remove_prefix(std::max<std::size_t>(first_code_point(rest).bytes, 1));
  }

  // The file holds the same bytes between quotes: then what is inside the string is inside the line too.
  const bool is_quoted = rest.size() >= value.size() + 2 && (rest[0] == '"' || rest[0] == '\'') &&
                         rest.substr(1, value.size()) == value && rest[value.size() + 1] == rest[0];
  if (!is_quoted || offset > value.size()) return at;
  return {.line = at.line,
          .column = at.column + 1 + static_cast<std::uint32_t>(count_code_points(value.substr(0, offset))),
          .length = static_cast<std::uint32_t>(count_code_points(value.substr(offset, length)))};
}

}  // namespace ganger::host
