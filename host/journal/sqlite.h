// SQLite, which is loaded when a journal is first opened (host/late_library.h).
#pragma once
#include <sqlite3.h>

#include "host/error.h"

namespace ganger::host {

/// The functions of SQLite that the journal calls; sqlite3_step() is `step` and so on.
struct Sqlite {
  decltype(&sqlite3_open_v2) open_v2;
  decltype(&sqlite3_close) close;
  decltype(&sqlite3_extended_result_codes) extended_result_codes;
  decltype(&sqlite3_db_config) db_config;
  decltype(&sqlite3_busy_handler) busy_handler;
  decltype(&sqlite3_exec) exec;
  decltype(&sqlite3_get_autocommit) get_autocommit;
  decltype(&sqlite3_last_insert_rowid) last_insert_rowid;
  decltype(&sqlite3_errmsg) errmsg;
  decltype(&sqlite3_system_errno) system_errno;

  decltype(&sqlite3_prepare_v3) prepare_v3;
  decltype(&sqlite3_finalize) finalize;
  decltype(&sqlite3_step) step;
  decltype(&sqlite3_reset) reset;
  decltype(&sqlite3_bind_int64) bind_int64;
  decltype(&sqlite3_bind_double) bind_double;
  decltype(&sqlite3_bind_null) bind_null;
  decltype(&sqlite3_bind_text64) bind_text64;
  decltype(&sqlite3_bind_blob64) bind_blob64;
  decltype(&sqlite3_column_int64) column_int64;
  decltype(&sqlite3_column_double) column_double;
  decltype(&sqlite3_column_text) column_text;
  decltype(&sqlite3_column_bytes) column_bytes;
  decltype(&sqlite3_column_type) column_type;
};

/// Loads SQLite, once. Thread: any
/// Errors: configuration, where it is not installed
Result<void> load_sqlite();

/// After load_sqlite() has been successful. Lifetime: the process
extern Sqlite sqlite;

}  // namespace ganger::host
