#include "host/plugin/registry.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "host/plugin/description.h"
#include "host/plugin/description_json.h"
#include "host/plugin/digest.h"
#include "host/plugin/library.h"
#include "host/plugin/library_trust.h"
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
  std::transform(all.begin(), all.end(), std::back_inserter(names), [](const auto& one) { return one->id; });
  std::sort(names.begin(), names.end());
  return names.empty() ? "it has none" : "it has: " + joined(names);
}

/// "files.hash" -> files, hash. Ids of plugins may hold dots, names of what they provide may not.
Result<std::pair<std::string_view, std::string_view>> split(std::string_view name, const std::string& form) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size())
    return failure(ErrorKind::not_found, "'" + excerpt(name) + "' is not of the form " + form);
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
  std::string why;
  try {
    const ganger_status status = plugin.init(host);
    if (status == GANGER_OK) return {};
    why = "returned status " + std::to_string(status);
  } catch (const std::exception& thrown) {
    why = "threw an exception: " + excerpt(what_of(thrown));
  } catch (...) {
    why = "threw an exception";
  }
  return failure(ErrorKind::configuration, "plugin '" + plugin.id + "' cannot be used: its init() " + why);
}

Error changed(const Plugin& plugin) {
  return {ErrorKind::refused,
          plugin.file.string() + " has been changed since this run looked at it first; run it again",
          {}};
}

/// Puts the functions of `opened` into `described`, which provides the same in the same order.
void fill_in(Plugin& described, const Plugin& opened) {
  for (std::size_t i = 0; i < opened.task_types.size(); ++i) {
    TaskType& to = *described.task_types[i];
    const TaskType& from = *opened.task_types[i];
    to.user = from.user;
    to.check = from.check;
    to.run = from.run;
  }
  for (std::size_t i = 0; i < opened.pool_kinds.size(); ++i) {
    PoolKind& to = *described.pool_kinds[i];
    const PoolKind& from = *opened.pool_kinds[i];
    to.api = from.api;
    to.user = from.user;
    to.open = from.open;
    to.check = from.check;
    to.reset = from.reset;
    to.close = from.close;
  }
  described.init = opened.init;
  described.deinit = opened.deinit;
  described.is_open = true;
}

}  // namespace

Registry::Registry(SearchPath search_path, const ganger_host* host, Admission admission)
    : search_path_(std::move(search_path)), host_(host), admission_(std::move(admission)) {}

Result<const TaskType*> Registry::task_type(std::string_view name, Load how) {
  const auto parts = split(name, "PLUGIN.TYPE, such as files.hash");
  if (!parts) return tl::unexpected(parts.error());
  const auto plugin = load(parts->first, how);
  if (!plugin) return tl::unexpected(plugin.error());
  return provided((*plugin)->find_task_type(parts->second), "task type", **plugin, parts->second,
                  (*plugin)->task_types);
}

Result<const PoolKind*> Registry::pool_kind(std::string_view name, Load how) {
  const auto parts = split(name, "PLUGIN.KIND, such as sqlite.connection");
  if (!parts) return tl::unexpected(parts.error());
  const auto plugin = load(parts->first, how);
  if (!plugin) return tl::unexpected(plugin.error());
  return provided((*plugin)->find_pool_kind(parts->second), "pool kind", **plugin, parts->second,
                  (*plugin)->pool_kinds);
}

Result<const Plugin*> Registry::load(std::string_view id, Load load) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return by_id_.emplace(std::string(id), find_and_load(id, load)).first->second;
  return known->second ? as_wanted(**known->second, load) : known->second;
}

