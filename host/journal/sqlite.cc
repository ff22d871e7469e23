#include "host/journal/sqlite.h"

#include <fmt/format.h>

#include <string>

#include "host/late_library.h"

namespace ganger::host {

namespace {

// The name says the version of its ABI, which has been this one since 2004.
constexpr const char* kLibrary = "libsqlite3.so.0";

std::string load() {
  LateLibrary library(kLibrary);
  library.find(sqlite.open_v2, "sqlite3_open_v2");
  library.find(sqlite.close, "sqlite3_close");
  library.find(sqlite.extended_result_codes, "sqlite3_extended_result_codes");
  library.find(sqlite.db_config, "sqlite3_db_config");
  library.find(sqlite.busy_handler, "sqlite3_busy_handler");
  library.find(sqlite.exec, "sqlite3_exec");
  library.find(sqlite.get_autocommit, "sqlite3_get_autocommit");
  library.find(sqlite.last_insert_rowid, "sqlite3_last_insert_rowid");
  library.find(sqlite.errmsg, "sqlite3_errmsg");
  library.find(sqlite.system_errno, "sqlite3_system_errno");
  library.find(sqlite.prepare_v3, "sqlite3_prepare_v3");
  library.find(sqlite.finalize, "sqlite3_finalize");
  library.find(sqlite.step, "sqlite3_step");
  library.find(sqlite.reset, "sqlite3_reset");
  library.find(sqlite.bind_int64, "sqlite3_bind_int64");
  library.find(sqlite.bind_double, "sqlite3_bind_double");
  library.find(sqlite.bind_null, "sqlite3_bind_null");
  library.find(sqlite.bind_text64, "sqlite3_bind_text64");
  library.find(sqlite.bind_blob64, "sqlite3_bind_blob64");
  library.find(sqlite.column_int64, "sqlite3_column_int64");
  library.find(sqlite.column_double, "sqlite3_column_double");
  library.find(sqlite.column_text, "sqlite3_column_text");
  library.find(sqlite.column_bytes, "sqlite3_column_bytes");
  library.find(sqlite.column_type, "sqlite3_column_type");
  return library.problem();
}

}  // namespace

Sqlite sqlite{};

Result<void> load_sqlite() {
  static const std::string problem = load();
  if (problem.empty()) return {};
  return failure(
      ErrorKind::configuration,
      fmt::format("the journal needs SQLite, and {} cannot be loaded: {}; install it (a run with --no-history "
                  "goes without)",
                  kLibrary, problem));
}

}  // namespace ganger::host
