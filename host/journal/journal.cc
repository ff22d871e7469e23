#include "host/journal/journal.h"

#include <fmt/format.h>

#include <system_error>
#include <type_traits>
#include <utility>

#include "host/journal/crash_point.h"
#include "host/journal/journal_file.h"
#include "host/journal/recorded_run.h"
#include "host/journal/run_reader.h"
#include "host/private_folder.h"

namespace ganger::host {

namespace {

namespace fs = std::filesystem;

class FileJournal final : public Journal {
 public:
  FileJournal(const fs::path& state, std::unique_ptr<Database> database)
      : runs_(state / "runs"), file_(database->file()), database_(std::move(database)) {}

  Result<std::unique_ptr<OpenRun>> begin(const RunHeader& header, const Plan& plan) override;
  Result<std::unique_ptr<OpenRun>> resume(RunLock lock, const RunHeader& now, const Plan& plan) override;
  Result<RunLock> claim(std::string_view run) override;
  Result<std::string> last_id() override {
    return read([&](RunReader& reader) { return reader.last_id(); });
  }
  Result<std::vector<RunEntry>> runs(std::size_t most) override {
    return read([&](RunReader& reader) { return reader.runs(most); });
  }
  Result<RunEntry> find(std::string_view run) override {
    return read([&](RunReader& reader) { return reader.find(run); });
  }
  Result<std::vector<TaskEntryOfRun>> tasks(const RunEntry& run) override {
    return read([&](RunReader& reader) { return reader.tasks(run); });
  }

 private:
  // What remains of a run that could not begin.
  void undo(std::string_view run);
  Result<std::unique_ptr<OpenRun>> start(const RunHeader& header, const Plan& plan);
  Result<std::optional<std::int64_t>> number_of(std::string_view run) {
    return read([&](RunReader& reader) { return reader.number_of(run); });
  }
  template <class Read>
  std::invoke_result_t<Read, RunReader&> read(const Read& how) {
    auto database = take_connection();
    if (!database) return tl::unexpected(std::move(database).error());
    database_ = *std::move(database);
    RunReader reader(*database_, runs_);
    auto result = how(reader);
    if (!result) suspect(*database_, result.error());
    return result;
  }
  /// The one there is, which most often a run then keeps to itself; else a new one.
  Result<std::unique_ptr<Database>> take_connection() {
    if (database_) return std::move(database_);
    return connect(file_);
  }

