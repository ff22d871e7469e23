#include "host/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "host/descriptor.h"
#include "host/journal/crash_point.h"
#include "host/journal/schema.h"
#include "host/plugin/trust.h"
#include "host/private_folder.h"

namespace ganger::host {

namespace {

namespace fs = std::filesystem;

fs::path marker_of(const fs::path& file) { return file.string() + ".suspect"; }

Result<void> make_file(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    close(fd);
    durable_step();
    return {};
  }
  if (errno == EEXIST) return {};
  return failure(ErrorKind::cannot_create,
                 fmt::format("cannot create journal {}: {}; see --state-dir", file.string(), std::strerror(errno)));
}

// Puts a damaged database out of the way, and says so.
Error move_aside(const fs::path& file, const std::string& what) {
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
  fs::path aside = fmt::format("{}.damaged-{}", file.string(), stamp);
  std::error_code ec;
  for (int n = 2; fs::exists(aside, ec); ++n) aside = fmt::format("{}.damaged-{}-{}", file.string(), stamp, n);
  // The database last: without it the others are nothing, but it would take them for its own.
  for (const char* part : {"-wal", "-shm", ""}) {
    fs::rename(file.string() + part, aside.string() + part, ec);
    if (ec && ec != std::errc::no_such_file_or_directory)
      return {ErrorKind::io,
              fmt::format("journal {} is damaged ({}), and moving it aside failed: {}; move it away by hand",
                          file.string(), what, ec.message()),
              {}};
  }
  fs::remove(marker_of(file), ec);
  return {ErrorKind::io,
          fmt::format("journal {} is damaged ({}); it was moved to {}, and the next start begins a new one",
                      file.string(), what, aside.string()),
          {}};
}

Result<void> configure(Database& database) {
  // NORMAL: a commit survives this process as soon as it is written, and power loss costs the last of them only.
  return database.run("pragma journal_mode=wal; pragma synchronous=normal; pragma foreign_keys=on");
}

// A full look at the file.
Result<void> find_damage(Database& database) {
  auto query = database.prepare("pragma quick_check(1)");
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start();
  if (!row) return tl::unexpected(row.error());
  if (query->text(0) == "ok") return {};
  Error wrong = database.error(SQLITE_CORRUPT);
  wrong.message = query->text(0);
  std::replace(wrong.message.begin(), wrong.message.end(), '\n', ' ');
  return tl::unexpected(std::move(wrong));
}

Result<void> make_ready(Database& database) {
  if (auto done = configure(database); !done) return done;
  std::error_code ec;
  if (const fs::path marker = marker_of(database.file()); fs::exists(marker, ec)) {
    if (auto sound = find_damage(database); !sound) return sound;
    fs::remove(marker, ec);
  }
  return bring_up_to_date(database);
}

}  // namespace

Result<void> check_state_folder(const fs::path& state) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(state, problem);
  if (problem) return failure(ErrorKind::io, fmt::format("{}: {}", state.string(), problem.message()));
  // Most of the way is the same for all of them.
  std::map<fs::path, std::pair<std::optional<PathFacts>, int>> seen;
  const LookAt look = [&seen, look = look_beside(this_program())](const fs::path& path) {
    auto known = seen.find(path);
    if (known == seen.end()) {
      auto facts = look(path);
      known = seen.emplace(path, std::pair(std::move(facts), errno)).first;
    }
    errno = known->second.second;
    return known->second.first;
  };
  const std::string what = fmt::format("state directory {}", state.string());
  for (const char* part : {"journal.db", "runs", "locks"})
    if (auto good = check_kept(what, ", or choose another with --state-dir", absolute / part, geteuid(), look); !good)
      return good;
  return {};
}

Result<void> make_state_folder(const fs::path& state) {
  if (auto made = make_private_folder(state); !made) return made;
  durable_step();
  return check_state_folder(state);
}

Result<std::unique_ptr<Database>> connect(const fs::path& file) {
  auto database = Database::open(file);
  if (!database) return database;
  if (auto done = configure(**database); !done) {
    suspect(**database, done.error());
    return tl::unexpected(std::move(done).error());
  }
  return database;
}

void suspect(const Database& database, Error& error) {
  if (!database.is_damaged()) return;
  if (error.kind == ErrorKind::io) error.message += ", and the next start moves it aside";
  const int fd = open(marker_of(database.file()).c_str(), O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
}

Result<std::unique_ptr<Database>> open_journal_file(const fs::path& state) {
  if (auto made = make_state_folder(state); !made) return tl::unexpected(std::move(made).error());
  // One process at a time makes, migrates or moves the file. Where folders cannot be locked, SQLite's own locks do.
  const Descriptor folder(open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (flock(folder.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  const fs::path file = state / "journal.db";
  if (auto made = make_file(file); !made) return tl::unexpected(std::move(made).error());
  auto database = Database::open(file);
  if (!database) return database;
  auto ready = make_ready(**database);
  if (ready) return database;
  const bool is_damaged = (*database)->is_damaged();
  database->reset();
  return tl::unexpected(is_damaged ? move_aside(file, ready.error().message) : std::move(ready).error());
}

bool is_read_only(const fs::path& state) {
  for (const fs::path& part : {state, state / "journal.db"})
    if (euidaccess(part.c_str(), W_OK) != 0 && (errno == EROFS || errno == EACCES)) return true;
  return false;
}

Result<std::unique_ptr<Database>> open_journal_file_to_read(const fs::path& state) {
  if (auto good = check_state_folder(state); !good) return tl::unexpected(std::move(good).error());
  auto database = Database::open_to_read(state / "journal.db");
  if (!database) return database;
  if (auto known = check_version(**database); !known) return tl::unexpected(std::move(known).error());
  return database;
}

}  // namespace ganger::host
