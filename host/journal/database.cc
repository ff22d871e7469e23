#include "host/journal/database.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>

#include "host/journal/crash_point.h"

namespace ganger::host {

namespace {

using std::chrono::microseconds;

// How long to wait for other processes that write. Each of them holds the lock for some milliseconds at a time.
constexpr std::chrono::seconds kPatience{30};
constexpr microseconds kFirstNap{200}, kLaterNap{2'000};
constexpr int kFirstNaps = 100;
constexpr int kMostNaps = kFirstNaps + static_cast<int>((kPatience - kFirstNaps * kFirstNap) / kLaterNap);

constexpr std::uintmax_t kLongLogBytes = 512 * 1024, kEmptyBytes = 4096;

// SQLite's own handler sleeps up to 100 ms, in which a busy neighbour takes the lock many times over.
int on_busy(void*, int tries) noexcept {
  if (tries >= kMostNaps) return 0;
  std::this_thread::sleep_for(tries < kFirstNaps ? kFirstNap : kLaterNap);
  return 1;
}

/// "file:/a%3fb": each byte that may mean something in a URI as its number.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
        c == '_' || c == '-')
      uri += c;
    else
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return uri;
}

}  // namespace

Result<bool> Statement::next() {
  const int code = bad_ == SQLITE_OK ? sqlite.step(raw_.get()) : bad_;
  if (code == SQLITE_ROW) return true;
  // What went wrong is read before the reset, which may say it anew but never better.
  if (code != SQLITE_DONE) {
    Error wrong = database_->error(code);
    reset();
    return tl::unexpected(std::move(wrong));
  }
  reset();
  return false;
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite.column_text(raw_.get(), column));
  return text == nullptr ? std::string_view()
                         : std::string_view(text, static_cast<std::size_t>(sqlite.column_bytes(raw_.get(), column)));
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file) {
  return open(file, file.string(), SQLITE_OPEN_READWRITE, nullptr);
}

Result<std::unique_ptr<Database>> Database::open_to_read(const std::filesystem::path& file) {
  const auto can_be_read = [](Result<std::unique_ptr<Database>>& opened) {
    return opened && (*opened)->number("select count(*) from sqlite_master");
  };
  // With the index of the log that other processes left, and have: what they write meanwhile is seen.
  auto database = open(file, file.string(), SQLITE_OPEN_READONLY, nullptr);
  if (can_be_read(database)) return database;
  // Without one: SQLite makes an index of its own in memory, if it believes that it is alone.
  auto alone = open(file, file.string(), SQLITE_OPEN_READONLY, "unix-none");
  if (alone && (*alone)->run("pragma locking_mode=exclusive") && can_be_read(alone)) return alone;
  // Without a log, all there is stands in the file itself.
  std::error_code no_log;
  if (std::filesystem::exists(file.string() + "-wal", no_log) || no_log) return database;
  auto whole = open(file, uri_of(file) + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  return can_be_read(whole) ? std::move(whole) : std::move(database);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, const std::string& name,
                                                 int flags, const char* vfs) {
  if (auto loaded = load_sqlite(); !loaded) return tl::unexpected(std::move(loaded).error());
  std::unique_ptr<Database> database(new Database(file));
  sqlite3* raw = nullptr;
  const int code = sqlite.open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, vfs);
  database->raw_.reset(raw);  // also after an error there is one to close
  if (raw == nullptr) return failure(ErrorKind::io, fmt::format("cannot open {}: out of memory", file.string()));
  if (code != SQLITE_OK) return tl::unexpected(database->error(code));
  sqlite.extended_result_codes(raw, 1);
  sqlite.busy_handler(raw, &on_busy, nullptr);
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) {
    database->device_ = status.st_dev;
    database->inode_ = status.st_ino;
  }
  database->index_ = std::make_unique<WholeFile>(file.string() + "-shm");
  return database;
}

bool Database::is_in_place() const {
  struct stat status {};
  return stat(file_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

Database::~Database() {
  // To move what is in the log to its place and to remove it takes five syncs, more than most runs need for all they
  // do. A short one stays for the next process, which reads it in a tenth of a millisecond; but for the first, so
  // that the file is a database by itself.
  std::error_code no_file, no_log;
  const auto bytes = std::filesystem::file_size(file_, no_file);
  const auto log_bytes = std::filesystem::file_size(file_.string() + "-wal", no_log);
  if (raw_ && !no_file && bytes > kEmptyBytes && !no_log && log_bytes < kLongLogBytes)
    sqlite.db_config(raw_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Database::run(const char* script) {
  const int code = sqlite.exec(raw_.get(), script, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return tl::unexpected(error(code));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite.prepare_v3(raw_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                     &raw, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code));
  return Statement(*this, raw);
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto query = prepare(sql);
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start();
  if (!row) return tl::unexpected(row.error());
  return *row ? query->integer(0) : 0;
}

Result<void> Database::commit() {
  auto result = run("commit");
  if (result) durable_step();
  return result;
}

void Database::roll_back() {
  // SQLite has done it by itself after some errors, such as a full disk.
  if (sqlite.get_autocommit(raw_.get()) == 0) sqlite.exec(raw_.get(), "rollback", nullptr, nullptr, nullptr);
}

Result<RowInsert> RowInsert::prepare(Database& database, std::string into, int columns) {
  std::string row = "(?";
  for (int i = 1; i < columns; ++i) row += ",?";
  row += ')';
  auto one = database.prepare(into + " values" + row);
  if (!one) return tl::unexpected(std::move(one).error());
  return RowInsert(database, std::move(into), std::move(row), *std::move(one));
}

Result<void> RowInsert::prepare_many() {
  std::string sql = into_ + " values" + row_;
  for (std::size_t i = 1; i < kMany; ++i) sql += ',' + row_;
  auto many = database_->prepare(sql);
  if (!many) return tl::unexpected(std::move(many).error());
  many_ = *std::move(many);
  return {};
}

Error Database::error(int code) {
  const int primary = code & 0xff;
  std::string what = sqlite.errmsg(raw_.get());
  if (const int system = sqlite.system_errno(raw_.get()); system != 0 && primary != SQLITE_BUSY)
    what += fmt::format(" ({})", std::strerror(system));
  std::string advice;
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      is_damaged_ = true;
      advice = "; it is damaged";
      break;
    case SQLITE_FULL:
      advice = "; make room, or see --state-dir";
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      advice = "; see --state-dir";
      break;
    case SQLITE_BUSY:
      advice = fmt::format("; another process holds it for more than {} s", kPatience.count());
      break;
    default:
      break;
  }
  return Error{ErrorKind::io, fmt::format("journal {}: {}{}", file_.string(), what, advice), {}};
}

}  // namespace ganger::host
