// How rows become text: a table for people, CSV and JSON for programs.
#ifndef GANGER_SQLITE_ROW_FORMAT_H
#define GANGER_SQLITE_ROW_FORMAT_H

#include <ganger/plugin.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::sqlite {

/// Appends to `out` what can be written already; whole lines at end(). Called in this order: begin, rows, end.
class RowFormat {
 public:
  virtual ~RowFormat() = default;
  /// Throws ganger::error when rows with such columns cannot be written in this format.
  virtual void begin(const std::vector<std::string>& columns, std::string& out) = 0;
  /// Shape: as many values as columns.
  virtual void row(const std::vector<ganger_value>& values, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
};

/// format: "table" (aligned; keeps all rows until end()), "csv" (RFC 4180, bytes as they are) or "json" (an array of
/// objects; what is not UTF-8 as \ufffd).
std::unique_ptr<RowFormat> make_row_format(std::string_view format);

}  // namespace ganger::sqlite

#endif  // GANGER_SQLITE_ROW_FORMAT_H
