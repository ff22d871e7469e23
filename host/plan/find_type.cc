#include "host/plan/find_type.h"

#include <set>
#include <string>
#include <vector>

#include "host/job/suggest.h"

namespace ganger::host {

namespace {

/// What `PLUGIN.NAME` may have been meant to be: another plugin, or another of what this one has.
template <class T>
Error suggest(Error error, Registry& registry, std::string_view name, Load load,
              const std::vector<std::unique_ptr<T>> Plugin::*provided) {
  const auto dot = name.rfind('.');
  if (error.kind != ErrorKind::not_found || dot == std::string_view::npos) return error;
  const std::string_view id = name.substr(0, dot);
  const auto plugin = registry.load(id, load);
  if (!plugin) return with_suggestion(std::move(error), registry, id);
  std::vector<std::string_view> names;
  for (const auto& one : (*plugin)->*provided) names.push_back(one->name);
  error.message += did_you_mean(name.substr(dot + 1), names);
  return error;
}

}  // namespace

Error with_suggestion(Error error, const Registry& registry, std::string_view id) {
  std::set<std::string> ids;
  for (const Candidate& candidate : registry.search_path().find_all()) ids.insert(candidate.file.stem().string());
  error.message += did_you_mean(id, {ids.begin(), ids.end()});
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
