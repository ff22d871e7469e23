#include "file_table.h"

#include <cstdint>
#include <ganger/sql.hpp>
#include <optional>
#include <utility>

namespace ganger::files {

namespace {

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace

FileTable::FileTable(const ctx& c, std::string pool, const std::string& table, std::size_t batch_rows)
    : ctx_(c), pool_(std::move(pool)), table_(quoted(table)), batch_rows_(batch_rows) {}

void FileTable::open(bool keep_rows) {
  sql db(ctx_, pool_);
  db.begin();
  db.exec("create table if not exists " + table_ +
          " (path text not null primary key, size integer, mtime integer, sha256 text, error text)");
  if (!keep_rows) db.exec("delete from " + table_);
  db.commit();
}

void FileTable::add(FileRow row) {
  std::vector<FileRow> full;
  {
    const std::lock_guard lock(rows_mutex_);
    rows_.push_back(std::move(row));
    if (rows_.size() < batch_rows_) return;
    full.swap(rows_);
  }
  write(full);
}

void FileTable::flush() {
  std::vector<FileRow> rest;
  {
    const std::lock_guard lock(rows_mutex_);
    rest.swap(rows_);
  }
  write(rest);
}

void FileTable::write(const std::vector<FileRow>& rows) {
  if (rows.empty()) return;
  const std::lock_guard lock(writer_mutex_);
  sql db(ctx_, pool_);
  db.begin();
  auto insert = db.prepare("insert into " + table_ +
                           " (path, size, mtime, sha256, error) values (?, ?, ?, ?, ?)"
                           " on conflict(path) do update set size = excluded.size, mtime = excluded.mtime,"
                           " sha256 = excluded.sha256, error = excluded.error");
  const auto number = [&](std::uint32_t i, const std::optional<std::int64_t>& n) {
    n ? insert.bind(i, *n) : insert.bind_null(i);
  };
  const auto text = [&](std::uint32_t i, const std::string& s) {
    s.empty() ? insert.bind_null(i) : insert.bind(i, s);
  };
  for (const auto& row : rows) {
    insert.bind(1, row.path);
    number(2, row.size_bytes);
    number(3, row.mtime_s);
    text(4, row.sha256);
    text(5, row.error);
    insert.run();
  }
  db.commit();
}

}  // namespace ganger::files
