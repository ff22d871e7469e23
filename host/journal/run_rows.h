// The rows of one run, as they are written.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/journal/database.h"
#include "host/journal/journal.h"

namespace ganger::host {

/// An event as a row. A start and the finish after it are one.
struct EventRow {
  Event event;
  std::int64_t started_ns = 0;  ///< 0 = the start is a row of its own, or there was none
  bool is_folded = false;       ///< into the row of the finish: not written
};

/// Which number in the ledger and in the tables a task of the plan has.
class TaskNumbers {
 public:
  /// Each its index.
  TaskNumbers() = default;
  explicit TaskNumbers(std::vector<std::uint32_t> of) : of_(std::move(of)) {}
  std::uint32_t operator[](TaskIndex task) const { return of_.empty() ? task : of_[task]; }

 private:
  std::vector<std::uint32_t> of_;
};

/// Inserts a run with its settings and tasks; returns its number. In a transaction of the caller's.
Result<std::int64_t> insert_run(Database& database, const RunHeader& header, const Plan& plan, std::int64_t now_ns);

/// A run that goes on once more, perhaps with a plan that has changed.
struct NextSession {
  std::int64_t session = 1;  ///< which one it is, from 1
  TaskNumbers numbers;
  std::uint32_t ledger_size = 0;
};
/// Puts the plan's tasks in the place of those that were, by name, and what `now` says in the place of what was said.
/// In a transaction of the caller's.
Result<NextSession> insert_session(Database& database, std::int64_t run, const RunHeader& now, const Plan& plan);

/// Of a run whose tasks do not have the numbers 0, 1, ...
Error wild_number(const Database& database);

/// Statements for what comes while a run goes on. Thread: one at a time.
class RunRows {
 public:
  static Result<RunRows> prepare(Database& database, std::int64_t run, std::int64_t session);

  Result<void> insert(std::span<const EventRow> rows, const TaskNumbers& numbers);
  /// Each in the place of what the task had.
  Result<void> replace_outputs(const std::map<std::uint32_t, Outputs>& outputs);
  /// Shape: states = of a ledger; empty where there is none
  Result<void> finish(std::int64_t now_ns, std::string_view end, int exit_code, std::string_view states);

 private:
  RunRows(Database& database, std::int64_t run, std::int64_t session, Statement event, RowInsert plain_events)
      : database_(&database),
        run_(run),
        session_(session),
        event_(std::move(event)),
        plain_events_(std::move(plain_events)) {}

  Result<void> insert(const EventRow& row, const TaskNumbers& numbers);
  void add_columns(Statement& statement, const EventRow& row, const TaskNumbers& numbers) const;

  Database* database_;
  std::int64_t run_, session_;
  Statement event_;
  RowInsert plain_events_;
};

}  // namespace ganger::host
