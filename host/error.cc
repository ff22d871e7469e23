#include "host/error.h"

#include <algorithm>
#include <string_view>

#include "host/text.h"
#include "host/warning.h"

namespace ganger::host {
namespace {

constexpr std::size_t kWidth = 120;  ///< columns of the source line that are shown
constexpr std::size_t kLead = 60;    ///< of them before the caret, where the line has to be cut
constexpr std::string_view kCut = "...";

/// The byte at which column `column` (from 0) begins, or the end of the line.
std::size_t byte_of_column(std::string_view line, std::size_t column) {
  std::size_t at = 0;
  for (; column > 0 && at < line.size(); --column) {
    at += std::max<std::size_t>(first_code_point(line.substr(at)).bytes, 1);
  }
  return at;
}

/// A space for each column, a tab for each tab, so that what follows stands below what followed `above`.
std::string blank_like(std::string_view above) {
  std::string out(count_code_points(above), ' ');
  std::size_t column = 0;
  for (std::size_t at = 0; at < above.size(); at = byte_of_column(above.substr(at), 1) + at, ++column) {
    if (above[at] == '\t') out[column] = '\t';
  }
  return out;
}

/// The source line and the caret line, cut around the caret where the line is long.
std::string marked_source(const Where& where) {
  std::string_view line = where.source;
  const std::size_t caret = byte_of_column(line, where.column - 1);
  std::size_t begin = 0;
  std::size_t end = byte_of_column(line, kWidth);
  if (end < line.size() && where.column > kLead) {
    begin = byte_of_column(line, where.column - 1 - kLead);
    end = begin + byte_of_column(line.substr(begin), kWidth);
  }

  const std::string_view front = begin > 0 ? kCut : std::string_view{};
  const std::string_view back = end < line.size() ? kCut : std::string_view{};
  const std::string_view before = line.substr(begin, caret - begin);
  const std::size_t room = count_code_points(line.substr(caret, end - caret));
  const std::size_t length = std::clamp<std::size_t>(where.length, 1, std::max<std::size_t>(room, 1));

  std::string out;
  out.append(front).append(printable(line.substr(begin, end - begin), "\t")).append(back);
  out.append("\n").append(front.size(), ' ').append(blank_like(before));
  out.append("^").append(length - 1, '~');
  return out;
}

std::string described(const Error& error, std::string_view severity) {
  const Where& where = error.where;
  std::string out;
  if (!where.file.empty()) {
    out += printable(where.file);
    if (where.line > 0) out += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
    out += ": ";
  }
  out.append(severity).append(": ").append(printable(error.message, "\n\t"));
  const bool has_caret = where.line > 0 && where.column > 0 && !where.source.empty();
  if (has_caret) out += "\n" + marked_source(where);
  return out;
}

}  // namespace

std::string describe(const Error& error) { return described(error, "error"); }
std::string describe_warning(const Error& remark) { return described(remark, "warning"); }

}  // namespace ganger::host
