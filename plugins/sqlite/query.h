// The task type sqlite.query: rows to the console or a file.
#ifndef GANGER_SQLITE_QUERY_H
#define GANGER_SQLITE_QUERY_H

#include <ganger/sql.h>

#include <ganger/plugin.hpp>

namespace ganger::sqlite {

struct Query {
  static constexpr const char* name = "query";
  static constexpr const char* summary = "Runs one SQL statement and prints its rows or writes them to a file";
  static constexpr std::uint32_t flags = idempotent;
  static constexpr param params[] = {
      {"pool", GANGER_STR, "the pool to borrow from; empty: the only one that offers ganger.sql/1"},
      {"sql", GANGER_STR, "one statement; each ? takes its value from args", nullptr, required},
      {"args", GANGER_STR, "the values of the ?, as text", "[]", list},
      {"format", GANGER_STR, "of the file, or of the console when there is none", "\"table\"", 0, "table|csv|json"},
      {"to", GANGER_PATH, "the file to write; empty: print all rows to the console"},
      {"show", GANGER_I64, "with `to`: print that many of the first rows to the console as well", "0"}};
  static constexpr need needs[] = {{GANGER_SQL_INTERFACE, "pool"}};

  static void check(const ctx& c);
  /// Outputs: rows, how many there are; file, when `to` is given.
  void run(const ctx& c);
};

}  // namespace ganger::sqlite

#endif  // GANGER_SQLITE_QUERY_H
