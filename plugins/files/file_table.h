// The SQL table that files.hash fills: path (the key), size, mtime, sha256, error.
#ifndef GANGER_FILES_FILE_TABLE_H
#define GANGER_FILES_FILE_TABLE_H

#include <cstddef>
#include <ganger/plugin.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "digest.h"

namespace ganger::files {

/// Writes rows in batches, a transaction each, through a connection that is borrowed for the batch.
/// Thread: any; one batch is written at a time, and who has filled the next one waits for it.
class FileTable {
 public:
  FileTable(const ctx& c, std::string pool, const std::string& table, std::size_t batch_rows);

  /// Makes the table if need be; without `keep_rows` it is empty then.
  void open(bool keep_rows);
  /// Writes a batch when this row fills one.
  void add(FileRow row);
  /// Writes what is left.
  void flush();

 private:
  void write(const std::vector<FileRow>& rows);

  const ctx& ctx_;
  const std::string pool_, table_;  // the table's name as SQL writes it
  const std::size_t batch_rows_;
  std::mutex rows_mutex_, writer_mutex_;
  std::vector<FileRow> rows_;  // guarded by rows_mutex_
};

}  // namespace ganger::files

#endif  // GANGER_FILES_FILE_TABLE_H
