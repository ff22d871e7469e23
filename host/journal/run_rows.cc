#include "host/journal/run_rows.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

namespace ganger::host {

namespace {

std::string_view type_of(const Plan& plan, TaskIndex i) {
  const TaskType* type = plan.task(i).type;
  return type == nullptr ? std::string_view() : std::string_view(type->id);
}

// Null where a field of an event has its default.
NumberOrNull at_least(std::int64_t least, std::int64_t number) { return {number, number < least}; }

Result<void> insert_settings(Database& database, std::int64_t run, const RunHeader& header) {
  auto insert = database.prepare("insert into settings(run, kind, position, name, value) values(?, ?, ?, ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  Result<void> result;
  int position = 0;
  const auto add = [&](std::string_view kind, std::string_view name, std::string_view value) {
    if (result) result = insert->run(run, kind, ++position, name, value);
  };
  for (const auto& [name, value] : header.params) add("param", name, value);
  for (const auto& name : header.secret_params)
    if (result) result = insert->run(run, std::string_view("secret"), ++position, name, nullptr);
  for (const auto& [id, build] : header.plugins) add("plugin", id, build);
  return result;
}

Result<void> insert_options(Database& database, std::int64_t run, const RunHeader& header) {
  auto insert =
      database.prepare("insert into settings(run, kind, position, name, value) values(?, 'option', ?, '', ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  int position = 0;
  for (const auto& option : header.options)
    if (auto done = insert->run(run, ++position, option); !done) return done;
  return {};
}

constexpr std::string_view kInsertTask = "insert into tasks(run, number, position, name, type)";

/// Most events of a big run: few columns, and nothing that is worth a text.
bool is_plain(const EventRow& row) {
  return (row.event.kind == EventKind::task_started || row.event.kind == EventKind::task_finished) &&
         row.event.text.empty();
}

}  // namespace

Error wild_number(const Database& database) {
  return {ErrorKind::io,
          fmt::format("journal {}: it is damaged: the tasks of this run are not numbered one after another; start a "
                      "new run",
                      database.file().string()),
          {}};
}

Result<std::int64_t> insert_run(Database& database, const RunHeader& header, const Plan& plan, std::int64_t now_ns) {
  auto insert = database.prepare(
      "insert into runs(id, job, job_file, job_digest, current_dir, command, total, started_ns) "
      "values(?, ?, ?, ?, ?, '', ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  if (auto done = insert->run(header.run, header.job, header.job_file.native(), header.job_digest,
                              header.current_dir.native(), plan.size(), now_ns);
      !done)
    return tl::unexpected(std::move(done).error());
  const std::int64_t run = database.last_row();
  for (const auto insert_more : {&insert_settings, &insert_options})
    if (auto done = insert_more(database, run, header); !done) return tl::unexpected(std::move(done).error());
  auto tasks = RowInsert::prepare(database, std::string(kInsertTask), 5);
  if (!tasks) return tl::unexpected(std::move(tasks).error());
  const auto bind = [&](Statement& s, std::size_t i) {
    const auto task = static_cast<TaskIndex>(i);
    s.add(run, task, task, plan.name(task), type_of(plan, task));
  };
  if (auto done = tasks->run(plan.size(), bind); !done) return tl::unexpected(std::move(done).error());
  return run;
}

Result<NextSession> insert_session(Database& database, std::int64_t run, const RunHeader& now, const Plan& plan) {
  auto begin = database.prepare(
      "update runs set sessions = sessions + 1, job_digest = ?, total = ?, ended_ns = null, end = null, exit_code = "
      "null, "
      "states = null "
      "where number = ? returning sessions");
  if (!begin) return tl::unexpected(std::move(begin).error());
  if (auto row = begin->start(now.job_digest, plan.size(), run); !row) return tl::unexpected(row.error());
  NextSession next;
  next.session = begin->integer(0);
  begin->reset();
  auto drop = database.prepare("delete from settings where run = ? and kind <> 'option'");
  if (!drop) return tl::unexpected(std::move(drop).error());
  if (auto done = drop->run(run); !done) return tl::unexpected(std::move(done).error());
  if (auto done = insert_settings(database, run, now); !done) return tl::unexpected(std::move(done).error());

  std::unordered_map<std::string, std::uint32_t> known;
  auto query = database.prepare("select number, position, name, type from tasks where run = ? order by number");
  if (!query) return tl::unexpected(std::move(query).error());
  bool is_same = true;
  auto row = query->start(run);
  for (; row && *row; row = query->next()) {
    if (query->integer(0) != next.ledger_size) return tl::unexpected(wild_number(database));
    const std::uint32_t number = next.ledger_size++;
    is_same &= !query->is_null(1) && query->integer(1) == number && number < plan.size() &&
               query->text(2) == plan.name(number) && query->text(3) == type_of(plan, number);
    known.emplace(query->text(2), number);
  }
  if (!row) return tl::unexpected(row.error());
  if (is_same && next.ledger_size == plan.size()) return next;

  auto forget = database.prepare("update tasks set position = null where run = ?");
  if (!forget) return tl::unexpected(std::move(forget).error());
  if (auto done = forget->run(run); !done) return tl::unexpected(std::move(done).error());
  auto place = database.prepare(
      std::string(kInsertTask) +
      " values(?, ?, ?, ?, ?) on conflict do update set position = excluded.position, type = excluded.type");
  if (!place) return tl::unexpected(std::move(place).error());
  std::vector<std::uint32_t> numbers(plan.size());
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const auto was = known.find(std::string(plan.name(i)));
    numbers[i] = was == known.end() ? next.ledger_size++ : was->second;
    if (auto done = place->run(run, numbers[i], i, plan.name(i), type_of(plan, i)); !done)
      return tl::unexpected(std::move(done).error());
  }
  next.numbers = TaskNumbers(std::move(numbers));
  return next;
}

Result<RunRows> RunRows::prepare(Database& database, std::int64_t run, std::int64_t session) {
  auto event = database.prepare(
      "insert into events(run, session, seq, time_ns, kind, task, attempt, worker, outcome, started_ns, run_ns, "
      "wait_ns, pool, lease, level, total, exit_code, text) "
      "values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!event) return tl::unexpected(std::move(event).error());
  auto plain = RowInsert::prepare(
      database,
      "insert into events(run, session, seq, time_ns, kind, task, attempt, worker, outcome, started_ns, run_ns)", 11);
  if (!plain) return tl::unexpected(std::move(plain).error());
  return RunRows(database, run, session, *std::move(event), *std::move(plain));
}

Result<void> RunRows::insert(std::span<const EventRow> rows, const TaskNumbers& numbers) {
  std::vector<const EventRow*> plain;
  plain.reserve(rows.size());
  for (const EventRow& row : rows) {
    if (row.is_folded) continue;
    if (is_plain(row))
      plain.push_back(&row);
    else if (auto done = insert(row, numbers); !done)
      return done;
  }
  return plain_events_.run(plain.size(), [&](Statement& s, std::size_t i) { add_columns(s, *plain[i], numbers); });
}

Result<void> RunRows::insert(const EventRow& row, const TaskNumbers& numbers) {
  const Event& e = row.event;
  const NumberOrNull level{e.level, e.kind != EventKind::task_log};
  event_.begin();
  add_columns(event_, row, numbers);
  event_.add(at_least(0, e.wait.count()), TextOrNull{e.pool}, at_least(1, static_cast<std::int64_t>(e.lease)), level,
             at_least(1, static_cast<std::int64_t>(e.total)), at_least(0, e.exit_code), TextOrNull{e.text});
  if (auto done = event_.next(); !done) return tl::unexpected(std::move(done).error());
  return {};
}

/// Those that every event has.
void RunRows::add_columns(Statement& statement, const EventRow& row, const TaskNumbers& numbers) const {
  const Event& e = row.event;
  const auto task = e.task == kNoTask ? NumberOrNull{0, true} : NumberOrNull{numbers[e.task], false};
  const TextOrNull outcome{has_ended(e.outcome) ? name_of(e.outcome) : std::string_view()};
  statement.add(run_, session_, static_cast<std::int64_t>(e.seq), e.time_ns, name_of(e.kind), task,
                at_least(1, e.attempt), at_least(0, e.worker), outcome, at_least(1, row.started_ns),
                at_least(0, e.run.count()));
}

Result<void> RunRows::replace_outputs(const std::map<std::uint32_t, Outputs>& outputs) {
  if (outputs.empty()) return {};
  // Only a session before this one can have left some.
  if (session_ > 1) {
    auto drop = database_->prepare("delete from outputs where run = ? and task = ?");
    if (!drop) return tl::unexpected(std::move(drop).error());
    for (const auto& [task, unused] : outputs)
      if (auto dropped = drop->run(run_, task); !dropped) return dropped;
  }
  struct Row {
    std::uint32_t task;
    const std::string* name;
    const Value* value;
  };
  std::vector<Row> rows;
  for (const auto& [task, set] : outputs)
    for (const auto& [name, value] : set) rows.push_back({task, &name, &value});
  auto insert = RowInsert::prepare(*database_, "insert or replace into outputs(run, task, name, type, value)", 5);
  if (!insert) return tl::unexpected(std::move(insert).error());
  return insert->run(rows.size(), [&](Statement& s, std::size_t i) {
    const auto& [task, name, value] = rows[i];
    s.add(run_, task, *name, value->type);
    if (value->type == GANGER_SECRET)
      s.add(nullptr);
    else if (value->is_text())
      s.add(value->text);
    else if (value->type == GANGER_F64)
      s.add(value->f);
    else
      s.add(value->i);
  });
}

Result<void> RunRows::finish(std::int64_t now_ns, std::string_view end, int exit_code, std::string_view states) {
  auto update =
      database_->prepare("update runs set ended_ns = ?, end = ?, exit_code = ?, states = ? where number = ?");
  if (!update) return tl::unexpected(std::move(update).error());
  return update->run(now_ns, end, exit_code, BlobOrNull{states}, run_);
}

}  // namespace ganger::host
