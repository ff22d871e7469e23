// The durable record of runs: a database of all of them, and for each a ledger that no kill can catch unready.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/journal/run_lock.h"
#include "host/plan/plan.h"
#include "host/plan/task_state.h"
#include "host/run/event.h"
#include "host/run/journal.h"

namespace ganger::host {

/// What a run was started with: enough to start it again and to see that it is still the same.
struct RunHeader {
  std::string run;                              ///< its id
  std::string job;                              ///< its name
  std::filesystem::path job_file, current_dir;  ///< absolute
  std::string job_digest;                       ///< SHA-256 of the file's text, in hex
  std::map<std::string, std::string> params;    ///< of the command line; those in `secret_params` have no value
  std::vector<std::string> secret_params;
  std::map<std::string, std::string> plugins;  ///< id -> build
  std::vector<std::string> options;  ///< of the command line, as they were given: "--keep-going", "--only=scan", ...
};

/// A run in the list.
struct RunEntry {
  RunHeader header;
  std::int64_t started_ns = 0;  ///< CLOCK_REALTIME
  std::int64_t ended_ns = 0;    ///< 0 = it has not ended, or nobody could write it down
  std::string end;              ///< "finished", "failed", "interrupted", "timeout", ...; empty as above
  int exit_code = -1;
  std::uint32_t total = 0;
  std::uint32_t sessions = 1;  ///< 1 + how often it was resumed
  bool is_running = false;     ///< a process holds its lock now
};

/// Where a task of a recorded run stands.
struct TaskEntryOfRun {
  std::string name, type;
  TaskState state = TaskState::waiting;
  /// It may have done part of its work, or all of it, and nobody knows: it was running when the process ended, or was
  /// cut off before. A task that runs now, in a run that goes on, says so too.
  bool is_in_doubt = false;
  std::uint32_t attempts = 0;
  std::int64_t started_ns = 0, ended_ns = 0;  ///< of its first and its last attempt; 0 = unknown
  std::string reason;
  Outputs outputs;
  bool has_secret_output = false;  ///< which is not kept: such a task has to run again when it is resumed
};

/// One run while it goes on. Also a Reporter: the events it gets are the record.
class OpenRun : public RunJournal {
 public:
  /// The listener for the event stream; at most once.
  virtual std::unique_ptr<Reporter> reporter() = 0;
  /// Called (from any thread, once) when something could not be written: no task may start any more.
  virtual void on_trouble(std::function<void()> call) = 0;
  virtual bool has_trouble() const = 0;
  /// What went wrong; only when has_trouble().
  virtual Error trouble() const = 0;
  /// Writes down how the run ended; after the event stream is closed.
  virtual Result<void> finish(std::string_view end, int exit_code) = 0;
};

/// Thread: one, but for the members of OpenRun.
class Journal {
 public:
  /// Opens `state`/journal.db, or makes it. An older one is migrated.
  /// Errors: configuration  a newer ganger has written it
  ///         io             damaged: it was moved aside, the message says where; or it cannot be read or written
  ///         refused  others could have changed it, or can
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& state);
  /// The same for who only reads: makes nothing where nothing may be written, as on a read-only file system.
  static Result<std::unique_ptr<Journal>> open_to_read(const std::filesystem::path& state);
  virtual ~Journal() = default;

  /// A new run. Makes `state`/runs/RUN with its ledger and holds its lock.
  virtual Result<std::unique_ptr<OpenRun>> begin(const RunHeader& header, const Plan& plan) = 0;
  /// Takes the lock of a run that is there: what is read of it from now on stays true until it is resumed.
  /// Errors: refused  a process is still at it
  virtual Result<RunLock> claim(std::string_view run) = 0;
  /// The same run once more. What `now` says of the job, the parameters and the plugins takes the place of what the
  /// journal said; the options of the first session stay.
  virtual Result<std::unique_ptr<OpenRun>> resume(RunLock lock, const RunHeader& now, const Plan& plan) = 0;

  /// The last of all ids as text; empty = none yet.
  virtual Result<std::string> last_id() = 0;
  /// The last `most` runs in the order in which they were started, the latest first; 0 = all.
  virtual Result<std::vector<RunEntry>> runs(std::size_t most) = 0;
  /// A run by its id or the start of one; empty = the latest, whatever the clock said when it was started.
  /// Errors: not_found, with the ids that come near
  virtual Result<RunEntry> find(std::string_view run) = 0;
  /// In the order of the plan. Reads the ledger too, which knows more than the database after a kill.
  virtual Result<std::vector<TaskEntryOfRun>> tasks(const RunEntry& run) = 0;
};

/// The last `most` runs as far as they can be read, the latest first, for a glance: nothing is made, migrated or
/// moved aside, and nobody is waited for.
std::vector<RunEntry> glance_at_runs(const std::filesystem::path& state, std::size_t most);

}  // namespace ganger::host
