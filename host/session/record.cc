#include "host/session/record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <unordered_map>

#include "host/isolate/crash/crash_note.h"
#include "host/job/text_digest.h"
#include "host/plugin/digest.h"
#include "host/plugin/trust.h"
#include "host/secrets.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr std::size_t kMostNames = 10;

/// What tells one build of a plugin from another.
Result<std::string> build_of(const Plugin& plugin) {
  if (std::string id = build_id(plugin.file); !id.empty()) return id;
  return sha256_of(plugin.file);
}

/// Puts the secrets back that the run's own parameters give it again. False when some are not known any more; outputs
/// with those are left out.
bool open_outputs(Outputs& outputs) {
  bool are_all_known = true;
  for (auto at = outputs.begin(); at != outputs.end();) {
    Value& value = at->second;
    const std::optional<std::string> opened = value.is_text() ? secrets_of_process().opened(value.text) : "";
    if (opened && value.is_text()) value.text = *opened;
    are_all_known &= opened.has_value();
    at = opened ? std::next(at) : outputs.erase(at);
  }
  return are_all_known;
}

/// Why it is not known how much of it was done.
std::string_view doubt_of(const TaskEntryOfRun& task) {
  if (is_ok(task.state)) return "set a secret output, which is not kept";
  if (task.state == TaskState::running) return "was running when ganger ended";
  if (task.state == TaskState::crashed) return "crashed";
  return "was cut off";
}

/// The first few of them by name, and how many there are beside.
Error question_about(const std::vector<const TaskEntryOfRun*>& tasks) {
  std::string names;
  for (std::size_t i = 0; i < std::min(tasks.size(), kMostNames); ++i)
    names += fmt::format("{}'{}' ({})", i == 0 ? "" : ", ", tasks[i]->name, doubt_of(*tasks[i]));
  if (tasks.size() > kMostNames) names += fmt::format(" and {} more", tasks.size() - kMostNames);
  const bool is_one = tasks.size() == 1;
  return {
      ErrorKind::usage,
      fmt::format("{} {} may have done {} work already, and {} not idempotent; check {} effects, then resume with "
                  "--assume done or --assume rerun",
                  is_one ? "task" : "tasks", names, is_one ? "its" : "their", is_one ? "is" : "are",
                  is_one ? "its" : "their"),
      {}};
}

/// In single quotes where a shell would read it as something else.
std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@+%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// What is read only once cannot be run again.
bool is_stream(const std::filesystem::path& job_file) {
  return job_file == "/dev/stdin" || job_file.parent_path() == "/dev/fd" || job_file.parent_path() == "/proc/self/fd";
}

std::string command_text(const std::vector<std::string>& words) {
  std::string text = "ganger";
  for (const std::string& word : words) text += " " + shell_quoted(word);
  return text;
}

}  // namespace

Result<std::unique_ptr<Journal>> open_journal(const RunOptions& options) {
  const auto state = state_dir(options);
  if (!state) return tl::unexpected(state.error());
  return Journal::open(*state);
}

namespace {

using Opener = Result<std::unique_ptr<Journal>> (*)(const std::filesystem::path& state);

Result<std::unique_ptr<Journal>> open_if_any(const RunOptions& options, Opener open) {
  const auto state = state_dir(options);
  if (!state) return tl::unexpected(state.error());
  std::error_code problem;
  static_cast<void>(std::filesystem::symlink_status(*state / "journal.db", problem));
  // All else, such as a folder that may not be entered, does not say that there is none.
  if (problem == std::errc::no_such_file_or_directory) return std::unique_ptr<Journal>();
  return open(*state);
}

}  // namespace

Result<std::unique_ptr<Journal>> open_journal_if_any(const RunOptions& options) {
  return open_if_any(options, &Journal::open);
}

Result<std::unique_ptr<Journal>> open_journal_to_read(const RunOptions& options) {
  return open_if_any(options, &Journal::open_to_read);
}

Error no_runs_yet(const RunOptions& options) {
  return {ErrorKind::not_found,
          fmt::format("no run has been recorded in {} yet", state_dir(options).value_or("").string()),
          {}};
}

Result<RunHeader> header_of(const RunOptions& options, std::vector<std::string> words, const Prepared& prepared) {
  RunHeader header;
  header.run = prepared.facts.run_id;
  header.job = prepared.reading.job.name;
  header.job_file = prepared.reading.job.file;
  header.current_dir = prepared.facts.current_dir;
  header.job_digest = digest_of(prepared.reading.job.source->text());
  for (const auto& [name, value] : options.params) {
    if (is_secret_param(prepared.job, name, value))
      header.secret_params.push_back(name);
    else
      header.params.emplace(name, value);
  }
  for (const Plugin* plugin : prepared.job.plugins) {
    auto build = build_of(*plugin);
    if (!build) return tl::unexpected(std::move(build).error());
    header.plugins.emplace(plugin->id, std::move(*build));
  }
  header.options = std::move(words);
  return header;
}

std::string resume_command(const RunOptions& options, const RunHeader& header) {
  if (!header.secret_params.empty() || is_stream(header.job_file)) return {};
  std::vector<std::string> words{"resume", header.run};
  if (!options.state_dir.empty()) words.insert(words.end(), {"--state-dir", options.state_dir.string()});
  if (options.unsafe_plugins) words.emplace_back("--unsafe-plugins");
  return command_text(words);
}

