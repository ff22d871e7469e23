#include "row_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <ganger/plugin.hpp>
#include <ganger/utf8.hpp>
#include <utility>

namespace ganger::sqlite {

namespace {

// Characters in valid UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(const ganger_value& v) { return v.type == GANGER_I64 || v.type == GANGER_F64; }

// The shortest text that reads back as the same number, and as one that is not whole by type.
std::string text_of(double f) {
  if (std::isinf(f)) return f < 0 ? "-Inf" : "Inf";
  char text[40];
  std::string out(text, std::to_chars(text, text + sizeof text, f).ptr);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// NULL is empty.
std::string text_of(const ganger_value& v) {
  if (v.type == GANGER_I64) return std::to_string(v.u.i);
  if (v.type == GANGER_F64) return text_of(v.u.f);
  return v.type == GANGER_NONE ? std::string() : std::string(view(v.u.s));
}

class Table : public RowFormat {
 public:
  void begin(const std::vector<std::string>& columns, std::string&) override {
    for (const auto& name : columns) columns_.push_back({printable(name), {}});
  }

  void row(const std::vector<ganger_value>& values, std::string&) override {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i].cells.push_back(printable(text_of(values[i])));
      columns_[i].is_numeric &= is_number(values[i]) || values[i].type == GANGER_NONE;
    }
  }

  void end(std::string& out) override {
    for (auto& column : columns_) {
      column.width = width_of(column.name);
      for (const auto& cell : column.cells) column.width = std::max(column.width, width_of(cell));
    }
    line(out, [](const Column& column) { return column.name; });
    line(out, [](const Column& column) { return std::string(column.width, '-'); });
    const auto rows = columns_.empty() ? 0 : columns_.front().cells.size();
    for (std::size_t i = 0; i < rows; ++i) line(out, [i](const Column& column) { return column.cells[i]; });
  }

 private:
  struct Column {
    std::string name;
    std::vector<std::string> cells;
    bool is_numeric = true;  // numbers stand at the right
    std::size_t width = 0;
  };

  template <class CellOf>
  void line(std::string& out, CellOf cell_of) const {
    std::string text;
    for (const auto& column : columns_) {
      const auto cell = cell_of(column);
      const std::string gap(column.width - width_of(cell), ' ');
      text +=
          (text.empty() && &column == &columns_.front() ? "" : "  ") + (column.is_numeric ? gap + cell : cell + gap);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }

  std::vector<Column> columns_;
};

/// Source: RFC 4180.
class Csv : public RowFormat {
 public:
  void begin(const std::vector<std::string>& columns, std::string& out) override {
    line(columns, out, [](const std::string& name) { return name; });
  }
  void row(const std::vector<ganger_value>& values, std::string& out) override {
    line(values, out, [](const ganger_value& v) { return text_of(v); });
  }
  void end(std::string&) override {}

 private:
  template <class Cells, class TextOf>
  static void line(const Cells& cells, std::string& out, TextOf text_of_cell) {
    bool is_first = true;
    for (const auto& cell : cells) {
      if (!std::exchange(is_first, false)) out += ',';
      field(text_of_cell(cell), out);
    }
    out += "\r\n";
  }

  static void field(const std::string& text, std::string& out) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      out += text;
      return;
    }
    out += '"';
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  }
};

class Json : public RowFormat {
 public:
  void begin(const std::vector<std::string>& columns, std::string& out) override {
    for (auto it = columns.begin(); it != columns.end(); ++it) {
      if (std::find(columns.begin(), it, *it) != it)
        throw error("two columns are called '" + *it + "', which JSON cannot tell apart; rename one with 'as'");
      keys_.push_back(quoted(*it) + ": ");
    }
    out += '[';
  }

  void row(const std::vector<ganger_value>& values, std::string& out) override {
    out += std::exchange(is_empty_, false) ? "\n  {" : ",\n  {";
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (i > 0) out += ", ";
      out += keys_[i] + json_of(values[i]);
    }
    out += '}';
  }

  void end(std::string& out) override { out += is_empty_ ? "]\n" : "\n]\n"; }

 private:
  static std::string json_of(const ganger_value& v) {
    // JSON has no infinity.
    if (v.type == GANGER_NONE || (v.type == GANGER_F64 && !std::isfinite(v.u.f))) return "null";
    return is_number(v) ? text_of(v) : quoted(view(v.u.s));
  }

  static std::string quoted(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    while (!text.empty()) {
      const auto n = utf8_length(text);
      const auto c = static_cast<unsigned char>(text.front());
      if (n == 0)
        out += "\\ufffd";
      else if (c == '"' || c == '\\')
        out += {'\\', text.front()};
      else if (c == '\n')
        out += "\\n";
      else if (c < 0x20)
        out += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      else
        out += text.substr(0, n);
      text.remove_prefix(std::max<std::size_t>(n, 1));
    }
    return out + '"';
  }

  std::vector<std::string> keys_;
  bool is_empty_ = true;
};

}  // namespace

std::unique_ptr<RowFormat> make_row_format(std::string_view format) {
  if (format == "csv") return std::make_unique<Csv>();
  if (format == "json") return std::make_unique<Json>();
  return std::make_unique<Table>();
}

}  // namespace ganger::sqlite