Result<Plugin*> Registry::find_and_load(std::string_view id, Load load) {
  if (!is_plugin_id(id))
    return failure(ErrorKind::not_found, "no plugin can be called '" + excerpt(id) +
                                             "': an id is made of a-z, 0-9, '_', '.' and '-', at most 63 of them");
  const auto tried = search_path_.candidates(id);
  const auto winner = std::find_if(tried.begin(), tried.end(), [](const auto& one) { return one.exists; });
  if (winner == tried.end()) return tl::unexpected(not_found(id, tried));
  auto plugin = take(winner->file, load);
  if (plugin && (*plugin)->id != id)
    return failure(ErrorKind::refused, winner->file.string() + " calls itself '" + (*plugin)->id +
                                           "'; rename the file to " + (*plugin)->id + ".so");
  return plugin;
}

Result<const Plugin*> Registry::load_file(const fs::path& file, Load load) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(file, problem);
  if (problem) return failure(ErrorKind::io, file.string() + ": " + problem.message());
  return take(absolute.lexically_normal(), load);
}

Result<Plugin*> Registry::take(const fs::path& file, Load load) {
  std::error_code problem;
  // The same file by two names is one plugin: dlopen() would give the same library twice.
  fs::path key = fs::canonical(file, problem);
  if (problem) key = file;
  const auto known = by_file_.find(key);
  if (known == by_file_.end()) return by_file_.emplace(std::move(key), take_new(file, load)).first->second;
  return known->second ? as_wanted(**known->second, load) : known->second;
}

Result<Plugin*> Registry::take_new(const fs::path& path, Load load) {
  PluginFile file(path);
  const auto elf = look_at_file(file);
  if (!elf) return tl::unexpected(elf.error());
  const auto sha256 = check_pin_of_file(file);
  if (!sha256) return tl::unexpected(sha256.error());
  auto plugin = load == Load::describe ? describe(file, *elf) : open(file, *elf);
  if (!plugin) return tl::unexpected(plugin.error());
  // What was looked at and what was loaded must be one. Nobody but this user and root can have changed it meanwhile.
  if (!file.is_unchanged()) return tl::unexpected(changed(**plugin));
  if (admission_.check_pin)
    if (auto good = admission_.check_pin((*plugin)->id, (*plugin)->version, *sha256); !good)
      return tl::unexpected(good.error());
  plugins_.push_back(std::move(*plugin));
  Plugin* const taken = plugins_.back().get();
  origins_.emplace(taken, Origin{file.identity(), *sha256, {}});
  return taken;
}

/// Is it a plugin file, and one to be trusted? None of its code has run.
Result<ElfFile> Registry::look_at_file(const PluginFile& file) const {
  const uid_t user = geteuid();
  const LookAt look = look_beside(this_program());
  const auto trusted = admission_.trusts_all ? Result<void>() : check_trust(file.path(), user, look);
  if (!trusted && trusted.error().kind == ErrorKind::refused) return tl::unexpected(trusted.error());
  auto elf = file.look();  // says better what is wrong with a file that is not there
  if (!elf) return elf;
  if (!trusted) return tl::unexpected(trusted.error());
  if (!admission_.trusts_all)
    if (auto good = check_libraries(*elf, file.path(), user, look); !good) return tl::unexpected(good.error());
  return elf;
}

/// The file's digest; empty where nothing is pinned.
Result<std::string> Registry::check_pin_of_file(const PluginFile& file) const {
  if (!admission_.check_pin) return std::string();
  auto sha256 = file.sha256();
  if (!sha256) return sha256;
  if (auto good = admission_.check_pin(file.path().stem().string(), {}, *sha256); !good)
    return tl::unexpected(good.error());
  return sha256;
}

Result<std::unique_ptr<Plugin>> Registry::describe(PluginFile& file, const ElfFile& elf) const {
  if (elf.description && admission_.believes_notes) {
    if (auto good = check_entry(elf, file.path()); !good) return tl::unexpected(good.error());
    return parse_description(*elf.description, file.path());
  }
  return admission_.describe ? admission_.describe(file.path()) : open(file, elf);
}

