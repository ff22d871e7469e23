#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <thread>

#include "host/cli/verbs.h"
#include "host/report/say.h"
#include "host/report/service_manager.h"
#include "host/session/named_lock.h"
#include "host/session/record.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

int fail(const Errors& errors) {
  say(errors);
  return exit_code(errors);
}

/// The options of a recorded run as they were given, and over them those of this command.
Result<Options> options_of(const RunHeader& header, const Options& resume) {
  std::vector<std::string> words{"ganger", "run"};
  words.push_back(header.job_file.string());
  words.insert(words.end(), header.options.begin(), header.options.end());
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back(word.c_str());
  auto before = read_options(static_cast<int>(argv.size()), argv.data());
  if (!before) return before;

  Options options = resume;
  options.subject = before->subject;
  options.only = before->only;
  options.keep_going |= before->keep_going;
  options.isolate |= before->isolate;
  if (options.plugins_lock.empty()) options.plugins_lock = before->plugins_lock;
  if (options.lock.empty()) options.lock = before->lock;
  if (!options.timeout) options.timeout = before->timeout;
  if (!options.grace) options.grace = before->grace;
  if (!options.workers) options.workers = before->workers;
  options.plugin_dirs.insert(options.plugin_dirs.end(), before->plugin_dirs.begin(), before->plugin_dirs.end());
  for (const auto& [name, value] : header.params) options.params.emplace(name, value);
  for (const std::string& name : header.secret_params)
    if (!options.params.contains(name))
      return failure(
          ErrorKind::usage,
          fmt::format("parameter '{0}' was given as a secret, which is not kept; give it again: --param {0}=...",
                      name));
  return options;
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
  const auto now = header_of(*options, words_of(*options), *prepared);
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
