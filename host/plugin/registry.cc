#include "host/plugin/registry.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "host/plugin/description.h"
#include "host/plugin/library.h"
#include "host/text.h"

namespace fs = std::filesystem;

namespace ganger::host {

namespace {

template <class Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

template <class T>
std::string names_of(const std::vector<std::unique_ptr<T>>& all) {
  std::vector<std::string> names;
  std::transform(all.begin(), all.end(), std::back_inserter(names), [](const auto& one) { return one->name; });
  std::sort(names.begin(), names.end());
  return names.empty() ? "it has none" : "it has: " + joined(names);
}

/// "files.hash" -> files, hash. Ids of plugins may hold dots, names of what they provide may not.
Result<std::pair<std::string_view, std::string_view>> split(std::string_view name, const std::string& form) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size())
    return failure(ErrorKind::not_found, "'" + excerpt(name) + "' names no plugin; write " + form);
  return std::pair(name.substr(0, dot), name.substr(dot + 1));
}

template <class T>
Result<const T*> provided(const T* found, const std::string& what, const Plugin& plugin, std::string_view name,
                          const std::vector<std::unique_ptr<T>>& all) {
  if (found == nullptr)
    return failure(ErrorKind::not_found,
                   "plugin '" + plugin.id + "' has no " + what + " '" + excerpt(name) + "'; " + names_of(all));
  if (!found->unusable.empty())
    return failure(ErrorKind::wrong_abi, what + " '" + found->id + "' " + found->unusable);
  return found;
}

Result<void> initialise(const Plugin& plugin, const ganger_host* host) {
  if (plugin.init == nullptr) return {};
  std::string why;
  try {
    const ganger_status status = plugin.init(host);
    if (status == GANGER_OK) return {};
    why = "returned status " + std::to_string(status);
  } catch (const std::exception& thrown) {
    why = "threw an exception: " + excerpt(thrown.what());
  } catch (...) {
    why = "threw an exception";
  }
  return failure(ErrorKind::configuration, "plugin '" + plugin.id + "' cannot be used: its init() " + why);
}

}  // namespace

Registry::Registry(SearchPath search_path, const ganger_host* host)
    : search_path_(std::move(search_path)), host_(host) {}

Result<const TaskType*> Registry::task_type(std::string_view name) {
  const auto parts = split(name, "PLUGIN.TYPE, such as files.hash");
  if (!parts) return tl::unexpected(parts.error());
  const auto plugin = load(parts->first);
  if (!plugin) return tl::unexpected(plugin.error());
  return provided((*plugin)->find_task_type(parts->second), "task type", **plugin, parts->second,
                  (*plugin)->task_types);
}

Result<const PoolKind*> Registry::pool_kind(std::string_view name) {
  const auto parts = split(name, "PLUGIN.KIND, such as sqlite.connection");
  if (!parts) return tl::unexpected(parts.error());
  const auto plugin = load(parts->first);
  if (!plugin) return tl::unexpected(plugin.error());
  return provided((*plugin)->find_pool_kind(parts->second), "pool kind", **plugin, parts->second,
                  (*plugin)->pool_kinds);
}

Result<const Plugin*> Registry::load(std::string_view id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) return known->second;
  return by_id_.emplace(std::string(id), find_and_load(id)).first->second;
}

Result<const Plugin*> Registry::find_and_load(std::string_view id) {
  if (!is_plugin_id(id))
    return failure(ErrorKind::not_found, "no plugin can be called '" + excerpt(id) +
                                             "': an id is made of a-z, 0-9, '_', '.' and '-', at most 63 of them");
  const auto tried = search_path_.candidates(id);
  const auto winner = std::find_if(tried.begin(), tried.end(), [](const auto& one) { return one.exists; });
  if (winner == tried.end()) return tl::unexpected(not_found(id, tried));
  auto plugin = open(winner->file);
  if (plugin && (*plugin)->id != id)
    return failure(ErrorKind::refused, winner->file.string() + " calls itself '" + (*plugin)->id +
                                           "'; rename the file to " + (*plugin)->id + ".so");
  return plugin;
}

Result<const Plugin*> Registry::load_file(const fs::path& file) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(file, problem);
  if (problem) return failure(ErrorKind::io, file.string() + ": " + problem.message());
  return open(absolute.lexically_normal());
}

Result<const Plugin*> Registry::open(const fs::path& file) {
  std::error_code problem;
  // The same file by two names is one plugin: dlopen() would give the same library twice.
  fs::path key = fs::canonical(file, problem);
  if (problem) key = file;
  if (const auto known = by_file_.find(key); known != by_file_.end()) return known->second;

  const auto described = open_plugin(file, host_);
  Result<const Plugin*> result = nullptr;
  if (!described) {
    result = tl::unexpected(described.error());
  } else if (auto plugin = read_description(*described, file); !plugin) {
    result = tl::unexpected(plugin.error());
  } else {
    result = plugin->get();
    plugins_.push_back(std::move(*plugin));
  }
  return by_file_.emplace(std::move(key), std::move(result)).first->second;
}

Error Registry::not_found(std::string_view id, const std::vector<Candidate>& tried) const {
  std::string message = "plugin '" + std::string(id) + "' not found; looked in ";
  if (tried.empty()) message += "no folder: the search path is empty, add one with -P";
  for (std::size_t i = 0; i < tried.size(); ++i)
    message += (i > 0 ? ", " : "") + tried[i].file.parent_path().string() + " (" + tried[i].why_not + ")";
  std::set<std::string> present;
  for (const auto& candidate : search_path_.find_all()) present.insert(candidate.file.stem().string());
  if (!present.empty()) message += "; there are: " + joined(present);
  return {ErrorKind::not_found, std::move(message), {}};
}

std::vector<Listing> Registry::list() {
  std::vector<Listing> all;
  std::map<std::string, fs::path> winners;
  for (const auto& candidate : search_path_.find_all()) {
    Listing listing;
    listing.id = candidate.file.stem().string();
    listing.file = candidate.file;
    listing.origin = candidate.origin;
    const auto [winner, is_first] = winners.emplace(listing.id, candidate.file);
    std::error_code gone;
    if (!is_first) {
      if (fs::equivalent(winner->second, candidate.file, gone)) continue;  // a folder under two names
      listing.shadowed_by = winner->second;
    } else if (const auto plugin = load(listing.id)) {
      listing.plugin = *plugin;
    } else {
      listing.error = plugin.error();
    }
    all.push_back(std::move(listing));
  }
  return all;
}

Result<void> Registry::start(const Plugin& plugin) {
  if (const auto known = starts_.find(&plugin); known != starts_.end()) return known->second;
  const auto result = initialise(plugin, host_);
  if (result) started_.push_back(&plugin);
  return starts_.emplace(&plugin, result).first->second;
}

std::vector<std::string> Registry::shut_down() {
  std::vector<std::string> problems;
  for (; !started_.empty(); started_.pop_back()) {
    const Plugin& plugin = *started_.back();
    if (plugin.deinit == nullptr) continue;
    try {
      plugin.deinit();
    } catch (...) {
      problems.push_back("deinit() of plugin '" + plugin.id + "' threw an exception");
    }
  }
  return problems;
}

}  // namespace ganger::host
