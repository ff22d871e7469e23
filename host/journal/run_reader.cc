#include "host/journal/run_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "host/journal/output_log.h"
#include "host/journal/run_rows.h"

namespace ganger::host {

namespace {

constexpr std::string_view kRunColumns =
    "select number, id, job, job_file, job_digest, current_dir, total, started_ns, ended_ns, end, "
    "exit_code, sessions from runs ";
// By their numbers, which grow, and not by the clock, which may have been set back.
constexpr std::string_view kLatestFirst = " order by number desc ";

TaskState state_named(std::string_view name) {
  for (auto s = TaskState::done; s <= TaskState::up_to_date;
       s = static_cast<TaskState>(static_cast<std::uint8_t>(s) + 1))
    if (name_of(s) == name) return s;
  return TaskState::waiting;
}

Value value_of(const Statement& row, std::uint32_t type, int column) {
  if (type == GANGER_STR || type == GANGER_PATH) return Value::of_text(std::string(row.text(column)), type);
  if (type != GANGER_F64) return Value::of_integer(row.integer(column), type);
  // SQLite has no NaN; it keeps a null in its place.
  return Value::of_float(row.is_null(column) ? std::numeric_limits<double>::quiet_NaN() : row.real(column));
}

}  // namespace

/// A task while it is put together.
struct RunReader::Row {
  TaskEntryOfRun entry;
  std::optional<std::int64_t> position;
  bool has_outputs = false;  // by the ledger

