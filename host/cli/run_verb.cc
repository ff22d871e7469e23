#include <fmt/format.h>

#include "host/cli/verbs.h"
#include "host/report/say.h"
#include "host/run/run_dir.h"
#include "host/session/left_folders.h"
#include "host/session/named_lock.h"
#include "host/session/record.h"

namespace ganger::host {

namespace {

/// A run of this job that nobody has ended is easily forgotten.
void tell_of_killed(Journal& journal, const Options& options, const std::filesystem::path& job_file) {
  const auto last = journal.runs(1);
  if (!last || last->empty()) return;
  const RunEntry& run = last->front();
  if (run.header.job_file != job_file || !run.end.empty() || run.is_running) return;
  const std::string resume = resume_command(options, run.header);
  say(fmt::format(
      "the last run of this job, {0}, did not end: its process was killed; 'ganger show {0}' says how far it came, "
      "{1} resumes it",
      run.header.run, resume.empty() ? "'ganger resume'" : "'" + resume + "'"));
}

}  // namespace

int run_verb(const Options& options) {
  const auto fail = [](const Errors& errors) {
    say(errors);
    return exit_code(errors);
  };
  // Before the job is read: it may change while this waits for its turn.
  std::optional<Duration> time_left = options.timeout;
  if (const auto code = take_lock_of(options, time_left)) return *code;
  // Its ids go on from the last one of those that are there. What is wrong with the journal is not said before what
  // is wrong with the job.
  Result<std::unique_ptr<Journal>> journal =
      options.no_history ? std::unique_ptr<Journal>() : open_journal_if_any(options);
  const Result<std::string> last = journal && *journal != nullptr ? (*journal)->last_id() : std::string();
  auto prepared = prepare(options, make_run_id(last.value_or("")));
  if (!prepared) return fail(prepared.error());
  SessionSettings settings = make_settings(options, *prepared);
  if (time_left) settings.timeout = time_left;
  const auto header = header_of(options, words_of(options), *prepared);
  if (!header) return fail({header.error()});
  if (options.no_history) {
    settings.rerun = rerun_command(options, *header);
    return run_session(prepared->job, *prepared->registry, settings);
  }

  if (journal && *journal == nullptr) journal = open_journal(options);
  if (!journal) return fail({journal.error()});
  if (!options.quiet) tell_of_killed(**journal, options, header->job_file);
  remove_left_folders(prepared->state, **journal);
  auto record = (*journal)->begin(*header, prepared->job.plan);
  if (!record) return fail({record.error()});
  settings.record = record->get();
  settings.resume = resume_command(options, *header);
  return run_session(prepared->job, *prepared->registry, settings);
}

}  // namespace ganger::host
