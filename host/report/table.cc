#include "host/report/table.h"

#include <algorithm>

#include "host/report/terminal.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr std::string_view kGap = "  ";

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (widths[c] == 0) continue;
    line += cells[c];
    line.append(widths[c] - count_code_points(cells[c]) + kGap.size(), ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::string_view indent, bool has_colour) const {
  std::vector<std::size_t> widths(heads_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], count_code_points(row[c]));
  for (std::size_t c = 0; c < widths.size(); ++c)
    if (widths[c] > 0) widths[c] = std::max(widths[c], count_code_points(heads_[c]));

  std::string text;
  const auto add_line = [&](const std::string& line) { text.append(indent).append(line).append("\n"); };
  if (std::ranges::any_of(heads_, [](const std::string& head) { return !head.empty(); }))
    add_line(painted(line_of(heads_, widths), Paint::bold, has_colour));
  for (const auto& row : rows_) add_line(line_of(row, widths));
  return text;
}

}  // namespace ganger::host
