#include "host/plan/find_type.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/job/suggest.h"

namespace ganger::host {

namespace {

/// The id of a plugin that is found and near to this one.
std::optional<std::string> near_plugin(const Registry& registry, std::string_view id) {
  std::set<std::string> ids;
  for (const Candidate& candidate : registry.search_path().find_all()) ids.insert(candidate.file.stem().string());
  return closest(id, {ids.begin(), ids.end()});
}

/// The first that is called so, of all plugins: "demo.sleep" for "sleep".
template <class T>
std::optional<std::string> with_plugin(Registry& registry, std::string_view name,
                                       const std::vector<std::unique_ptr<T>> Plugin::*provided) {
  for (const Candidate& candidate : registry.search_path().find_all())
    if (const auto plugin = registry.load(candidate.file.stem().string(), Load::describe))
      for (const auto& one : (*plugin)->*provided)
        if (one->name == name) return one->id;
  return std::nullopt;
}

/// What `PLUGIN.NAME` may have been meant to be, as one would write it: of this plugin, or of one with a name like
/// it.
template <class T>
Error suggest(Error error, Registry& registry, std::string_view name, Load load,
              const std::vector<std::unique_ptr<T>> Plugin::*provided) {
  const auto dot = name.rfind('.');
  if (error.kind != ErrorKind::not_found) return error;
  if (dot == std::string_view::npos) {
    if (const auto whole = with_plugin(registry, name, provided)) error.message += did_you_mean_text(*whole);
    return error;
  }
  std::string id(name.substr(0, dot));
  auto plugin = registry.load(id, load);
  if (!plugin) {
    const auto meant = near_plugin(registry, id);
    if (!meant) return error;
    id = *meant;
    // It is only looked at: what has a name like it must not run.
    plugin = registry.load(id, Load::describe);
  }
  std::vector<std::string_view> names;
  if (plugin)
    for (const auto& one : (*plugin)->*provided) names.push_back(one->name);
  if (const auto meant = closest(name.substr(dot + 1), names))
    error.message += did_you_mean_text(id + "." + *meant);
  else if (id != name.substr(0, dot))
    error.message += did_you_mean_text(id);
  return error;
}

}  // namespace

Error with_suggestion(Error error, const Registry& registry, std::string_view id) {
  if (const auto meant = near_plugin(registry, id)) error.message += did_you_mean_text(*meant);
  return error;
}

Result<const TaskType*> find_task_type(Registry& registry, std::string_view name, Load load) {
  auto found = registry.task_type(name, load);
  if (found) return found;
  return tl::unexpected(suggest(std::move(found).error(), registry, name, load, &Plugin::task_types));
}

Result<const PoolKind*> find_pool_kind(Registry& registry, std::string_view name, Load load) {
  auto found = registry.pool_kind(name, load);
  if (found) return found;
  return tl::unexpected(suggest(std::move(found).error(), registry, name, load, &Plugin::pool_kinds));
}

}  // namespace ganger::host
