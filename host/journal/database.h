// SQLite with errors as values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/journal/sqlite.h"
#include "host/shared_map.h"

namespace ganger::host {

class Database;

/// Bytes that are no text, as a parameter.
struct BlobOrNull {
  std::string_view bytes;  ///< empty = null
};
/// Parameters that are null where they do not apply.
struct NumberOrNull {
  std::int64_t number;
  bool is_null;
};
struct TextOrNull {
  std::string_view text;  ///< empty = null
};

/// A prepared statement: used for one set of parameters after another. Must not outlive its database.
class Statement {
 public:
  /// Binds the parameters in order, and steps to the first row. What is bound must stay until reset().
  /// Returns false when there is no (more) row; then the statement is reset.
  template <class... Parameters>
  Result<bool> start(const Parameters&... parameters) {
    begin();
    add(parameters...);
    return next();
  }
  /// As start(), for a statement of which no row is wanted.
  template <class... Parameters>
  Result<void> run(const Parameters&... parameters) {
    auto row = start(parameters...);
    if (!row) return tl::unexpected(std::move(row).error());
    reset();
    return {};
  }
  /// The parameters of a long statement in several portions: begin(), add() for each, next().
  void begin() {
    reset();
    bad_ = SQLITE_OK;
    place_ = 0;
  }
  template <class... Parameters>
  void add(const Parameters&... parameters) {
    (bind(++place_, parameters), ...);
  }
  Result<bool> next();
  void reset() { sqlite.reset(raw_.get()); }

  // Of the present row, columns from 0.
  std::int64_t integer(int column) const { return sqlite.column_int64(raw_.get(), column); }
  double real(int column) const { return sqlite.column_double(raw_.get(), column); }
  bool is_null(int column) const { return sqlite.column_type(raw_.get(), column) == SQLITE_NULL; }
  /// Good until the next step.
  std::string_view text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite.finalize(s); }
  };
  Statement(Database& database, sqlite3_stmt* raw) : database_(&database), raw_(raw) {}

  void bind(int place, std::int64_t i) { check(sqlite.bind_int64(raw_.get(), place, i)); }
  void bind(int place, std::uint32_t i) { bind(place, std::int64_t{i}); }
  void bind(int place, int i) { bind(place, std::int64_t{i}); }
  void bind(int place, double f) { check(sqlite.bind_double(raw_.get(), place, f)); }
  void bind(int place, std::nullptr_t) { check(sqlite.bind_null(raw_.get(), place)); }
  void bind(int place, std::string_view text) {
    check(sqlite.bind_text64(raw_.get(), place, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                             SQLITE_UTF8));
  }
  void bind(int place, BlobOrNull blob) {
    if (blob.bytes.empty()) return bind(place, nullptr);
    check(sqlite.bind_blob64(raw_.get(), place, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC));
  }
  void bind(int place, NumberOrNull n) { n.is_null ? bind(place, nullptr) : bind(place, n.number); }
  void bind(int place, TextOrNull t) { t.text.empty() ? bind(place, nullptr) : bind(place, t.text); }
  void check(int code) {
    if (code != SQLITE_OK) bad_ = code;
  }

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> raw_;
  int bad_ = SQLITE_OK;  // the last binding that failed
  int place_ = 0;        // of the last parameter that is bound
};

/// One connection. Thread: one at a time.
class Database {
 public:
  /// Opens a file that is there, for reading and writing, in WAL mode. Other processes may use it too.
  /// Errors: io, configuration
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
  /// The same for reading only, where nothing may be written, as on a read-only file system: makes no file.
  static Result<std::unique_ptr<Database>> open_to_read(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::filesystem::path& file() const { return file_; }
  /// Is the file the one that was opened? Not any more when that was removed or replaced. Thread: any
  bool is_in_place() const;
  /// Runs statements that give no rows.
  Result<void> run(const char* script);
  Result<Statement> prepare(std::string_view sql);
  /// The one number that a query gives.
  Result<std::int64_t> number(std::string_view sql);
  std::int64_t last_row() const { return sqlite.last_insert_rowid(raw_.get()); }

  /// All of `work` or nothing. Shape: work = a callable without parameters that returns Result<void>
  template <class Work>
  Result<void> in_transaction(const Work& work) {
    // The lock for writing at once: a reader that turns writer while another one writes fails however long it waits.
    if (auto begun = run("begin immediate"); !begun) return begun;
    Result<void> result = work();
    if (result) result = commit();
    if (!result) roll_back();
    return result;
  }

  /// Did SQLite find that the file is no database, or not one that makes sense?
  bool is_damaged() const { return is_damaged_; }
  /// The error for a result of SQLite that is not a success.
  Error error(int code);

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite.close(db); }
  };
  explicit Database(std::filesystem::path file) : file_(std::move(file)) {}
  /// Shape: name = the file, or a URI for it; vfs = null for the usual one
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, const std::string& name, int flags,
                                                const char* vfs);
  Result<void> commit();
  void roll_back();

  const std::filesystem::path file_;
  std::uint64_t device_ = 0, inode_ = 0;  // of the file
  std::unique_ptr<WholeFile> index_;      // of its log, which SQLite maps and all processes share; outlives raw_
  std::unique_ptr<sqlite3, Close> raw_;
  bool is_damaged_ = false;
};

/// Inserts very many rows: a statement for 32 of them costs SQLite half of what 32 statements do.
class RowInsert {
 public:
  /// Shape: into = "insert into t(a, b)"; columns = how many that names
  static Result<RowInsert> prepare(Database& database, std::string into, int columns);

  /// Shape: bind(statement, i) adds the columns of row i; what it adds stays until run() has returned
  template <class Bind>
  Result<void> run(std::size_t rows, const Bind& bind) {
    if (rows >= kMany && !many_)
      if (auto prepared = prepare_many(); !prepared) return prepared;
    for (std::size_t i = 0; i < rows;) {
      const std::size_t end = rows - i >= kMany ? i + kMany : i + 1;
      Statement& statement = end - i == kMany ? *many_ : one_;
      statement.begin();
      for (; i < end; ++i) bind(statement, i);
      if (auto done = statement.next(); !done) return tl::unexpected(std::move(done).error());
    }
    return {};
  }

 private:
  static constexpr std::size_t kMany = 32;
  RowInsert(Database& database, std::string into, std::string row, Statement one)
      : database_(&database), into_(std::move(into)), row_(std::move(row)), one_(std::move(one)) {}
  Result<void> prepare_many();

  Database* database_;
  std::string into_, row_;
  Statement one_;
  std::optional<Statement> many_;  // made when it is first needed: to prepare it takes a third of a millisecond
};

}  // namespace ganger::host
