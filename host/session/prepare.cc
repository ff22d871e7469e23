#include "host/session/prepare.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "host/call/services.h"
#include "host/check/describe.h"
#include "host/check/opening.h"
#include "host/check/sudden_end.h"
#include "host/journal/journal_file.h"
#include "host/plan/check_tasks.h"
#include "host/report/exit_code.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/run/run_dir.h"
#include "host/secrets.h"
#include "host/session/arguments.h"
#include "host/session/pins.h"
#include "host/text.h"
#include "host/work/cpu_count.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

/// The variable's value as an absolute path; nothing when it is not set, empty or relative.
std::optional<fs::path> folder_of(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value != '/') return std::nullopt;
  return fs::path(value);
}

/// A named pipe or a device would have us wait for somebody who writes. One that was open already is what the user
/// has made: `ganger run /dev/stdin`, or a file that is a shell's <(...).
Result<void> check_kind_of(const fs::path& job_file) {
  std::error_code problem;
  const fs::file_status status = fs::status(job_file, problem);
  if (!fs::exists(status) || fs::is_regular_file(status) || fs::is_directory(status)) return {};
  const fs::path folder = job_file.parent_path();
  if (job_file == "/dev/stdin" || folder == "/dev/fd" || folder == "/proc/self/fd") return {};
  return tl::unexpected(
      Error{.kind = ErrorKind::io,
            .message = "cannot read the job file: it is a pipe or a device; give it as ganger's input and read "
                       "/dev/stdin",
            .where = {.file = job_file.string()}});
}

bool is_unread(const JobReading& reading) {
  return std::ranges::any_of(reading.errors, [](const Error& error) {
    return error.kind == ErrorKind::not_found || error.kind == ErrorKind::io;
  });
}

}  // namespace

Result<fs::path> state_dir(const RunOptions& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  // It names this folder and no other: to go elsewhere would be a surprise.
  if (const char* value = std::getenv("GANGER_STATE_DIR"); value != nullptr && *value != '/')
    return failure(
        ErrorKind::configuration,
        fmt::format("GANGER_STATE_DIR is '{}', which is no absolute path; give the whole path of a folder, "
                    "or unset it",
                    excerpt(value)));
  if (const auto dir = folder_of("GANGER_STATE_DIR")) return *dir;
  if (const auto dir = folder_of("XDG_STATE_HOME")) return *dir / "ganger";
  if (const auto dir = folder_of("HOME")) return *dir / ".local/state/ganger";
  // A system service may have no environment to speak of.
  if (const passwd* user = getpwuid(getuid()); user != nullptr && user->pw_dir != nullptr && *user->pw_dir == '/')
    return fs::path(user->pw_dir) / ".local/state/ganger";
  return failure(
      ErrorKind::configuration,
      "no folder to keep runs in: neither GANGER_STATE_DIR nor XDG_STATE_HOME nor HOME is an absolute path, "
      "and this user has no home; give one with --state-dir");
}

Result<fs::path> trusted_state_dir(const RunOptions& options) {
  auto state = state_dir(options);
  if (!state) return state;
  if (auto good = check_state_folder(*state); !good) return tl::unexpected(std::move(good).error());
  return state;
}

std::unique_ptr<Registry> make_registry(const RunOptions& options, const std::vector<fs::path>& job_dirs,
                                        std::optional<Pins> pins, bool believes_notes) {
  SearchPath path(Environment::of_this_process(), options.plugin_dirs, job_dirs);
  for (const std::string& warning : path.warnings()) say("warning: " + warning);
  Admission admission{.trusts_all = options.unsafe_plugins, .believes_notes = believes_notes};
  if (options.unsafe_plugins)
    say("warning: --unsafe-plugins: it is not asked who could have changed the plugins that are loaded");
  if (pins)
    admission.check_pin = [pins = std::move(*pins)](const std::string& id, const std::string& version,
                                                    const std::string& sha256) {
      return check_pin(pins, id, version, sha256);
    };
  admission.describe = [describer = std::make_shared<Describer>()](const fs::path& file) {
    return describer->describe(file);
  };
  admission.watch_opening = open_watched;
  admission.watch_call = SuddenEnd::call_outside;
  return std::make_unique<Registry>(std::move(path), host_table(), std::move(admission));
}

Facts make_facts(const RunOptions& options, const fs::path& state, const std::string& run) {
  Facts facts;
  facts.overrides = options.params;
  facts.run_id = run.empty() ? make_run_id() : run;
  facts.run_dir = state / "runs" / facts.run_id;
  std::error_code ec;
  facts.current_dir = fs::current_path(ec);
  facts.env = [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
  return facts;
}

tl::expected<Prepared, Errors> prepare(const RunOptions& options, const std::string& run) {
  // Where a run is recorded, whoever opens the journal looks at the folder.
  const auto state =
      options.purpose != Purpose::look && options.no_history ? trusted_state_dir(options) : state_dir(options);
  if (!state && options.purpose != Purpose::look) return tl::unexpected(Errors{state.error()});
  Prepared prepared;
  prepared.state = state.value_or(fs::path());
  if (auto fit = check_kind_of(options.subject); !fit) return tl::unexpected(Errors{std::move(fit).error()});
  prepared.reading = read_job(options.subject);
  // Of one that cannot be read nothing is known, not even where its lock file would be.
  if (is_unread(prepared.reading)) return tl::unexpected(std::move(prepared.reading.errors));
  auto pins = pins_for(options, prepared.reading.job.dir);
  if (!pins) {
    // Without pins no plugin may be opened, but what is known of the job without them can be told.
    Errors errors = std::move(prepared.reading.errors);
    errors.insert(errors.end(), pins.error().begin(), pins.error().end());
    return tl::unexpected(std::move(errors));
  }
  prepared.registry = make_registry(options, prepared.reading.job.plugins, std::move(*pins));
  prepared.facts = make_facts(options, prepared.state, run);
  // What will run is opened here, constructors and all.
  const SuddenEnd opening(streams().log, kExitRefused, "while plugins were being opened", [] {});
  auto planned = make_plan(prepared.reading, *prepared.registry, prepared.facts,
                           {.only = options.only, .isolates_all = options.isolate});
  hide_secret_arguments();
  if (!planned) return tl::unexpected(std::move(planned).error());
  prepared.job = std::move(*planned);
  if (Errors errors = check_tasks(prepared.job, prepared.reading.job, *prepared.registry); !errors.empty())
    return tl::unexpected(std::move(errors));
  return prepared;
}

bool is_secret_param(const PlannedJob& job, const std::string& name, const std::string& value) {
  return job.secret_params.contains(name) || secrets_of_process().are_in(value);
}

SessionSettings make_settings(const RunOptions& options, const Prepared& prepared) {
  const Job& job = prepared.reading.job;
  SessionSettings s;
  s.job = job.name;
  s.run_id = prepared.facts.run_id;
  s.run_dir = prepared.facts.run_dir;
  s.timeout = options.timeout ? options.timeout : job.timeout;
  s.grace = options.grace.value_or(job.grace);
  s.workers = options.workers.value_or(job.workers.value_or(usable_cpus()));
  s.keep_going = options.keep_going;
  s.events = options.events;
  s.junit = options.junit;
  s.trace = options.trace;
  s.metrics = options.metrics;
  s.is_quiet = options.quiet;
  s.is_verbose = options.verbose;
  s.colour = options.colour;
  s.exit_style = options.exit_style;
  return s;
}

}  // namespace ganger::host