  const fs::path runs_, file_;
  std::unique_ptr<Database> database_;
};

std::unique_ptr<OpenRun> recorded(std::unique_ptr<Database> database, RunRows rows, Ledger ledger,
                                  std::unique_ptr<OutputLog> outputs, TaskNumbers numbers) {
  return std::make_unique<RecordedRun>(std::make_shared<RunRecorder>(
      std::move(database), std::move(rows), std::move(ledger), std::move(outputs), std::move(numbers)));
}

Result<std::unique_ptr<OpenRun>> FileJournal::begin(const RunHeader& header, const Plan& plan) {
  const auto known = number_of(header.run);
  if (!known) return tl::unexpected(known.error());
  if (*known) return failure(ErrorKind::bug, fmt::format("run {} is in the journal already", header.run));
  if (auto made = make_private_folder(runs_ / header.run); !made) return tl::unexpected(std::move(made).error());
  durable_step();
  auto run = start(header, plan);
  if (!run) undo(header.run);
  return run;
}

Result<std::unique_ptr<OpenRun>> FileJournal::start(const RunHeader& header, const Plan& plan) {
  auto lock = RunLock::take(RunReader::ledger_of(runs_, header.run));
  if (!lock) return tl::unexpected(std::move(lock).error());
  auto ledger = Ledger::open(*std::move(lock), plan.size());
  if (!ledger) return tl::unexpected(std::move(ledger).error());
  auto outputs = OutputLog::open(RunReader::outputs_of(runs_, header.run));
  if (!outputs) return tl::unexpected(std::move(outputs).error());
  auto database = take_connection();
  if (!database) return tl::unexpected(std::move(database).error());
  std::int64_t number = 0;
  auto written = (*database)->in_transaction([&]() -> Result<void> {
    auto inserted = insert_run(**database, header, plan, wall_clock_ns());
    if (!inserted) return tl::unexpected(std::move(inserted).error());
    number = *inserted;
    return {};
  });
  if (!written) {
    suspect(**database, written.error());
    return tl::unexpected(std::move(written).error());
  }
  auto rows = RunRows::prepare(**database, number, 1);
  if (!rows) return tl::unexpected(std::move(rows).error());
  return recorded(*std::move(database), *std::move(rows), *std::move(ledger), *std::move(outputs), TaskNumbers());
}

void FileJournal::undo(std::string_view run) {
  std::error_code ec;
  fs::remove(RunReader::outputs_of(runs_, run), ec);
  fs::remove(RunReader::ledger_of(runs_, run), ec);
  fs::remove(runs_ / run, ec);  // folders only when they are empty
  fs::remove(runs_, ec);
}

Result<RunLock> FileJournal::claim(std::string_view run) {
  const auto number = number_of(run);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return failure(ErrorKind::not_found, fmt::format("no run '{}'", run));
  if (auto made = make_private_folder(runs_ / run); !made) return tl::unexpected(std::move(made).error());
  auto lock = RunLock::take(RunReader::ledger_of(runs_, run));
  if (!lock) {
    // A process that ends takes the folder away.
    std::error_code ec;
    if (lock.error().kind == ErrorKind::refused || !fs::exists(runs_ / run, ec))
      return failure(ErrorKind::refused, fmt::format("run {} cannot be resumed: another process is at it now", run));
  }
  return lock;
}

Result<std::unique_ptr<OpenRun>> FileJournal::resume(RunLock lock, const RunHeader& now, const Plan& plan) {
  const auto number = number_of(now.run);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return failure(ErrorKind::not_found, fmt::format("no run '{}'", now.run));
  std::vector<Standing> standings;
  if (!Ledger::read(lock.file())) {
    auto by_database = read([&](RunReader& reader) { return reader.standings(now.run, **number); });
    if (!by_database) return tl::unexpected(std::move(by_database).error());
    standings = *std::move(by_database);
  }
  auto database = take_connection();
  if (!database) return tl::unexpected(std::move(database).error());
  NextSession next;
  auto written = (*database)->in_transaction([&]() -> Result<void> {
    auto inserted = insert_session(**database, **number, now, plan);
    if (!inserted) return tl::unexpected(std::move(inserted).error());
    next = *std::move(inserted);
    return {};
  });
  if (!written) {
    suspect(**database, written.error());
    return tl::unexpected(std::move(written).error());
  }
  auto ledger = Ledger::open(std::move(lock), next.ledger_size, standings);
  if (!ledger) return tl::unexpected(std::move(ledger).error());
  auto outputs = OutputLog::open(RunReader::outputs_of(runs_, now.run));
  if (!outputs) return tl::unexpected(std::move(outputs).error());
  auto rows = RunRows::prepare(**database, **number, next.session);
  if (!rows) return tl::unexpected(std::move(rows).error());
  return recorded(*std::move(database), *std::move(rows), *std::move(ledger), *std::move(outputs),
                  std::move(next.numbers));
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const fs::path& state) {
  auto database = open_journal_file(state);
  if (!database) return tl::unexpected(std::move(database).error());
  return std::make_unique<FileJournal>(state, *std::move(database));
}

Result<std::unique_ptr<Journal>> Journal::open_to_read(const fs::path& state) {
  if (!is_read_only(state)) return open(state);
  auto database = open_journal_file_to_read(state);
  if (!database) return tl::unexpected(std::move(database).error());
  return std::make_unique<FileJournal>(state, *std::move(database));
}

std::vector<RunEntry> glance_at_runs(const fs::path& state, std::size_t most) {
  if (!check_state_folder(state)) return {};
  auto database = Database::open(state / "journal.db");
  if (!database || !(*database)->run("pragma busy_timeout=0")) return {};
  return RunReader(**database, state / "runs").runs(most).value_or(std::vector<RunEntry>());
}

}  // namespace ganger::host
