// What is written down of runs, read back.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "host/journal/database.h"
#include "host/journal/journal.h"
#include "host/journal/ledger.h"

namespace ganger::host {

/// Thread: one.
class RunReader {
 public:
  /// Shape: runs = the folder with one for each run
  RunReader(Database& database, std::filesystem::path runs) : database_(database), runs_(std::move(runs)) {}

  // Files of a run in its folder, which is in `runs`.
  static std::filesystem::path ledger_of(const std::filesystem::path& runs, std::string_view run) {
    return runs / run / "ledger";
  }
  static std::filesystem::path outputs_of(const std::filesystem::path& runs, std::string_view run) {
    return runs / run / "outputs";
  }

  // As the members of Journal.
  Result<std::string> last_id();
  Result<std::vector<RunEntry>> runs(std::size_t most);
  Result<RunEntry> find(std::string_view run);
  Result<std::vector<TaskEntryOfRun>> tasks(const RunEntry& run);

  /// The key of a run in the tables; nothing when there is none with this id.
  Result<std::optional<std::int64_t>> number_of(std::string_view run);
  /// Where its tasks stand without the ledger, by their numbers.
  Result<std::vector<Standing>> standings(std::string_view run, std::int64_t number);

 private:
  struct Row;
  Result<std::vector<RunEntry>> entries(Statement& query);
  /// Those for which the condition holds, whose ?1 is `run`.
  Result<std::vector<RunEntry>> chosen(std::string_view condition, std::string_view run);
  Result<void> read_settings(std::int64_t run, RunHeader& header);
  Result<std::vector<Row>> read_tasks(std::int64_t run);
  Result<void> read_events(std::int64_t run, std::vector<Row>& rows);
  Result<void> read_outputs(const RunEntry& run, std::int64_t number, std::vector<Row>& rows);
  Result<std::optional<std::vector<Standing>>> kept_states(std::int64_t run);
  Result<RunEntry> not_found(std::string_view run, const std::vector<std::string>& near);

  Database& database_;
  const std::filesystem::path runs_;
};

}  // namespace ganger::host
