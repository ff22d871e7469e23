// The pool kind sqlite.connection: an SQLite database, opened once and lent to one task after another.
#ifndef GANGER_SQLITE_CONNECTION_H
#define GANGER_SQLITE_CONNECTION_H

#include <ganger/sql.h>
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ganger/plugin.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::sqlite {
class Connection;
}

/// What "ganger.sql/1" leaves opaque.
struct ganger_sql_stmt {
  ganger::sqlite::Connection* connection;
  sqlite3_stmt* raw;
};

namespace ganger::sqlite {

/// How a job wants its database opened.
struct Settings {
  std::filesystem::path path;
  std::chrono::nanoseconds busy_timeout{};
  std::string journal_mode;
  bool readonly = false;
};

/// One open database with what the present borrower has of it. Nothing here throws but the constructor: statuses and
/// error() are what a borrower sees.
/// Thread: one at a time, but for interrupt().
class Connection {
 public:
  /// Creates the folder of the database and the database unless it is readonly.
  Connection(const ctx& c, Settings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ganger_status exec(const char* sql) noexcept;
  ganger_status prepare(std::string_view sql, ganger_sql_stmt** out) noexcept;
  ganger_status step(sqlite3_stmt* statement, std::int32_t* has_row) noexcept;
  void finish(const ganger_sql_stmt* statement) noexcept;
  ganger_status begin() noexcept;
  ganger_status commit() noexcept;
  ganger_status rollback() noexcept;

  /// Of the present borrower only, not of those before it.
  std::int64_t changes() const noexcept;

  /// Makes what runs, and all that comes after but rollback(), return GANGER_CANCELLED until reset(): a stop that
  /// falls between two calls is not lost.
  /// Thread: [any]
  void interrupt() noexcept;

  /// Ends what a borrower left open. False = the connection is of no more use.
  bool reset() noexcept;
  bool is_alive() noexcept;

  std::string_view error() const noexcept { return error_; }
  /// Keeps the text of `code`, an SQLite result that is not a success, and says what it is to a borrower.
  ganger_status fail(int code) noexcept;
  ganger_status fail(ganger_status status, std::string_view why) noexcept;

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using RawStatement = std::unique_ptr<sqlite3_stmt, Close>;

  void open();
  void set_journal_mode(const ctx& c);
  bool in_transaction() const noexcept { return sqlite3_get_autocommit(db_.get()) == 0; }
  int prepare_raw(std::string_view sql, RawStatement& out, const char** tail) noexcept;
  ganger_status run_raw(const char* sql) noexcept;
  // As fail(), with the place in `script`, in bytes, turned into line and column.
  ganger_status fail_at(std::string_view script, std::size_t place, int code) noexcept;
  ganger_status fail_at(std::string_view script, std::size_t place, std::string_view why) noexcept;
  static int on_busy(void* self, int tries) noexcept;

  Settings settings_;
  std::unique_ptr<sqlite3, Close> db_;
  std::vector<std::unique_ptr<ganger_sql_stmt>> statements_;
  std::string error_;
  std::atomic<bool> interrupted_{false};
  std::chrono::steady_clock::time_point busy_since_;
  std::int64_t changes_before_ = 0;  // rows changed by earlier borrowers
};

struct ConnectionKind {
  static constexpr const char* name = "connection";
  static constexpr const char* summary = "A connection to an SQLite database";
  static constexpr const char* interface = GANGER_SQL_INTERFACE;
  static constexpr param params[] = {
      {"path", GANGER_PATH, "the database file; made, with its folder, when it is not there", nullptr, required},
      {"busy_timeout", GANGER_DURATION_NS, "how long to wait for another connection's lock", "\"5s\""},
      {"journal_mode", GANGER_STR, "how a transaction is kept safe", "\"wal\"", 0, "wal|delete|memory|truncate"},
      {"readonly", GANGER_BOOL, "do not write, and do not make the file", "false"}};

  static const ganger_sql_api* api();
  static Connection* open(const ctx& c);
  static void close(Connection* connection) { delete connection; }
  static bool check(Connection* connection) { return connection->is_alive(); }
  static bool reset(Connection* connection) { return connection->reset(); }
};

}  // namespace ganger::sqlite

#endif  // GANGER_SQLITE_CONNECTION_H
