#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <thread>

#include "host/cli/named_lock.h"
#include "host/cli/record.h"
#include "host/cli/say.h"
#include "host/cli/verbs.h"
#include "host/report/service_manager.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

int fail(const Errors& errors) {
  say(errors);
  return exit_code(errors);
}

/// A run goes on in the folder it was started in; what `resume` itself was given means the folder it was typed in.
Result<void> go_to(const fs::path& dir, Options& options) {
  const auto make_absolute = [](std::string& file) {
    if (!file.empty() && file != "-" && !file.starts_with("fd:")) file = fs::absolute(file).string();
  };
  make_absolute(options.events);
  for (std::string* file : {&options.junit, &options.trace, &options.metrics}) make_absolute(*file);
  std::error_code ec;
  fs::current_path(dir, ec);
  if (ec)
    return failure(ErrorKind::not_found,
                   fmt::format("the run was started in {}, which cannot be entered: {}", dir.string(), ec.message()));
  return {};
}

int say_finished(const RunHeader& run) {
  const std::string why = fmt::format("run {} of {} has finished; there is nothing left to do", run.run, run.job);
  say(why);
  tell_nothing_to_run(service_settings(), why);
  return kExitOk;
}

}  // namespace

int resume_verb(const Options& given) {
  auto journal = open_journal_if_any(given);
  if (!journal) return fail({journal.error()});
  if (*journal == nullptr) return fail({no_runs_yet(given)});
  auto run = (*journal)->find(given.subject);
  // A child that a killed host was about to start shares its lock for the moment until it has become another program.
  for (int i = 0; i < 25 && run && run->is_running; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    run = (*journal)->find(run->header.run);
  }
  if (!run) return fail({run.error()});
  if (run->is_running) {
    const std::string why = fmt::format("run {} of {} is still going on", run->header.run, run->header.job);
    say("error: " + why);
    tell_nothing_to_run(service_settings(), why);
    return kExitDeferred;
  }
  if (run->end == name_of(RunEnd::finished)) return say_finished(run->header);
  const auto first_options = options_of(run->header, given);
  if (!first_options) return fail({first_options.error()});
  std::optional<Duration> time_left = first_options->timeout;
  if (const auto code = take_lock_of(*first_options, time_left)) return *code;
  auto lock = (*journal)->claim(run->header.run);
  if (!lock) {
    say(describe(lock.error()));
    return lock.error().kind == ErrorKind::refused ? kExitDeferred : exit_code(lock.error().kind);
  }
  // Another process may have been at it until now; from here on nobody else is.
  run = (*journal)->find(run->header.run);
  if (!run) return fail({run.error()});
  if (run->end == name_of(RunEnd::finished)) return say_finished(run->header);
  const RunHeader& before = run->header;
  // With what it has been gone on with meanwhile.
  auto options = options_of(before, given);
  if (!options) return fail({options.error()});

  if (auto gone = go_to(before.current_dir, *options); !gone) return fail({gone.error()});
  auto prepared = prepare(*options, before.run);
  if (!prepared) return fail(prepared.error());
  const auto now = header_of(*options, *prepared);
  if (!now) return fail({now.error()});
  if (const Errors errors = changes(before, *now); !errors.empty() && !options->accept_changes) return fail(errors);
  if (auto trusted = check_changed_job(before, *now); !trusted) return fail({trusted.error()});

  const auto tasks = (*journal)->tasks(*run);
  if (!tasks) return fail({tasks.error()});
  auto taken = take_over(prepared->job.plan, *tasks, options->assume);
  if (!taken) return fail({taken.error()});
  auto record = (*journal)->resume(*std::move(lock), *now, prepared->job.plan);
  if (!record) return fail({record.error()});
  for (const TaskIndex i : taken->assumed_done) (*record)->ended(i, TaskState::done);
  for (const TaskIndex i : taken->once_more) (*record)->waits_again(i);

  SessionSettings settings = make_settings(*options, *prepared);
  if (time_left) settings.timeout = time_left;
  settings.record = record->get();
  settings.resume = resume_command(*options, *now);
  settings.done_before = std::move(taken->done);
  settings.outputs_before = std::move(taken->outputs);
  return run_session(prepared->job, *prepared->registry, settings);
}

}  // namespace ganger::host
