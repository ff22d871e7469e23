// The journal as the commands use it: which run, recorded how, gone on with from where.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/journal/journal.h"
#include "host/session/prepare.h"
#include "host/session/run_options.h"

namespace ganger::host {

/// The journal in the state directory of the options.
Result<std::unique_ptr<Journal>> open_journal(const RunOptions& options);

/// The same where it is there: null where there is none.
Result<std::unique_ptr<Journal>> open_journal_if_any(const RunOptions& options);

/// The same for those who only read.
Result<std::unique_ptr<Journal>> open_journal_to_read(const RunOptions& options);

/// What to say to those who ask for a run there.
Error no_runs_yet(const RunOptions& options);

/// What the journal is told about a run before it starts. Shape: words = the options to record, as on a command line
Result<RunHeader> header_of(const RunOptions& options, std::vector<std::string> words, const Prepared& prepared);

/// The command that resumes the run, as one types it in a shell. Empty where there is none that is complete: a secret
/// is not shown, and a job that came through a pipe is gone.
std::string resume_command(const RunOptions& options, const RunHeader& header);
/// The same that runs some tasks anew, in the folder of the run; their names are to be added.
std::string rerun_command(const RunOptions& options, const RunHeader& header);

/// All that differs between what a run was started with and what is there now; empty when nothing does.
Errors changes(const RunHeader& then, const RunHeader& now);

/// A record names the job of a run that is resumed. May that be run although it is not the one of then?
/// Errors: refused, when others could have changed it
Result<void> check_changed_job(const RunHeader& then, const RunHeader& now);

/// What a run that goes on takes over from before.
struct TakenOver {
  std::vector<TaskIndex> done;
  std::map<TaskIndex, Outputs> outputs;
  std::vector<TaskIndex> assumed_done;  ///< those of `done` of which nobody knows it
  std::vector<TaskIndex> once_more;     ///< were done, and run again all the same
};

/// What a resumed run does with each task. Done: nothing. In doubt, or done with a secret output, which is not kept:
/// runs again if its type is idempotent, else as `assume` says. All others run.
/// Errors: usage  tasks that `assume` would have to decide about, and it does not
Result<TakenOver> take_over(const Plan& plan, const std::vector<TaskEntryOfRun>& before, Assume assume);

}  // namespace ganger::host
