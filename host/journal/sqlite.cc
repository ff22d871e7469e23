#include "host/journal/sqlite.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

namespace ganger::host {

namespace {

// The name says the version of its ABI, which has been this one since 2004.
constexpr const char* kLibrary = "libsqlite3.so.0";

/// Finds function after function; `missing` is the first that is not there.
class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}
  template <class Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr && missing == nullptr) missing = name;
  }
  const char* missing = nullptr;

 private:
  void* const library_;
};

std::string load() {
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return dlerror();
  Finder finder(library);
  finder.find(sqlite.open_v2, "sqlite3_open_v2");
  finder.find(sqlite.close, "sqlite3_close");
  finder.find(sqlite.extended_result_codes, "sqlite3_extended_result_codes");
  finder.find(sqlite.db_config, "sqlite3_db_config");
  finder.find(sqlite.busy_handler, "sqlite3_busy_handler");
  finder.find(sqlite.exec, "sqlite3_exec");
  finder.find(sqlite.get_autocommit, "sqlite3_get_autocommit");
  finder.find(sqlite.last_insert_rowid, "sqlite3_last_insert_rowid");
  finder.find(sqlite.errmsg, "sqlite3_errmsg");
  finder.find(sqlite.system_errno, "sqlite3_system_errno");
  finder.find(sqlite.prepare_v3, "sqlite3_prepare_v3");
  finder.find(sqlite.finalize, "sqlite3_finalize");
  finder.find(sqlite.step, "sqlite3_step");
  finder.find(sqlite.reset, "sqlite3_reset");
  finder.find(sqlite.bind_int64, "sqlite3_bind_int64");
  finder.find(sqlite.bind_double, "sqlite3_bind_double");
  finder.find(sqlite.bind_null, "sqlite3_bind_null");
  finder.find(sqlite.bind_text64, "sqlite3_bind_text64");
  finder.find(sqlite.bind_blob64, "sqlite3_bind_blob64");
  finder.find(sqlite.column_int64, "sqlite3_column_int64");
  finder.find(sqlite.column_double, "sqlite3_column_double");
  finder.find(sqlite.column_text, "sqlite3_column_text");
  finder.find(sqlite.column_bytes, "sqlite3_column_bytes");
  finder.find(sqlite.column_type, "sqlite3_column_type");
  return finder.missing == nullptr ? std::string() : fmt::format("it has no {}", finder.missing);
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
