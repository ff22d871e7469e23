// The task type sqlite.exec: runs SQL for what it does, not for rows.
#ifndef GANGER_SQLITE_EXEC_H
#define GANGER_SQLITE_EXEC_H

#include <ganger/sql.h>

#include <ganger/plugin.hpp>

namespace ganger::sqlite {

struct Exec {
  static constexpr const char* name = "exec";
  static constexpr const char* summary = "Runs SQL statements";
  static constexpr param params[] = {
      {"pool", GANGER_STR, "the pool to borrow from; empty: the only one that offers ganger.sql/1"},
      {"sql", GANGER_STR, "one or several statements; this or file"},
      {"file", GANGER_PATH, "a file of statements; this or sql"}};
  static constexpr need needs[] = {{GANGER_SQL_INTERFACE, "pool"}};

  static void check(const ctx& c);
  /// Output: changes, the rows changed by the last statement that changed any.
  void run(const ctx& c);
};

}  // namespace ganger::sqlite

#endif  // GANGER_SQLITE_EXEC_H
