// ganger/sql.hpp - "ganger.sql/1" for C++: a borrowed connection whose calls throw instead of returning a status.
//
//   ganger::sql db(c, "main");
//   auto insert = db.prepare("insert into seen(path) values(?)");
//   insert.bind(1, path);
//   insert.run();
//
// What goes wrong is thrown as ganger::error with the database's text; ganger::stopped when the host asked the task
// to stop, which also interrupts a statement that is running.
#ifndef GANGER_SQL_HPP
#define GANGER_SQL_HPP

#include <ganger/sql.h>

#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace ganger {

namespace detail {

inline void check_sql(const ganger_sql_api* api, void* connection, ganger_status s) {
  if (s == GANGER_OK) return;
  if (s == GANGER_CANCELLED) throw stopped();
  throw error(s, std::string(view(api->error(connection))));
}

struct sql_interrupt {
  const ganger_sql_api* api;
  void* connection;
  void operator()() const noexcept { api->interrupt(connection); }
};

}  // namespace detail

/// A prepared statement. Lifetime: ends before the sql it comes from.
class sql_statement {
 public:
  sql_statement(const ganger_sql_api* api, void* connection, std::string_view text)
      : api_(api), connection_(connection) {
    detail::check_sql(api, connection, api->prepare(connection, str(text), &statement_));
  }
  sql_statement(sql_statement&& other) noexcept
      : api_(other.api_), connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
  sql_statement& operator=(sql_statement&&) = delete;
  ~sql_statement() { api_->finish(statement_); }

  /// Gives the i-th ? (from 1) a value, which is copied; it stays over run() and rewind().
  template <class T>
  void bind(std::uint32_t i, const T& value) {
    set(i, detail::value_of(value));
  }
  void bind_null(std::uint32_t i) { set(i, ganger_value{GANGER_NONE, 0, {}}); }

  /// Goes to the next row; false = there is none.
  bool step() {
    std::int32_t has_row = 0;
    detail::check_sql(api_, connection_, api_->step(statement_, &has_row));
    return has_row != 0;
  }
  void rewind() { detail::check_sql(api_, connection_, api_->rewind(statement_)); }
  /// Runs it to its end without looking at rows, and makes it ready for the next time.
  void run() {
    while (step()) {
    }
    rewind();
  }

  std::uint32_t column_count() const { return api_->column_count(statement_); }
  /// Lifetime: that of the statement.
  std::string_view column_name(std::uint32_t i) const { return view(api_->column_name(statement_, i)); }
  /// The i-th value (from 0) of the present row. Lifetime of text: until the next step() or rewind().
  ganger_value column(std::uint32_t i) const {
    ganger_value v{};
    detail::check_sql(api_, connection_, api_->column(statement_, i, &v));
    return v;
  }

 private:
  void set(std::uint32_t i, const ganger_value& value) {
    detail::check_sql(api_, connection_, api_->bind(statement_, i, &value));
  }
  const ganger_sql_api* api_;
  void* connection_;
  ganger_sql_stmt* statement_ = nullptr;
};

/// A connection of pool `pool` (empty: the only one that offers "ganger.sql/1"), given back at the end of the scope;
/// a transaction still open then is rolled back. Thread: one at a time.
class GANGER_HIDDEN sql {
 public:
  sql(const ctx& c, std::string_view pool)
      : lease_(c.borrow<ganger_sql_api>(GANGER_SQL_INTERFACE, pool)),
        interrupt_(c.host(), c.handle(), {api(), connection()}) {}

  /// Runs one or several statements without values or rows.
  void exec(const std::string& text) { check(api()->exec(connection(), text.c_str())); }
  sql_statement prepare(std::string_view text) { return {api(), connection(), text}; }
  void begin() { check(api()->begin(connection())); }
  void commit() { check(api()->commit(connection())); }
  void rollback() { check(api()->rollback(connection())); }
  /// Rows changed by the last statement that changed any.
  std::int64_t changes() const { return api()->changes(connection()); }

  const ganger_sql_api* api() const { return lease_.operator->(); }
  void* connection() const { return lease_.handle(); }

 private:
  void check(ganger_status s) const { detail::check_sql(api(), connection(), s); }
  lease<ganger_sql_api> lease_;
  // After lease_, so that it has ended before the connection can be another task's.
  stop_callback<detail::sql_interrupt> interrupt_;
};

}  // namespace ganger

#endif  // GANGER_SQL_HPP
