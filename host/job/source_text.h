// The text of a job file, kept so that every later stage can show the line an error is about.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"

namespace ganger::host {

/// A place in a job file. Units: lines and columns from 1, a column is a code point; line 0 = nowhere (not from a
/// file).
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  ///< how many columns to underline; never past the end of the line

  friend bool operator==(const Position&, const Position&) = default;
};

/// Immutable, so any thread may read it. Finding a line costs no search.
class SourceText {
 public:
  /// `shown_as`: the file as the user named it, for messages.
  SourceText(std::string text, std::string shown_as);

  const std::string& text() const { return text_; }
  const std::string& shown_as() const { return shown_as_; }
  /// Without its line end; empty when there is no such line. Lines count from 1.
  std::string_view line(std::uint32_t number) const;

  /// The position with the file's name and the text of the line, as an Error wants it.
  Where where(Position position) const;
  /// The file as a whole.
  Where where() const { return where(Position{}); }
  /// The `length` bytes from byte `offset` of a string that was read from `at`. Falls back to the whole string where
  /// escapes or several lines make its bytes differ from those of the file.
  Position inside(Position at, std::string_view value, std::size_t offset, std::size_t length) const;

 private:
  std::string text_;
  std::string shown_as_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace ganger::host
