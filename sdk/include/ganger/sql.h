/* ganger/sql.h - the table "ganger.sql/1": a connection to an SQL database, borrowed from a pool.
 *
 * A borrower asks for GANGER_SQL_INTERFACE and calls the functions below with the lease's handle; it neither knows
 * nor links the database library. One connection is used by one thread at a time; only interrupt() may be called
 * from another. Every text is UTF-8; values follow ganger_value.
 */
#ifndef GANGER_SQL_H
#define GANGER_SQL_H

#include <ganger/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GANGER_SQL_INTERFACE "ganger.sql/1"

/* A prepared statement of one connection; opaque. */
typedef struct ganger_sql_stmt ganger_sql_stmt;

typedef struct ganger_sql_api {
  uint32_t struct_size, reserved;

  /* Runs one or several statements without values or rows.
   * Errors:   GANGER_RETRY busy or locked;  GANGER_CANCELLED interrupted;  GANGER_FAILED (see error()) */
  ganger_status (*exec)(void *connection, const char *sql);

  /* Prepares one statement.
   * Lifetime: until finish() or until the connection is given back
   * Errors:   GANGER_FAILED with error() saying what and where */
  ganger_status (*prepare)(void *connection, ganger_str sql, ganger_sql_stmt **out);

  /* Gives the i-th ? (from 1) a value; GANGER_NONE is NULL. Text is copied. Bindings stay over rewind(). Text that is
   * not valid UTF-8 is stored byte for byte.
   * Errors:   GANGER_BAD_PARAM no such place or type */
  ganger_status (*bind)(ganger_sql_stmt *stmt, uint32_t i, const ganger_value *value);

  /* Goes to the next row.
   * Shape:    *has_row = 1 a row is there, 0 the statement has ended
   * Errors:   as exec() */
  ganger_status (*step)(ganger_sql_stmt *stmt, int32_t *has_row);

  /* Makes the statement ready to be run again. */
  ganger_status (*rewind)(ganger_sql_stmt *stmt);

  /* The columns of the result: how many, their names, and the value in the present row: GANGER_NONE (NULL),
   * GANGER_I64, GANGER_F64 or GANGER_STR (text and blob). Lifetime: name until finish(), value until the next step(),
   * rewind() or finish() */
  uint32_t (*column_count)(ganger_sql_stmt *stmt);
  ganger_str (*column_name)(ganger_sql_stmt *stmt, uint32_t column);
  ganger_status (*column)(ganger_sql_stmt *stmt, uint32_t column, ganger_value *out);

  /* Ends the statement; NULL does nothing. */
  void (*finish)(ganger_sql_stmt *stmt);

  /* A transaction. One still open when the connection is given back is rolled back.
   * Errors:   as exec(); GANGER_BUG begin inside one, commit or rollback outside */
  ganger_status (*begin)(void *connection);
  ganger_status (*commit)(void *connection);
  ganger_status (*rollback)(void *connection);

  /* Rows changed by the last statement that changed any. */
  int64_t (*changes)(void *connection);

  /* Makes a running call return GANGER_CANCELLED. The only function for other threads. */
  void (*interrupt)(void *connection);

  /* Text of the last error of this connection; valid until its next call. */
  ganger_str (*error)(void *connection);
  /* ---- end of ganger.sql/1 as first published; append below ---- */
} ganger_sql_api;

#ifdef __cplusplus
}
#endif

#endif /* GANGER_SQL_H */