  // The ledger knows better than the rows, which are written later.
  void correct(Standing standing);
};

void RunReader::Row::correct(Standing standing) {
  const TaskState known = entry.state;
  has_outputs = standing.has_outputs;
  entry.is_in_doubt = standing.is_in_doubt;
  if (standing.state == known) return;
  const bool was_tried = standing.state != TaskState::waiting && standing.state != TaskState::skipped &&
                         standing.state != TaskState::up_to_date;
  if (known != TaskState::running) {
    entry.started_ns = 0;
    if (was_tried) entry.attempts = has_ended(known) ? 1 : entry.attempts + 1;
  }
  entry.state = standing.state;
  entry.ended_ns = 0;
  entry.reason.clear();
}

Result<std::vector<RunEntry>> RunReader::entries(Statement& query) {
  std::vector<RunEntry> all;
  std::vector<std::int64_t> numbers;
  Result<bool> row = true;
  for (; row && *row; row = query.next()) {
    numbers.push_back(query.integer(0));
    RunEntry& e = all.emplace_back();
    e.header.run = query.text(1);
    e.header.job = query.text(2);
    e.header.job_file = query.text(3);
    e.header.job_digest = query.text(4);
    e.header.current_dir = query.text(5);
    e.total = static_cast<std::uint32_t>(query.integer(6));
    e.started_ns = query.integer(7);
    e.ended_ns = query.integer(8);
    e.end = query.text(9);
    if (!query.is_null(10)) e.exit_code = static_cast<int>(query.integer(10));
    e.sessions = static_cast<std::uint32_t>(query.integer(11));
    e.is_running = e.ended_ns == 0 && RunLock::is_held(ledger_of(runs_, e.header.run));
  }
  if (!row) return tl::unexpected(row.error());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (auto read = read_settings(numbers[i], all[i].header); !read) return tl::unexpected(std::move(read).error());
  return all;
}

Result<void> RunReader::read_settings(std::int64_t run, RunHeader& header) {
  auto query = database_.prepare("select kind, name, value from settings where run = ? order by position");
  if (!query) return tl::unexpected(std::move(query).error());
  auto row = query->start(run);
  for (; row && *row; row = query->next()) {
    const std::string_view kind = query->text(0);
    std::string name(query->text(1)), value(query->text(2));
    if (kind == "param")
      header.params.emplace(std::move(name), std::move(value));
    else if (kind == "secret")
      header.secret_params.push_back(std::move(name));
    else if (kind == "plugin")
      header.plugins.emplace(std::move(name), std::move(value));
    else if (kind == "option")
      header.options.push_back(std::move(value));
  }
  if (!row) return tl::unexpected(row.error());
  return {};
}

Result<std::string> RunReader::last_id() {
  auto query = database_.prepare("select id from runs order by id desc limit 1");
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start();
  if (!row) return tl::unexpected(row.error());
  return *row ? std::string(query->text(0)) : std::string();
}

Result<std::vector<RunEntry>> RunReader::runs(std::size_t most) {
  auto query = database_.prepare(fmt::format("{}{}limit ?", kRunColumns, kLatestFirst));
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start(most == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(most));
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::vector<RunEntry>{};
  return entries(*query);
}

Result<std::vector<RunEntry>> RunReader::chosen(std::string_view condition, std::string_view run) {
  auto query = database_.prepare(fmt::format("{}where {}", kRunColumns, condition));
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start(run);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::vector<RunEntry>{};
  return entries(*query);
}

Result<RunEntry> RunReader::find(std::string_view run) {
  if (run.empty()) {
    auto latest = runs(1);
    if (!latest) return tl::unexpected(std::move(latest).error());
    return latest->empty() ? not_found(run, {}) : std::move(latest->front());
  }
  // That very id, else one that begins with it. Both by the index of ids: none is above one of its letters and the
  // last character there is.
  auto found = chosen("id = ?1", run);
  if (found && found->empty())
    found = chosen(fmt::format("id >= ?1 and id < ?1 || char(0x10ffff){}limit 6", kLatestFirst), run);
  if (!found) return tl::unexpected(std::move(found).error());
  if (found->size() == 1) return std::move(found->front());
  std::vector<std::string> near;
  near.reserve(found->size());
  for (const RunEntry& e : *found) near.push_back(e.header.run);
  return not_found(run, near);
}

Result<RunEntry> RunReader::not_found(std::string_view run, const std::vector<std::string>& near) {
  if (!near.empty())
    return failure(ErrorKind::not_found, fmt::format("'{}' is the start of more than one run: {}; give more of it",
                                                     run, fmt::join(near, ", ")));
  // Perhaps a part that was not the start, of one of the last hundred; otherwise the latest.
  auto query = database_.prepare(
      "select id from (select id, number from runs order by number desc limit 100) "
      "order by instr(id, ?) > 0 desc, number desc limit 4");
  if (!query) return tl::unexpected(std::move(query).error());
  std::vector<std::string> ids;
  auto row = query->start(run);
  for (; row && *row; row = query->next()) ids.emplace_back(query->text(0));
  if (!row) return tl::unexpected(row.error());
  if (ids.empty())
    return failure(ErrorKind::not_found,
                   fmt::format("no run has been recorded in {} yet", database_.file().parent_path().string()));
  const bool has_others = ids.size() > 3;
  if (has_others) ids.pop_back();
  return failure(ErrorKind::not_found,
                 fmt::format("no run '{}'; there {} {}{}: see 'ganger history'", run, ids.size() == 1 ? "is" : "are",
                             fmt::join(ids, ", "), has_others ? " and others" : ""));
}

Result<std::optional<std::int64_t>> RunReader::number_of(std::string_view run) {
  auto query = database_.prepare("select number from runs where id = ?");
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start(run);
  if (!row) return tl::unexpected(row.error());
  return *row ? std::optional(query->integer(0)) : std::nullopt;
}

Result<std::vector<RunReader::Row>> RunReader::read_tasks(std::int64_t run) {
  auto query = database_.prepare("select number, position, name, type from tasks where run = ? order by number");
  if (!query) return tl::unexpected(std::move(query).error());
  std::vector<Row> rows;
  auto row = query->start(run);
  for (; row && *row; row = query->next()) {
    if (query->integer(0) != static_cast<std::int64_t>(rows.size())) return tl::unexpected(wild_number(database_));
    rows.emplace_back();
    if (!query->is_null(1)) rows.back().position = query->integer(1);
    rows.back().entry.name = query->text(2);
    rows.back().entry.type = query->text(3);
  }
  if (!row) return tl::unexpected(row.error());
  if (auto read = read_events(run, rows); !read) return tl::unexpected(std::move(read).error());
  return rows;
}

Result<void> RunReader::read_events(std::int64_t run, std::vector<Row>& rows) {
  auto query = database_.prepare(
      "select task, kind, time_ns, attempt, outcome, started_ns, run_ns, text from events where run = ? and kind in "
      "('task_started', 'task_retry', 'task_finished') order by session, seq");
  if (!query) return tl::unexpected(std::move(query).error());
  auto row = query->start(run);
  for (; row && *row; row = query->next()) {
    const auto number = static_cast<std::size_t>(query->integer(0));
    if (number >= rows.size()) continue;
    TaskEntryOfRun& t = rows[number].entry;
    const std::int64_t time = query->integer(2);
    // A task took what all its attempts took; in a session after this one they begin anew.
    const bool is_first = query->integer(3) <= 1 || t.started_ns == 0;
    if (!query->is_null(3)) t.attempts = static_cast<std::uint32_t>(query->integer(3));
    t.reason = query->text(7);
    if (query->text(1) == name_of(EventKind::task_started)) {
      t.state = TaskState::running;
      if (is_first) t.started_ns = time;
      t.ended_ns = 0;
      continue;
    }
    const bool is_over = query->text(1) == name_of(EventKind::task_finished);
    t.state = is_over ? state_named(query->text(4)) : TaskState::waiting;
    t.ended_ns = time;
    if (!query->is_null(5)) {
      if (is_first) t.started_ns = query->integer(5);
    } else if (is_over && query->is_null(6)) {
      t.started_ns = 0;  // it was not started
    }
  }
  if (!row) return tl::unexpected(row.error());
  return {};
}

/// Of sessions that have ended, in the database; of one that goes on or was killed, in the log.
Result<void> RunReader::read_outputs(const RunEntry& run, std::int64_t number, std::vector<Row>& rows) {
  // First the log: when it is gone, the database has all.
  auto log = OutputLog::read(outputs_of(runs_, run.header.run));
  if (!log) return tl::unexpected(std::move(log).error());
  auto query = database_.prepare("select task, name, type, value from outputs where run = ?");
  if (!query) return tl::unexpected(std::move(query).error());
  auto row = query->start(number);
  for (; row && *row; row = query->next()) {
    const auto task = static_cast<std::size_t>(query->integer(0));
    // Rows of an attempt after which another one began count for nothing.
    if (task >= rows.size() || !rows[task].has_outputs) continue;
    TaskEntryOfRun& t = rows[task].entry;
    const auto type = static_cast<std::uint32_t>(query->integer(2));
    if (type == GANGER_SECRET)
      t.has_secret_output = true;
    else
      t.outputs.insert_or_assign(std::string(query->text(1)), value_of(*query, type, 3));
  }
  if (!row) return tl::unexpected(row.error());
  for (auto& [task, outputs] : *log) {
    if (task >= rows.size() || !rows[task].has_outputs) continue;
    TaskEntryOfRun& t = rows[task].entry;
    const auto secrets = std::erase_if(outputs, [](const auto& o) { return o.second.type == GANGER_SECRET; });
    t.has_secret_output = secrets > 0;
    t.outputs = std::move(outputs);
  }
  for (Row& r : rows)
    if (r.has_outputs && is_ok(r.entry.state) && r.entry.outputs.empty() && !r.entry.has_secret_output) {
      r.entry.state = TaskState::running;
      r.entry.reason = "it was done, but what it had set is lost";
    }
  return {};
}

Result<std::optional<std::vector<Standing>>> RunReader::kept_states(std::int64_t run) {
  auto query = database_.prepare("select states from runs where number = ? and states is not null");
  if (!query) return tl::unexpected(std::move(query).error());
  const auto row = query->start(run);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  return Ledger::decode(query->text(0));
}

Result<std::vector<Standing>> RunReader::standings(std::string_view run, std::int64_t number) {
  auto kept = kept_states(number);
  if (!kept) return tl::unexpected(std::move(kept).error());
  if (*kept) return **std::move(kept);
  auto rows = read_tasks(number);
  if (!rows) return tl::unexpected(std::move(rows).error());
  std::vector<Standing> all;
  // Of an end that is not done the events do not say whether the task has told of it itself.
  for (const Row& r : *rows)
    all.push_back({.state = r.entry.state,
                   .is_in_doubt = is_failure(r.entry.state) || r.entry.state == TaskState::interrupted});
  auto query = database_.prepare("select distinct task from outputs where run = ?");
  if (!query) return tl::unexpected(std::move(query).error());
  auto row = query->start(number);
  for (; row && *row; row = query->next())
    if (const auto task = static_cast<std::size_t>(query->integer(0)); task < all.size())
      all[task].has_outputs = true;
  if (!row) return tl::unexpected(row.error());
  const auto log = OutputLog::read(outputs_of(runs_, run));
  if (!log) return tl::unexpected(log.error());
  for (const auto& [task, outputs] : *log)
    if (task < all.size()) all[task].has_outputs = !outputs.empty();
  return all;
}

Result<std::vector<TaskEntryOfRun>> RunReader::tasks(const RunEntry& run) {
  const auto number = number_of(run.header.run);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return failure(ErrorKind::not_found, fmt::format("no run '{}'", run.header.run));
  auto rows = read_tasks(**number);
  if (!rows) return tl::unexpected(std::move(rows).error());
  auto standings = Ledger::read(ledger_of(runs_, run.header.run));
  if (!standings) {
    auto by_database = this->standings(run.header.run, **number);
    if (!by_database) return tl::unexpected(std::move(by_database).error());
    standings = *std::move(by_database);
  }
  for (std::size_t i = 0; i < std::min(rows->size(), standings->size()); ++i) (*rows)[i].correct((*standings)[i]);
  if (auto read = read_outputs(run, **number, *rows); !read) return tl::unexpected(std::move(read).error());

  std::erase_if(*rows, [](const Row& r) { return !r.position; });
  std::sort(rows->begin(), rows->end(), [](const Row& a, const Row& b) { return *a.position < *b.position; });
  std::vector<TaskEntryOfRun> all;
  all.reserve(rows->size());
  for (Row& r : *rows) {
    // Those that crashed also where an older ganger has written the ledger.
    r.entry.is_in_doubt |= r.entry.state == TaskState::running || r.entry.state == TaskState::crashed;
    all.push_back(std::move(r.entry));
  }
  return all;
}

}  // namespace ganger::host
