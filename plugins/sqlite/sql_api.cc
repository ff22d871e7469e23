// The table "ganger.sql/1" of sqlite.connection: from C to the members of Connection.
#include <limits>

#include "connection.h"

namespace ganger::sqlite {

namespace {

Connection& of(void* connection) { return *static_cast<Connection*>(connection); }

ganger_status bind(ganger_sql_stmt* statement, std::uint32_t i, const ganger_value* value) noexcept {
  if (i > static_cast<std::uint32_t>(std::numeric_limits<int>::max()))
    return statement->connection->fail(GANGER_BAD_PARAM, "no such place in the statement");
  // A statement that has run takes no values before it is reset; one that has not is left as it is.
  if (sqlite3_stmt_busy(statement->raw) == 0) sqlite3_reset(statement->raw);
  const int place = static_cast<int>(i);
  const auto& text = value->u.s;
  int code = SQLITE_OK;
  switch (value->type) {
    case GANGER_NONE:
      code = sqlite3_bind_null(statement->raw, place);
      break;
    case GANGER_BOOL:
    case GANGER_I64:
    case GANGER_DURATION_NS:
    case GANGER_SIZE:
      code = sqlite3_bind_int64(statement->raw, place, value->u.i);
      break;
    case GANGER_F64:
      code = sqlite3_bind_double(statement->raw, place, value->u.f);
      break;
    case GANGER_STR:
    case GANGER_PATH:
    case GANGER_SECRET:
      // A null pointer would be NULL, not the empty text.
      code = sqlite3_bind_text64(statement->raw, place, text.p ? text.p : "", text.n, SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    default:
      return statement->connection->fail(GANGER_BAD_PARAM, "a value of a type that SQL has not");
  }
  return code == SQLITE_OK ? GANGER_OK : statement->connection->fail(code);
}

std::uint32_t column_count(ganger_sql_stmt* statement) noexcept {
  return static_cast<std::uint32_t>(sqlite3_column_count(statement->raw));
}

ganger_str column_name(ganger_sql_stmt* statement, std::uint32_t column) noexcept {
  if (column >= column_count(statement)) return {"", 0};
  const char* name = sqlite3_column_name(statement->raw, static_cast<int>(column));
  return str(name ? name : "");
}

ganger_status column(ganger_sql_stmt* statement, std::uint32_t column, ganger_value* out) noexcept {
  if (column >= column_count(statement))
    return statement->connection->fail(GANGER_BAD_PARAM, "no such column in the result");
  const int i = static_cast<int>(column);
  ganger_value v{GANGER_NONE, 0, {}};
  switch (sqlite3_column_type(statement->raw, i)) {
    case SQLITE_NULL:
      break;
    case SQLITE_INTEGER:
      v.type = GANGER_I64;
      v.u.i = sqlite3_column_int64(statement->raw, i);
      break;
    case SQLITE_FLOAT:
      v.type = GANGER_F64;
      v.u.f = sqlite3_column_double(statement->raw, i);
      break;
    default: {
      // As a blob: neither kind of text is then converted or cut at a NUL.
      const void* bytes = sqlite3_column_blob(statement->raw, i);
      const auto n = static_cast<std::uint64_t>(sqlite3_column_bytes(statement->raw, i));
      v.type = GANGER_STR;
      v.u.s = {bytes ? static_cast<const char*>(bytes) : "", n};
    }
  }
  *out = v;
  return GANGER_OK;
}

}  // namespace

const ganger_sql_api* ConnectionKind::api() {
  static constexpr ganger_sql_api table = {
      sizeof(ganger_sql_api), 0, [](void* c, const char* sql) { return of(c).exec(sql); },
      [](void* c, ganger_str sql, ganger_sql_stmt** out) { return of(c).prepare(view(sql), out); }, bind,
      [](ganger_sql_stmt* s, std::int32_t* has_row) { return s->connection->step(s->raw, has_row); },
      // What sqlite3_reset() returns is the error of the last step, which has been told already.
      [](ganger_sql_stmt* s) -> ganger_status { return sqlite3_reset(s->raw), GANGER_OK; }, column_count, column_name,
      column,
      [](ganger_sql_stmt* s) {
        if (s) s->connection->finish(s);
      },
      [](void* c) { return of(c).begin(); }, [](void* c) { return of(c).commit(); },
      [](void* c) { return of(c).rollback(); }, [](void* c) { return of(c).changes(); },
      [](void* c) { of(c).interrupt(); }, [](void* c) { return str(of(c).error()); }};
  return &table;
}

}  // namespace ganger::sqlite
