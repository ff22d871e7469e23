// A task that borrows a connection and does what a test says.
#pragma once
#include <functional>
#include <ganger/sql.hpp>
#include <ganger/testing.hpp>
#include <string>
#include <utility>
#include <vector>

struct SqliteBorrower {
  static constexpr const char* name = "borrower";
  static constexpr const char* summary = "Does what a test says";
  static inline std::function<void(const ganger::ctx&)> body;
  void run(const ganger::ctx& c) { body(c); }
};

/// Runs `body` as a task of `h`.
inline ganger::testing::result run_as_task(ganger::testing::host& h, std::function<void(const ganger::ctx&)> body) {
  SqliteBorrower::body = std::move(body);
  return h.run<SqliteBorrower>();
}

/// The first column of all rows, as text; NULL as "NULL".
inline std::vector<std::string> first_column(ganger::sql& db, const std::string& query) {
  std::vector<std::string> all;
  auto rows = db.prepare(query);
  while (rows.step()) {
    const auto v = rows.column(0);
    all.push_back(v.type == GANGER_NONE  ? "NULL"
                  : v.type == GANGER_STR ? std::string(ganger::view(v.u.s))
                  : v.type == GANGER_I64 ? std::to_string(v.u.i)
                                         : std::to_string(v.u.f));
  }
  return all;
}
