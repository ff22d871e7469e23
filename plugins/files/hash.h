// The task type files.hash: SHA-256 of every file of a list, into a database.
#ifndef GANGER_FILES_HASH_H
#define GANGER_FILES_HASH_H

#include <ganger/sql.h>

#include <ganger/plugin.hpp>

namespace ganger::files {

struct Hash {
  static constexpr const char* name = "hash";
  static constexpr const char* summary = "Computes the SHA-256 of every file of a list, into an SQL table";
  static constexpr std::uint32_t flags = heavy | idempotent;
  static constexpr param params[] = {
      {"list", GANGER_PATH, "paths that each end with a NUL, as files.scan writes them", nullptr, required},
      {"pool", GANGER_STR, "the pool of the database, offering ganger.sql/1", nullptr, required},
      {"table", GANGER_STR, "the table; made when it is not there", "\"files\""},
      {"append", GANGER_BOOL, "keep the rows the table has, instead of emptying it first", "false"},
      {"buffers", GANGER_STR, "a pool offering ganger.buffer/1 to read through; empty: memory of its own", "\"\""},
      {"batch", GANGER_I64, "rows in one transaction", "500"}};
  static constexpr need needs[] = {{GANGER_SQL_INTERFACE, "pool"}};

  static void check(const ctx& c);
  /// Outputs: files, bytes, errors (files that could not be read; their rows say why).
  void run(const ctx& c);
};

}  // namespace ganger::files

#endif  // GANGER_FILES_HASH_H
