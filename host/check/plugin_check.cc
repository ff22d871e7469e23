#include "host/check/plugin_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "host/check/trial.h"
#include "host/check/trial_task.h"
#include "host/plugin/description_json.h"
#include "host/plugin/elf_dangers.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace {

constexpr auto kTrialLimit = std::chrono::seconds(10);

/// Why the type is not to be run by somebody who knows no more of it than it says; empty = it may.
std::string why_not_tried(const TaskType& type) {
  if (!type.unusable.empty()) return type.unusable;
  for (const Param& param : type.params)
    if (param.is_required()) return fmt::format("its '{}' has to be given", param.name);
  if ((type.flags & GANGER_TASK_IDEMPOTENT) == 0)
    return "it does not say that it is idempotent, and may do what should be done once";
  return TrialRunner::why_unsafe();
}

}  // namespace

Json problem_json(std::string_view severity, const std::string& message, const Where& where) {
  Json json;
  json["severity"] = severity;
  json["message"] = message;
  if (!where.file.empty()) json["file"] = where.file;
  if (where.line > 0) {
    json["line"] = where.line;
    json["column"] = where.column;
  }
  return json;
}

std::string PluginCheck::text(bool is_quiet) const {
  std::string all;
  for (const Finding& f : findings_)
    if (!is_quiet || f.kind == "error" || f.kind == "warning")
      all += fmt::format("{} {}\n", f.kind == "ok" ? "ok" : f.kind + ":", f.text);
  return all;
}

Json PluginCheck::problems() const {
  Json all = Json::array();
  for (const Finding& f : findings_)
    if (f.kind == "error" || f.kind == "warning") all.push_back(problem_json(f.kind, f.text));
  return all;
}

void PluginCheck::ok(const std::string& text) { findings_.push_back({"ok", printable(text)}); }
void PluginCheck::warning(const std::string& text) { findings_.push_back({"warning", printable(text)}); }
void PluginCheck::error(const std::string& text) {
  findings_.push_back({"error", printable(text)});
  is_fine_ = false;
}

void PluginCheck::look() {
  const auto elf = read_elf_file(file_);
  if (!elf) return error(elf.error().message);
  ok("file: a shared library for this machine" + (elf->build_id.empty() ? "" : ", build id " + elf->build_id));
  const auto loaded = registry_.load_file(file_, Load::describe);
  if (!loaded) return error(loaded.error().message);
  plugin_ = *loaded;
  describe();
  look_at_note(*elf);
  look_at_links(*elf);
}

void PluginCheck::describe() {
  ok(fmt::format("ABI: {}.{}, this host has {}.{}", GANGER_ABI_MAJOR, plugin_->abi_minor, GANGER_ABI_MAJOR,
                 GANGER_ABI_MINOR));
  ok(fmt::format("description: {} {}, {}, {}", plugin_->id, plugin_->version,
                 counted(plugin_->task_types.size(), "task type"), counted(plugin_->pool_kinds.size(), "pool kind")));
  if (file_.filename() != plugin_->id + ".so")
    error(fmt::format("it calls itself '{}' and is found only as {}.so; rename the file", plugin_->id, plugin_->id));
  for (const std::string& text : plugin_->warnings) warning(text);
}

void PluginCheck::look_at_note(const ElfFile& elf) {
  if (!elf.description)
    return warning(
        "has no note of what it provides, so that its code runs wherever that is asked; build it with "
        "ganger_add_plugin(), or add one with ganger inspect FILE.so --note");
  const auto good = check_note(*elf.description, *plugin_, file_);
  if (!good) return error(good.error().message);
  ok("note: says what its code says");
}

void PluginCheck::look_at_links(const ElfFile& elf) {
  auto remarks = hygiene(elf);
  const ElfDangers dangers = read_elf_dangers(file_).value_or(ElfDangers());
  std::ranges::move(remarks_on(dangers), std::back_inserter(remarks));
  for (const std::string& remark : remarks) warning(remark);
  if (remarks.empty()) ok("hygiene: exports its entry only, is bound when it is loaded, and shares nothing");
  ok(fmt::format("libraries: {}{}", elf.needed.empty() ? "none" : fmt::format("{}", fmt::join(elf.needed, ", ")),
                 elf.library_folders.empty()
                     ? ""
                     : fmt::format("; looked for first in {}", fmt::join(elf.library_folders, ", "))));
  ok(fmt::format("constructors: {}{}", dangers.constructors == 0 ? "none" : std::to_string(dangers.constructors),
                 dangers.constructors == 0 ? "" : ", which run whenever it is opened"));
}

void PluginCheck::skip(const TaskType& type, const std::string& why) {
  findings_.push_back({"skipped", printable(fmt::format("trial of {}: {}", type.id, why))});
  trials_.push_back({{"type", type.id}, {"tried", false}, {"why", printable(why)}});
}

bool PluginCheck::try_types(const std::vector<std::filesystem::path>& plugin_dirs) {
  if (!is_fine_) return true;
  TrialRunner runner;
  for (const auto& type : plugin_->task_types) {
    if (const std::string why = why_not_tried(*type); !why.empty()) {
      skip(*type, why);
      continue;
    }
    auto task = make_trial_task(registry_, *type, {}, plugin_dirs);
    if (!task) {
      skip(*type, task.error().message);
      continue;
    }
    task->limit = kTrialLimit;
    const Trial trial = runner.run(*task);
    if (trial.end == Trial::End::interrupted) return false;
    if (trial.end == Trial::End::not_run) {
      skip(*type, trial.why);
      continue;
    }
    for (const std::string& finding : trial.findings) error(fmt::format("trial of {}: it {}", type->id, finding));
    std::string how = trial.status == GANGER_OK ? "done" : "fails, and says why: " + trial.why;
    if (trial.status != GANGER_OK && trial.why.empty()) how = "fails without a word";
    if (trial.end == Trial::End::too_long) how = "was still at it after " + format_duration(task->limit.count());
    if (trial.end == Trial::End::died) how = "died";
    if (trial.findings.empty()) ok(fmt::format("trial of {}: {}, {}", type->id, how, counted(trial.calls, "call")));
    trials_.push_back({{"type", type->id},
                       {"tried", true},
                       {"end", how},
                       {"status", trial.status},
                       {"calls", trial.calls},
                       {"took_ns", trial.took.count()},
                       {"findings", trial.findings}});
  }
  return true;
}

}  // namespace ganger::host