std::string rerun_command(const RunOptions& options, const RunHeader& header) {
  if (!header.secret_params.empty() || is_stream(header.job_file)) return {};
  std::vector<std::string> words{"run", options.subject};
  for (const auto& [name, value] : header.params) words.insert(words.end(), {"-p", name + "=" + value});
  for (const std::string& word : header.options)
    if (!word.starts_with("--only=")) words.push_back(word);  // one of its own follows
  if (!options.state_dir.empty()) words.insert(words.end(), {"--state-dir", options.state_dir.string()});
  if (options.unsafe_plugins) words.emplace_back("--unsafe-plugins");
  if (options.no_history) words.emplace_back("--no-history");
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  };
  add("--events", options.events);
  add("--junit", options.junit);
  add("--trace", options.trace);
  add("--metrics", options.metrics);
  if (options.exit_style == ExitStyle::unix_like) words.emplace_back("--exit-style=unix");
  if (options.colour != ColourWish::automatic)
    words.emplace_back(options.colour == ColourWish::always ? "--color=always" : "--color=never");
  if (options.verbose) words.emplace_back("--verbose");
  return command_text(words) + " --only";
}

Errors changes(const RunHeader& then, const RunHeader& now) {
  Errors errors;
  const std::string then_what =
      fmt::format("since run {} started; start a new run, or go on with --accept-changes", then.run);
  if (then.job_digest != now.job_digest)
    errors.push_back(
        {ErrorKind::bad_job, fmt::format("job {} has changed {}", now.job_file.string(), then_what), {}});
  for (const auto& [name, value] : now.params) {
    const auto before = then.params.find(name);
    if (before == then.params.end() || before->second != value)
      errors.push_back(
          {ErrorKind::bad_job,
           fmt::format("parameter '{}' is '{}' now and was {} {}", name, value,
                       before == then.params.end() ? "not given" : "'" + before->second + "'", then_what),
           {}});
  }
  for (const auto& [id, build] : then.plugins) {
    const auto other = now.plugins.find(id);
    if (other == now.plugins.end() || other->second != build)
      errors.push_back({ErrorKind::refused, fmt::format("plugin {} is another build {}", id, then_what), {}});
  }
  return errors;
}

Result<void> check_changed_job(const RunHeader& then, const RunHeader& now) {
  if (then.job_digest == now.job_digest) return {};
  return check_kept(
      fmt::format("job {}, which is not the one that run {} was started with,", now.job_file.string(), then.run),
      ", or start a new run", now.job_file, geteuid(), look_beside(this_program()));
}

Result<TakenOver> take_over(const Plan& plan, const std::vector<TaskEntryOfRun>& before, Assume assume) {
  std::unordered_map<std::string_view, const TaskEntryOfRun*> by_name;
  for (const TaskEntryOfRun& entry : before) by_name.emplace(entry.name, &entry);

  std::vector<bool> is_done(plan.size(), false);
  std::vector<const TaskEntryOfRun*> asked;
  TakenOver taken;
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const auto found = by_name.find(plan.name(i));
    if (found == by_name.end()) continue;
    const TaskEntryOfRun& entry = *found->second;
    Outputs outputs = entry.outputs;
    const bool has_all_outputs = open_outputs(outputs) && !entry.has_secret_output;
    const bool has_lost_output = is_ok(entry.state) && !has_all_outputs;
    if (!entry.is_in_doubt && !has_lost_output) {
      is_done[i] = is_ok(entry.state);
    } else if ((plan.task(i).type->flags & GANGER_TASK_IDEMPOTENT) != 0 || assume == Assume::rerun) {
      continue;
    } else if (assume == Assume::done) {
      is_done[i] = true;
      taken.assumed_done.push_back(i);
    } else {
      asked.push_back(&entry);
    }
    if (is_done[i] && !outputs.empty()) taken.outputs.emplace(i, std::move(outputs));
  }
  if (!asked.empty()) return tl::unexpected(question_about(asked));

  // What cleans up after tasks, or heals their failures, does so again when one of them runs again.
  std::vector<TaskIndex> to_run;
  for (TaskIndex i = 0; i < plan.size(); ++i)
    if (!is_done[i]) to_run.push_back(i);
  while (!to_run.empty()) {
    const TaskIndex task = to_run.back();
    to_run.pop_back();
    for (const TaskIndex s : plan.graph().successors(task))
      if (is_done[s] && plan.task(s).when != When::ok) {
        is_done[s] = false;
        to_run.push_back(s);
      }
  }
  for (TaskIndex i = 0; i < plan.size(); ++i)
    if (is_done[i])
      taken.done.push_back(i);
    else if (const auto found = by_name.find(plan.name(i)); found != by_name.end() && is_ok(found->second->state))
      taken.once_more.push_back(i);
  std::erase_if(taken.outputs, [&](const auto& entry) { return !is_done[entry.first]; });
  std::erase_if(taken.assumed_done, [&](TaskIndex i) { return !is_done[i]; });
  return taken;
}

}  // namespace ganger::host
