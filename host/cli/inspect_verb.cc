#include <fmt/format.h>

#include "host/cli/verbs.h"
#include "host/job/suggest.h"
#include "host/plan/find_type.h"
#include "host/plugin/description_json.h"
#include "host/plugin/elf_note.h"
#include "host/report/output_file.h"
#include "host/report/plugin_json.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/table.h"
#include "host/report/value_json.h"
#include "host/session/prepare.h"
#include "host/text.h"

namespace ganger::host {

namespace {

/// What the command line names: a plugin, or some of what it provides.
struct Subject {
  const Plugin* plugin = nullptr;
  std::vector<const TaskType*> types;
  std::vector<const PoolKind*> kinds;
  bool is_whole = false;
};

Subject whole(const Plugin* plugin) {
  Subject all{.plugin = plugin, .types = {}, .kinds = {}, .is_whole = true};
  for (const auto& type : plugin->task_types) all.types.push_back(type.get());
  for (const auto& kind : plugin->pool_kinds) all.kinds.push_back(kind.get());
  return all;
}

Result<Subject> provided_by(const Plugin& plugin, const std::string& name) {
  Subject some{.plugin = &plugin, .types = {}, .kinds = {}};
  if (const TaskType* type = plugin.find_task_type(name)) some.types.push_back(type);
  if (const PoolKind* kind = plugin.find_pool_kind(name)) some.kinds.push_back(kind);
  if (!some.types.empty() || !some.kinds.empty()) return some;

  std::vector<std::string_view> names;
  for (const auto& type : plugin.task_types) names.push_back(type->name);
  for (const auto& kind : plugin.pool_kinds) names.push_back(kind->name);
  const auto meant = closest(name, names);
  std::string all;
  for (const auto one : names) all += fmt::format("{}{}.{}", all.empty() ? "; it has: " : ", ", plugin.id, one);
  return failure(ErrorKind::not_found,
                 fmt::format("plugin '{}' has no task type or pool kind '{}'{}", plugin.id, excerpt(name),
                             meant ? did_you_mean_text(plugin.id + "." + *meant) : all));
}

Result<Subject> find(Registry& registry, const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".so")) {
    const auto plugin = registry.load_file(name, Load::describe);
    if (!plugin) return tl::unexpected(plugin.error());
    return whole(*plugin);
  }
  // The id of a plugin may hold dots, so that the whole name is tried first.
  const auto plugin = registry.load(name, Load::describe);
  if (plugin) return whole(*plugin);
  const auto dot = name.rfind('.');
  if (plugin.error().kind != ErrorKind::not_found) return tl::unexpected(plugin.error());
  if (dot == std::string::npos || dot == 0) return tl::unexpected(with_suggestion(plugin.error(), registry, name));
  const std::string id = name.substr(0, dot);
  const auto owner = registry.load(id, Load::describe);
  if (owner) return provided_by(**owner, name.substr(dot + 1));
  if (owner.error().kind != ErrorKind::not_found) return tl::unexpected(owner.error());
  return tl::unexpected(with_suggestion(owner.error(), registry, id));
}

std::string choices_text(const Param& param) {
  std::string text;
  for (const std::string& choice : param.choices) text += (text.empty() ? "" : "|") + choice;
  return text;
}

std::string params_text(const std::vector<Param>& params, bool has_colour) {
  Table table({"parameter", "type", "default", "choices", "help"});
  for (const Param& p : params) {
    const std::string by_default = p.is_required()           ? "required"
                                   : !p.has_default          ? "none"
                                   : p.type == GANGER_SECRET ? "***"
                                                             : p.default_text;
    table.add({p.name, type_word(p), by_default, choices_text(p), p.help});
  }
  return table.empty() ? "  no parameters\n" : table.text("  ", has_colour);
}

template <class Type>
std::string title(const Type& type, std::string_view what, bool has_colour) {
  std::string text =
      fmt::format("\n{} ({}): {}\n", painted(type.id, Paint::bold, has_colour), what, printable(type.summary));
  for (const std::string& flag : flag_texts(type)) text += "  " + flag + "\n";
  if (!type.unusable.empty()) text += fmt::format("  cannot be used: it {}\n", printable(type.unusable));
  return text;
}

std::string type_text(const TaskType& type, bool has_colour) {
  std::string text = title(type, "task type", has_colour);
  for (const Need& need : type.needs)
    text += fmt::format(
        "  borrows {}{} from {}\n", need.count > 1 ? fmt::format("{} of ", need.count) : "", need.interface,
        need.param.empty() ? "the only pool that offers it" : fmt::format("the pool that '{}' names", need.param));
  return text + params_text(type.params, has_colour);
}

std::string kind_text(const PoolKind& kind, bool has_colour) {
  return title(kind, "pool kind", has_colour) + fmt::format("  offers {}\n", kind.interface) +
         params_text(kind.params, has_colour);
}

std::string subject_text(const Subject& subject, bool has_colour) {
  const Plugin& plugin = *subject.plugin;
  std::string text =
      fmt::format("{} {}, ABI {}.{}{}\n{}\n", painted(plugin.id, Paint::bold, has_colour), printable(plugin.version),
                  GANGER_ABI_MAJOR, plugin.abi_minor, plugin.license.empty() ? "" : ", " + printable(plugin.license),
                  printable(plugin.file.string()));
  if (subject.is_whole)
    for (const std::string& warning : plugin.warnings) text += "warning: " + printable(warning) + "\n";
  for (const TaskType* type : subject.types) text += type_text(*type, has_colour);
  for (const PoolKind* kind : subject.kinds) text += kind_text(*kind, has_colour);
  return text;
}

Json subject_json(const Subject& subject) {
  Json json;
  json["schema"] = "ganger.inspect/1";
  json["plugin"] = json_of(*subject.plugin);
  json["task_types"] = json["pool_kinds"] = Json::array();
  for (const TaskType* type : subject.types) json["task_types"].push_back(json_of(*type));
  for (const PoolKind* kind : subject.kinds) json["pool_kinds"].push_back(json_of(*kind));
  return json;
}

Result<void> write_note(const Plugin& plugin, const std::string& file) {
  const std::string description = description_json(plugin);
  auto output = OutputFile::create("--note", file);
  if (!output) return tl::unexpected(output.error());
  output->write(note_section({kNoteOwner, note_type(GANGER_ABI_MAJOR, GANGER_ABI_MINOR), description}));
  return output->close();
}

}  // namespace

int inspect_verb(const Options& options) {
  // What its note should say only its code can tell.
  const auto registry = make_registry(options, {}, {}, options.note.empty());
  const auto subject = find(*registry, options.subject);
  if (!subject) {
    say(Errors{subject.error()});
    return exit_code(subject.error().kind);
  }
  if (!options.note.empty()) {
    const auto written = write_note(*subject->plugin, options.note);
    if (!written) say(Errors{written.error()});
    return written ? kExitOk : exit_code(written.error().kind);
  }
  if (options.as_json)
    answer_json(subject_json(*subject));
  else
    answer(subject_text(*subject, use_colour(options.colour, streams().answer)));
  return kExitOk;
}

}  // namespace ganger::host
