// A terminal, as far as ganger's bar needs one.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// Text of ASCII with \r, \n, "clear to the end of the line" (\033[K) and "to the end of the screen" (\033[J). Lines
/// that are too long wrap. A new width either wraps all text again and takes the cursor along with the text it is on,
/// as most terminals do, or cuts it off, as xterm does.
class Screen {
 public:
  enum class Resizing { wraps_again, cuts };

  Screen(unsigned columns, Resizing resizing) : columns_(columns), resizing_(resizing) {}

  void show(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r') {
        column_ -= column_ % columns_;  // of the row, which may be any of the line
      } else if (text[i] == '\n') {
        ++line_;
        column_ = 0;
        if (line_ == lines_.size()) lines_.emplace_back();
      } else if (text.substr(i, 3) == "\033[K" || text.substr(i, 3) == "\033[J") {
        std::string& line = lines_[line_];
        if (text[i + 2] == 'J') {
          line.resize(std::min(line.size(), column_));
          lines_.resize(line_ + 1);
        } else {
          const std::size_t row_end = column_ - column_ % columns_ + columns_;
          if (row_end >= line.size())
            line.resize(std::min(line.size(), column_));
          else
            line.replace(column_, row_end - column_, row_end - column_, ' ');
        }
        i += 2;
      } else {
        std::string& line = lines_[line_];
        if (line.size() <= column_) line.resize(column_ + 1, ' ');
        line[column_++] = text[i];
      }
    }
  }

  void resize(unsigned columns) {
    columns_ = columns;
    if (resizing_ == Resizing::wraps_again) return;  // lines are kept whole here
    for (std::string& line : lines_) line.resize(std::min<std::size_t>(line.size(), columns));
    column_ = std::min<std::size_t>(column_, columns - 1);
  }

  /// What can be seen, row by row, without spaces at the end.
  std::vector<std::string> rows() const {
    std::vector<std::string> rows;
    for (const std::string& line : lines_)
      for (std::size_t at = 0; at == 0 || at < line.size(); at += columns_) {
        std::string row = line.substr(at, columns_);
        row.resize(row.find_last_not_of(' ') + 1);
        rows.push_back(std::move(row));
      }
    return rows;
  }

 private:
  unsigned columns_;
  Resizing resizing_;
  std::vector<std::string> lines_{1};  // that ended with a newline, however many rows they take
  std::size_t line_ = 0, column_ = 0;  // the cursor; the column is that of the whole line
};

}  // namespace ganger::host
