// Text in aligned columns.
#pragma once
#include <string>
#include <vector>

namespace ganger::host {

/// Rows under a line of heads. A column that is empty in every row is left out.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}

  /// Shape: as many cells as heads; their text is made printable
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Each line begins with `indent` and ends without spaces.
  std::string text(std::string_view indent, bool has_colour) const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ganger::host
