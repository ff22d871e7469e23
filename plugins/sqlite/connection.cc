#include "connection.h"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace ganger::sqlite {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Instructions of SQLite's machine between two looks at the interrupt flag: well under a millisecond.
constexpr int kStepsBetweenLooks = 1000;

// As SQLite's own handler does: short naps first, for locks are mostly short.
constexpr std::array kNaps = {milliseconds(1),  milliseconds(2),  milliseconds(5),
                              milliseconds(10), milliseconds(25), milliseconds(50)};

ganger_status status_of(int code) {
  switch (code & 0xff) {  // without the extension
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return GANGER_RETRY;
    case SQLITE_INTERRUPT:
      return GANGER_CANCELLED;
    case SQLITE_NOMEM:
      return GANGER_NO_MEMORY;
    case SQLITE_RANGE:
      return GANGER_BAD_PARAM;
    case SQLITE_MISUSE:
      return GANGER_BUG;
    default:
      return GANGER_FAILED;
  }
}

bool is_busy(int code) { return status_of(code) == GANGER_RETRY; }

// "line 3, column 7" of `place` in `text`.
std::string place_in(std::string_view text, std::size_t place) {
  const auto before = text.substr(0, place);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Where in the statement it is that SQLite complains about; 0 when it does not say.
std::size_t error_offset([[maybe_unused]] sqlite3* db) {
#if SQLITE_VERSION_NUMBER >= 3038000
  const int offset = sqlite3_error_offset(db);
  return offset < 0 ? 0 : static_cast<std::size_t>(offset);
#else
  return 0;
#endif
}

std::size_t leading_space(const char* begin, const char* end) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  return static_cast<std::size_t>(std::find_if_not(begin, end, is_space) - begin);
}

}  // namespace

Connection::Connection(const ctx& c, Settings settings) : settings_(std::move(settings)) {
  open();
  const auto stop = c.on_stop([this] { interrupt(); });
  sqlite3_extended_result_codes(db_.get(), 1);
  sqlite3_busy_handler(db_.get(), &on_busy, this);
  sqlite3_progress_handler(
      db_.get(), kStepsBetweenLooks,
      [](void* self) -> int { return static_cast<Connection*>(self)->interrupted_.load(std::memory_order_relaxed); },
      this);
  set_journal_mode(c);
}

Connection::~Connection() { reset(); }

void Connection::open() {
  const auto& path = settings_.path;
  if (!settings_.readonly) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    if (failed)
      throw ganger::error(GANGER_NO_RESOURCE, "cannot make folder '" + path.parent_path().string() +
                                                  "' of the database: " + failed.message());
  }
  // One thread at a time uses a connection, so SQLite need not lock.
  const int flags =
      SQLITE_OPEN_NOMUTEX | (settings_.readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  db_.reset(db);  // also after an error there is one to close
  if (code != SQLITE_OK)
    throw ganger::error(GANGER_NO_RESOURCE, "cannot open database '" + path.string() +
                                                "': " + (db ? sqlite3_errmsg(db) : "out of memory"));
}

void Connection::set_journal_mode(const ctx& c) {
  // The first statement that reads the file, so this is where one that is no database shows.
  const std::string sql =
      settings_.readonly ? "pragma schema_version" : "pragma journal_mode=" + settings_.journal_mode;
  std::string got;
  const auto keep = [](void* out, int, char** values, char**) -> int {
    try {
      *static_cast<std::string*>(out) = values[0] ? values[0] : "";
      return 0;
    } catch (...) {
      return 1;
    }
  };
  // SQLite does not ask the busy handler here when two connections change to WAL at the same time.
  const auto end = steady_clock::now() + settings_.busy_timeout;
  int code = SQLITE_OK;
  while (is_busy(code = sqlite3_exec(db_.get(), sql.c_str(), keep, &got, nullptr)) && steady_clock::now() < end)
    c.sleep_for(kNaps.back());
  c.throw_if_stopped();
  if (code != SQLITE_OK)
    throw ganger::error(is_busy(code) ? GANGER_RETRY : GANGER_NO_RESOURCE,
                        "cannot use database '" + settings_.path.string() + "': " + sqlite3_errmsg(db_.get()));
  if (!settings_.readonly && got != settings_.journal_mode)
    c.warn("journal mode " + settings_.journal_mode + " is not possible for '" + settings_.path.string() +
           "'; it is " + got);
}

