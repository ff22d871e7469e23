#include <fmt/format.h>

#include <array>
#include <fstream>
#include <system_error>

#include "host/cli/pins.h"
#include "host/cli/prepare.h"
#include "host/cli/say.h"
#include "host/cli/verbs.h"
#include "host/plugin/description_json.h"
#include "host/plugin/elf_file.h"
#include "host/report/json_text.h"
#include "host/text.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

bool is_plugin(const fs::path& file) {
  if (file.extension() == ".so") return true;
  // A pipe would have us wait, and gives what is read only once.
  if (std::error_code problem; !fs::is_regular_file(file, problem)) return false;
  std::array<char, 4> magic{};
  std::ifstream(file, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "\177ELF";
}

Json problem_json(std::string_view severity, const std::string& message, const Where& where = {}) {
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

Json report_json(const Options& options, std::string_view what, bool is_fine, Json problems) {
  Json json;
  json["schema"] = "ganger.check/1";
  json["subject"] = options.subject;
  json["what"] = what;
  json["fine"] = is_fine;
  json["problems"] = std::move(problems);
  return json;
}

/// Checks the job and, with --pin, pins its plugins; then `pinned` is how many.
tl::expected<Prepared, Errors> prepare_and_pin(const Options& options, std::optional<std::size_t>& pinned) {
  auto prepared = prepare(options);
  if (!prepared || !options.pin) return prepared;
  const auto written = pin_plugins(options, *prepared);
  if (!written) return tl::unexpected(written.error());
  pinned = *written;
  return prepared;
}

int check_job(const Options& options) {
  std::optional<std::size_t> pinned;
  const auto prepared = prepare_and_pin(options, pinned);
  if (options.as_json) {
    Json problems = Json::array();
    if (!prepared)
      for (const Error& e : prepared.error()) problems.push_back(problem_json("error", e.message, e.where));
    Json json = report_json(options, "job", prepared.has_value(), std::move(problems));
    if (prepared) {
      json["tasks"] = prepared->job.plan.size();
      json["pools"] = prepared->job.pools.size();
      if (pinned) json["pinned"] = *pinned;
    }
    answer(json_text(json) + "\n");
  } else if (!prepared) {
    say(prepared.error());
  } else if (!options.quiet) {
    answer(fmt::format("{}: fine ({}, {}{})\n", printable(options.subject),
                       counted(prepared->job.plan.size(), "task"), counted(prepared->job.pools.size(), "pool"),
                       pinned ? ", " + counted(*pinned, "plugin") + " pinned" : ""));
  }
  return prepared ? kExitOk : kExitCheckFailed;
}

/// What is found out about a plugin, in the order in which a host would stumble over it.
class PluginCheck {
 public:
  PluginCheck(Registry& registry, const fs::path& file) : registry_(registry), file_(file) { run(); }

  bool is_fine() const { return is_fine_; }
  std::string text(bool is_quiet) const {
    std::string all;
    for (const Finding& f : findings_)
      if (!is_quiet || f.kind != "ok") all += fmt::format("{} {}\n", f.kind == "ok" ? "ok" : f.kind + ":", f.text);
    return all;
  }
  Json problems() const {
    Json all = Json::array();
    for (const Finding& f : findings_)
      if (f.kind != "ok") all.push_back(problem_json(f.kind, f.text));
    return all;
  }

 private:
  struct Finding {
    std::string kind, text;
  };
  void ok(const std::string& text) { findings_.push_back({"ok", printable(text)}); }
  void warning(const std::string& text) { findings_.push_back({"warning", printable(text)}); }
  void error(const std::string& text) {
    findings_.push_back({"error", printable(text)});
    is_fine_ = false;
  }

  void run() {
    const auto elf = read_elf_file(file_);
    if (!elf) return error(elf.error().message);
    ok("file: a shared library for this machine" + (elf->build_id.empty() ? "" : ", build id " + elf->build_id));
    const auto loaded = registry_.load_file(file_, Load::describe);
    if (!loaded) return error(loaded.error().message);
    describe(**loaded);
    look_at_note(*elf, **loaded);
    const auto remarks = hygiene(*elf);
    for (const std::string& remark : remarks) warning(remark);
    if (remarks.empty()) ok("hygiene: exports its entry only, is bound when it is loaded");
  }

  void describe(const Plugin& plugin) {
    ok(fmt::format("ABI: {}.{}, this host has {}.{}", GANGER_ABI_MAJOR, plugin.abi_minor, GANGER_ABI_MAJOR,
                   GANGER_ABI_MINOR));
    ok(fmt::format("description: {} {}, {}, {}", plugin.id, plugin.version,
                   counted(plugin.task_types.size(), "task type"), counted(plugin.pool_kinds.size(), "pool kind")));
    if (file_.filename() != plugin.id + ".so")
      error(fmt::format("it calls itself '{}' and is found only as {}.so; rename the file", plugin.id, plugin.id));
    for (const std::string& text : plugin.warnings) warning(text);
  }

  void look_at_note(const ElfFile& elf, const Plugin& plugin) {
    if (!elf.description)
      return warning(
          "has no note of what it provides, so that its code runs wherever that is asked; build it with "
          "ganger_add_plugin(), or add one with ganger inspect FILE.so --note");
    const auto good = check_note(*elf.description, plugin, file_);
    if (!good) return error(good.error().message);
    ok("note: says what its code says");
  }

  Registry& registry_;
  const fs::path file_;
  std::vector<Finding> findings_;
  bool is_fine_ = true;
};

int check_plugin(const Options& options) {
  // Here its code is asked in any case.
  const auto registry = make_registry(options, {}, {}, false);
  const PluginCheck check(*registry, options.subject);
  if (options.as_json)
    answer(json_text(report_json(options, "plugin", check.is_fine(), check.problems())) + "\n");
  else
    answer(check.text(options.quiet));
  return check.is_fine() ? kExitOk : kExitCheckFailed;
}

}  // namespace

int check_verb(const Options& options) {
  std::error_code problem;
  const fs::file_status status = fs::status(options.subject, problem);
  if (status.type() == fs::file_type::not_found || problem) {
    say(fmt::format("error: {}: {}", printable(options.subject),
                    problem ? problem.message() : "there is no such file"));
    return status.type() == fs::file_type::not_found ? kExitNotFound : kExitIo;
  }
  if (!is_plugin(options.subject)) return check_job(options);
  if (!options.pin) return check_plugin(options);
  say("error: --pin takes a job, whose plugins it pins");
  return kExitUsage;
}

}  // namespace ganger::host
