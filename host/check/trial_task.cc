#include "host/check/trial_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/secrets.h"

namespace ganger::host {

namespace {

/// The pool that `kind` can be opened as without being told more; nothing where it has to be.
std::optional<TrialPool> pool_of(const PoolKind& kind, const std::string& name) {
  if (!kind.unusable.empty()) return std::nullopt;
  TrialPool pool{.name = name, .kind = kind.id, .arguments = {}};
  for (const Param& param : kind.params) {
    if (!param.is_required()) continue;
    if (param.type != GANGER_PATH || param.is_list()) return std::nullopt;
    pool.arguments.push_back(fmt::format("{}=${{run.dir}}/{}", param.name, name));
  }
  return pool;
}

std::optional<TrialPool> find_pool(Registry& registry, const Plugin& own, const Need& need, const std::string& name) {
  const auto in = [&](const Plugin& plugin) -> std::optional<TrialPool> {
    for (const auto& kind : plugin.pool_kinds)
      if (kind->interface == need.interface)
        if (auto pool = pool_of(*kind, name)) return pool;
    return std::nullopt;
  };
  if (auto pool = in(own)) return pool;
  for (const Listing& listing : registry.list())
    if (listing.plugin != nullptr)
      if (auto pool = in(*listing.plugin)) return pool;
  return std::nullopt;
}

/// The name of the pool for a need; given to the task where it has not been yet.
std::string name_for(const TaskType& type, const Need& need, std::vector<std::string>& arguments) {
  std::string own = need.param.empty() ? "pool" : need.param;
  if (need.param.empty()) return own;
  const std::string key = need.param + "=";
  const auto given = std::ranges::find_if(arguments, [&](const std::string& a) { return a.starts_with(key); });
  if (given != arguments.end()) return given->substr(key.size());
  const auto param = type.find_param(need.param);
  if (param && !type.params[*param].default_values.empty())
    if (const std::string& name = type.params[*param].default_values.front().text; !name.empty()) return name;
  arguments.push_back(key + own);
  return own;
}

}  // namespace

Result<TrialTask> make_trial_task(Registry& registry, const TaskType& type, std::vector<std::string> arguments,
                                  std::vector<std::filesystem::path> plugin_dirs) {
  TrialTask task;
  task.type = type.id;
  task.plugin_dirs = std::move(plugin_dirs);
  for (const Need& need : type.needs) {
    const std::string name = name_for(type, need, arguments);
    if (std::ranges::find(task.pools, name, &TrialPool::name) != task.pools.end()) continue;
    auto pool = find_pool(registry, *type.plugin, need, name);
    if (!pool)
      return failure(ErrorKind::not_found,
                     fmt::format("it borrows {}, and no plugin that is found offers that without being told more",
                                 need.interface));
    task.pools.push_back(std::move(*pool));
  }
  // Its child tells what it has heard of the task, which knows them.
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    const auto param = type.find_param(argument.substr(0, equals));
    if (param && type.params[*param].type == GANGER_SECRET) secrets_of_process().add(argument.substr(equals + 1));
  }
  task.arguments = std::move(arguments);
  return task;
}

}  // namespace ganger::host
