// ids -> Registry: finds, opens and keeps plugins, each only when it is asked for.
#pragma once
#include <ganger/plugin.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/plugin/search_path.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// A plugin file of the search path, as `ganger list` shows it.
struct Listing {
  std::string id;  ///< the file's stem
  std::filesystem::path file;
  std::string origin;                 ///< why the folder is searched
  const Plugin* plugin = nullptr;     ///< null when it was not or could not be loaded
  std::optional<Error> error;         ///< why it could not
  std::filesystem::path shadowed_by;  ///< the file that wins; empty when this one does
};

/// The plugins of this process. Libraries stay loaded until the process ends, also after the registry.
/// Thread: [load], one for the registry's whole life.
class Registry {
 public:
  /// Lifetime: host must live until the process ends; plugins keep it
  Registry(SearchPath search_path, const ganger_host* host);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// `PLUGIN.TYPE`, split at the last dot. Loads the plugin. One that this host cannot run is an error.
  Result<const TaskType*> task_type(std::string_view name);
  /// `PLUGIN.KIND`, as task_type().
  Result<const PoolKind*> pool_kind(std::string_view name);

  /// The plugin `id` of the search path; the file is ID.so. What went wrong once goes wrong again, without a retry.
  Result<const Plugin*> load(std::string_view id);
  /// A file outside the search path, whatever its name: for `inspect` and `check`.
  Result<const Plugin*> load_file(const std::filesystem::path& file);

  /// Every plugin file of the search path in order. Loads those that are not shadowed.
  std::vector<Listing> list();

  /// Calls the plugin's init(), once; what it answered is kept. Before the first use by a run; list and inspect do
  /// without.
  Result<void> start(const Plugin& plugin);
  /// Calls deinit() of all started plugins, the last first, and returns what went wrong in them. No plugin is started
  /// again after this.
  std::vector<std::string> shut_down();

  const SearchPath& search_path() const { return search_path_; }

 private:
  Result<const Plugin*> find_and_load(std::string_view id);
  Result<const Plugin*> open(const std::filesystem::path& file);
  Error not_found(std::string_view id, const std::vector<Candidate>& tried) const;

  SearchPath search_path_;
  const ganger_host* host_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::map<std::filesystem::path, Result<const Plugin*>> by_file_;
  std::map<std::string, Result<const Plugin*>, std::less<>> by_id_;
  std::map<const Plugin*, Result<void>> starts_;
  std::vector<const Plugin*> started_;
};

}  // namespace ganger::host