Result<std::unique_ptr<Plugin>> Registry::open(PluginFile& file, const ElfFile& elf) const {
  const fs::path& path = file.path();
  const auto open_it = [&]() -> Result<std::unique_ptr<Plugin>> {
    // Where a digest says which file is meant, it is that one, whatever has been put in its place meanwhile. Else by
    // its name, as debuggers and the code of plugins know it from the beginning.
    const std::string loader_name = admission_.check_pin ? file.loader_name(elf) : path.string();
    const auto described = open_plugin(path, elf, host_, loader_name);
    if (loader_name != path) file.keep();
    if (!described) return tl::unexpected(described.error());
    auto plugin = read_description(*described, path);
    if (!plugin || !elf.description || !admission_.believes_notes) return plugin;
    const auto good = check_note(*elf.description, **plugin, path);
    return good ? std::move(plugin) : tl::unexpected(good.error());
  };
  return admission_.watch_opening ? admission_.watch_opening(path, open_it) : open_it();
}

Result<Plugin*> Registry::as_wanted(Plugin& plugin, Load load) {
  if (load == Load::describe || plugin.is_open) return &plugin;
  Origin& origin = origins_.at(&plugin);
  if (!origin.opened) origin.opened = open_described(plugin, origin.identity);
  if (!*origin.opened) return tl::unexpected(origin.opened->error());
  return &plugin;
}

Result<void> Registry::open_described(Plugin& plugin, const FileIdentity& identity) const {
  PluginFile file(plugin.file);
  const auto elf = look_at_file(file);
  if (!elf) return tl::unexpected(elf.error());
  if (file.identity() != identity) return tl::unexpected(changed(plugin));
  if (auto pinned = check_pin_of_file(file); !pinned) return tl::unexpected(std::move(pinned).error());
  const auto opened = open(file, *elf);
  if (!opened) return tl::unexpected(opened.error());
  if (!file.is_unchanged()) return tl::unexpected(changed(plugin));
  if (description_json(plugin) != description_json(**opened))
    return failure(ErrorKind::refused, plugin.file.string() +
                                           " is refused: it does not describe itself twice in the same way; what a "
                                           "plugin provides must not depend on the process that asks");
  fill_in(plugin, **opened);
  return {};
}

Result<std::string> Registry::digest_of(const Plugin& plugin) {
  Origin& origin = origins_.at(&plugin);
  if (!origin.sha256.empty()) return origin.sha256;
  auto sha256 = sha256_of(plugin.file);
  if (!sha256) return sha256;
  if (identity_of(plugin.file) != origin.identity) return tl::unexpected(changed(plugin));
  origin.sha256 = *sha256;
  return sha256;
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
    } else if (const auto plugin = load(listing.id, Load::describe)) {
      listing.plugin = *plugin;
    } else {
      listing.error = plugin.error();
    }
    all.push_back(std::move(listing));
  }
  return all;
}

Result<void> Registry::start(const Plugin& plugin) {
  if (!plugin.is_open) return {};
  if (const auto known = starts_.find(&plugin); known != starts_.end()) return known->second;
  Result<void> result;
  if (plugin.init != nullptr) call(plugin, "init()", [&] { result = initialise(plugin, host_); });
  if (result) started_.push_back(&plugin);
  return starts_.emplace(&plugin, result).first->second;
}

void Registry::call(const Plugin& plugin, const char* function, const std::function<void()>& call) const {
  if (admission_.watch_call) return admission_.watch_call(plugin, function, call);
  call();
}

std::vector<std::string> Registry::shut_down() {
  std::vector<std::string> problems;
  for (; !started_.empty(); started_.pop_back()) {
    const Plugin& plugin = *started_.back();
    if (plugin.deinit == nullptr) continue;
    call(plugin, "deinit()", [&] {
      try {
        plugin.deinit();
      } catch (...) {
        problems.push_back("deinit() of plugin '" + plugin.id + "' threw an exception");
      }
    });
  }
  return problems;
}

}  // namespace ganger::host