ganger_status Connection::exec(const char* sql) noexcept {
  const std::string_view script(sql);
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  if (script.size() > std::numeric_limits<int>::max()) return fail(GANGER_BAD_PARAM, "the script is too long");
  for (std::size_t at = 0; at < script.size();) {
    RawStatement statement;
    const char* tail = nullptr;
    int code = prepare_raw(script.substr(at), statement, &tail);
    if (code != SQLITE_OK) return fail_at(script, at + error_offset(db_.get()), code);
    while (statement && (code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    }
    if (statement && code != SQLITE_DONE) return fail_at(script, at + leading_space(sql + at, tail), code);
    at = static_cast<std::size_t>(tail - sql);
  }
  return GANGER_OK;
}

ganger_status Connection::prepare(std::string_view sql, ganger_sql_stmt** out) noexcept {
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  if (sql.size() > std::numeric_limits<int>::max()) return fail(GANGER_BAD_PARAM, "the statement is too long");
  if (sql.empty()) sql = " ";  // its pointer may be null, which SQLite refuses in other words
  const char* tail = nullptr;
  RawStatement raw;
  const int code = prepare_raw(sql, raw, &tail);
  if (code != SQLITE_OK) return fail_at(sql, error_offset(db_.get()), code);
  if (!raw) return fail(GANGER_FAILED, "there is no statement in the text");

  // What is left may be a comment, which prepares to nothing.
  const auto used = static_cast<std::size_t>(tail - sql.data());
  RawStatement second;
  const int rest = prepare_raw(sql.substr(used), second, &tail);
  const int kind = rest & 0xff;                                      // without its details
  if (kind != SQLITE_OK && kind != SQLITE_ERROR) return fail(rest);  // interrupted or busy, whatever the text is
  if (kind == SQLITE_ERROR || second)
    return fail_at(sql, used + leading_space(sql.data() + used, sql.data() + sql.size()),
                   "more than one statement in the text: the second is");
  try {
    statements_.push_back(std::make_unique<ganger_sql_stmt>(ganger_sql_stmt{this, raw.get()}));
  } catch (...) {
    return fail(SQLITE_NOMEM);
  }
  *out = statements_.back().get();
  raw.release();
  return GANGER_OK;
}

ganger_status Connection::step(sqlite3_stmt* statement, std::int32_t* has_row) noexcept {
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  const int code = sqlite3_step(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(code);
  *has_row = code == SQLITE_ROW;
  return GANGER_OK;
}

void Connection::finish(const ganger_sql_stmt* statement) noexcept {
  const auto it =
      std::find_if(statements_.begin(), statements_.end(), [&](const auto& s) { return s.get() == statement; });
  if (it == statements_.end()) return;
  sqlite3_finalize((*it)->raw);
  statements_.erase(it);
}

ganger_status Connection::begin() noexcept {
  if (in_transaction()) return fail(GANGER_BUG, "begin inside a transaction; commit or roll back first");
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  // Asking for the write lock at once means waiting here, where waiting works: a reader that turns writer
  // while another one writes fails however long it waits.
  return run_raw(settings_.readonly ? "begin" : "begin immediate");
}

ganger_status Connection::commit() noexcept {
  if (!in_transaction()) return fail(GANGER_BUG, "commit outside of a transaction; begin one first");
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  return run_raw("commit");
}

ganger_status Connection::rollback() noexcept {
  if (!in_transaction()) return fail(GANGER_BUG, "rollback outside of a transaction; begin one first");
  // A statement that is still running would keep an interrupt alive, and the rollback would get it.
  for (const auto& statement : statements_) sqlite3_reset(statement->raw);
  return run_raw("rollback");
}

std::int64_t Connection::changes() const noexcept {
  return sqlite3_total_changes64(db_.get()) == changes_before_ ? 0 : sqlite3_changes64(db_.get());
}

void Connection::interrupt() noexcept {
  interrupted_ = true;
  sqlite3_interrupt(db_.get());
}

bool Connection::reset() noexcept {
  for (const auto& statement : statements_) sqlite3_finalize(statement->raw);
  statements_.clear();
  const bool usable = !in_transaction() || run_raw("rollback") == GANGER_OK;
  // SQLite forgets an interrupt at the next statement only; if none came, closing would leave the database's log
  // behind.
  if (interrupted_.exchange(false) && run_raw("select 1") != GANGER_OK) return false;
  changes_before_ = sqlite3_total_changes64(db_.get());
  error_.clear();
  return usable;
}

bool Connection::is_alive() noexcept { return run_raw("select 1") == GANGER_OK; }

ganger_status Connection::fail(int code) noexcept {
  if (interrupted_) return fail(GANGER_CANCELLED, "interrupted");
  if (is_busy(code))
    return fail(GANGER_RETRY, "database is locked by another connection; try later or raise busy_timeout");
  return fail(status_of(code), sqlite3_errmsg(db_.get()));
}

ganger_status Connection::fail(ganger_status status, std::string_view why) noexcept {
  try {
    error_ = why;
    return status;
  } catch (...) {
    return GANGER_NO_MEMORY;
  }
}

ganger_status Connection::fail_at(std::string_view script, std::size_t place, int code) noexcept {
  const auto status = fail(code);
  return status == GANGER_FAILED ? fail_at(script, place, error_) : status;
}

ganger_status Connection::fail_at(std::string_view script, std::size_t place, std::string_view why) noexcept {
  try {
    error_ = std::string(why) + " at " + place_in(script, place);
    return GANGER_FAILED;
  } catch (...) {
    return GANGER_NO_MEMORY;
  }
}

int Connection::prepare_raw(std::string_view sql, RawStatement& out, const char** tail) noexcept {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &raw, tail);
  out.reset(raw);
  return code;
}

ganger_status Connection::run_raw(const char* sql) noexcept {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? GANGER_OK : fail(code);
}

int Connection::on_busy(void* self, int tries) noexcept {
  auto* connection = static_cast<Connection*>(self);
  const auto now = steady_clock::now();
  if (tries == 0) connection->busy_since_ = now;
  if (connection->interrupted_ || now - connection->busy_since_ >= connection->settings_.busy_timeout) return 0;
  std::this_thread::sleep_for(kNaps[std::min(static_cast<std::size_t>(tries), kNaps.size() - 1)]);
  return 1;
}

Connection* ConnectionKind::open(const ctx& c) {
  return new Connection(c, {c.get<std::filesystem::path>("path"), c.get<std::chrono::nanoseconds>("busy_timeout"),
                            c.get<std::string>("journal_mode"), c.get<bool>("readonly")});
}

}  // namespace ganger::sqlite
