#include "query.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ganger/sql.hpp>
#include <ganger/utf8.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output_file.h"
#include "row_format.h"

namespace ganger::sqlite {

namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::uint64_t kRowsBetweenReports = 1000;

void print(const ctx& c, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    c.info(printable(line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

/// Rows on the console, as many as asked for.
class Console {
 public:
  Console(const ctx& c, std::string_view format, std::uint64_t limit)
      : ctx_(c), format_(make_row_format(format)), left_(limit) {}

  void begin(const std::vector<std::string>& columns) {
    format_->begin(columns, text_);
    flush();
  }
  void row(const std::vector<ganger_value>& values) {
    if (left_ == 0) return;
    --left_;
    format_->row(values, text_);
    flush();
  }
  void end() {
    format_->end(text_);
    print(ctx_, text_);
  }

 private:
  // JSON is ahead of its line ends.
  void flush() {
    const auto whole = text_.rfind('\n') + 1;
    print(ctx_, std::string_view(text_).substr(0, whole));
    text_.erase(0, whole);
  }
  const ctx& ctx_;
  std::unique_ptr<RowFormat> format_;
  std::uint64_t left_;
  std::string text_;
};

/// Rows in a file.
class File {
 public:
  File(std::filesystem::path path, std::string_view format)
      : file_(std::move(path)), format_(make_row_format(format)) {}

  void begin(const std::vector<std::string>& columns) { format_->begin(columns, text_); }
  void row(const std::vector<ganger_value>& values) {
    format_->row(values, text_);
    if (text_.size() >= kChunkBytes) flush();
  }
  void end() {
    format_->end(text_);
    flush();
    file_.commit();
  }

 private:
  void flush() {
    file_.write(text_);
    text_.clear();
  }
  OutputFile file_;
  std::unique_ptr<RowFormat> format_;
  std::string text_;
};

}  // namespace

void Query::check(const ctx& c) {
  if (c.get<std::int64_t>("show") < 0) throw error(GANGER_BAD_PARAM, "show is negative; give 0 or more rows");
}

void Query::run(const ctx& c) {
  check(c);
  sql db(c, c.get<std::string>("pool"));
  auto statement = db.prepare(c.get<std::string>("sql"));
  std::uint32_t place = 0;
  for (const auto& value : c.get_list<std::string>("args")) statement.bind(++place, value);

  const auto to = c.get<std::filesystem::path>("to");
  const auto format = c.get<std::string>("format");
  const auto show = static_cast<std::uint64_t>(c.get<std::int64_t>("show"));
  std::optional<File> file;
  std::optional<Console> console;
  if (!to.empty()) file.emplace(to, format);
  if (to.empty()) console.emplace(c, format, UINT64_MAX);
  if (!to.empty() && show > 0) console.emplace(c, "table", show);

  std::vector<std::string> columns;
  for (std::uint32_t i = 0; i < statement.column_count(); ++i) columns.emplace_back(statement.column_name(i));
  if (file) file->begin(columns);
  if (console) console->begin(columns);

  std::uint64_t rows = 0;
  std::vector<ganger_value> values(columns.size());
  while (statement.step()) {
    for (std::uint32_t i = 0; i < values.size(); ++i) values[i] = statement.column(i);
    if (file) file->row(values);
    if (console) console->row(values);
    if (++rows % kRowsBetweenReports == 0) c.progress(rows, 0, "rows");
  }
  if (file) file->end();
  if (console) console->end();

  c.out("rows", rows);
  if (file) {
    c.out("file", to);
    c.info(std::to_string(rows) + (rows == 1 ? " row" : " rows") + " in " + printable(to.native()));
  }
}

}  // namespace ganger::sqlite
