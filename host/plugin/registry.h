// ids -> Registry: finds, opens and keeps plugins, each only when it is asked for.
#pragma once
#include <ganger/plugin.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/plugin/plugin_file.h"
#include "host/plugin/search_path.h"
#include "host/plugin/trust.h"
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

/// How a plugin comes into use.
enum class Load : std::uint8_t {
  open,     ///< its code in this process
  describe  ///< only what it provides, from its note or read by somebody else; opened where neither is there
};

/// Which files a registry takes, and who reads descriptions for it.
struct Admission {
  bool trusts_all = false;     ///< files that anybody may have written, too
  bool believes_notes = true;  ///< is what the note of a file says as good as what its code would answer?
  /// Is this the plugin that is meant? Asked before a file is opened, with an empty version, and then with its own.
  /// Null = every one is.
  std::function<Result<void>(const std::string& id, const std::string& version, const std::string& sha256)>
      check_pin = {};
  /// For files without a note. Null = these are always opened.
  std::function<Result<std::unique_ptr<Plugin>>(const std::filesystem::path& file)> describe = {};
  /// Opens a file by calling `open`, and says whether that went well. Null = it is just opened.
  std::function<Result<std::unique_ptr<Plugin>>(const std::filesystem::path& file,
                                                const std::function<Result<std::unique_ptr<Plugin>>()>& open)>
      watch_opening = {};
  /// Calls `call`, which calls `function` ("init()") of the plugin outside of a task. Null = it is just called.
  std::function<void(const Plugin& plugin, const char* function, const std::function<void()>& call)> watch_call = {};
};

/// The plugins of this process. Libraries stay loaded until the process ends, also after the registry.
/// Thread: [load], one for the registry's whole life.
class Registry {
 public:
  /// Lifetime: host must live until the process ends; plugins keep it
  Registry(SearchPath search_path, const ganger_host* host, Admission admission = {});
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// `PLUGIN.TYPE`, split at the last dot. Loads the plugin. One that this host cannot run is an error.
  Result<const TaskType*> task_type(std::string_view name, Load load = Load::open);
  /// `PLUGIN.KIND`, as task_type().
  Result<const PoolKind*> pool_kind(std::string_view name, Load load = Load::open);

  /// The plugin `id` of the search path; the file is ID.so. What went wrong once goes wrong again, without a retry.
  /// One that is known by its description only and is now to be opened stays the same object, with its functions
  /// filled in; it has to describe itself as before.
  Result<const Plugin*> load(std::string_view id, Load load = Load::open);
  /// A file outside the search path, whatever its name: for `inspect` and `check`.
  Result<const Plugin*> load_file(const std::filesystem::path& file, Load load = Load::open);

  /// Every plugin file of the search path in order. Describes those that are not shadowed.
  std::vector<Listing> list();

  /// The SHA-256 of the file it was loaded from, computed once.
  /// Errors: refused when the file has changed since
  Result<std::string> digest_of(const Plugin& plugin);

  /// Calls the plugin's init(), once; what it answered is kept. Before the first use by a run; list and inspect do
  /// without. One that is not open has nothing to be called here.
  Result<void> start(const Plugin& plugin);
  /// Calls `call`, which calls `function` of the plugin outside of a task, with all that is done around such a call.
  void call(const Plugin& plugin, const char* function, const std::function<void()>& call) const;
  /// Calls deinit() of all started plugins, the last first, and returns what went wrong in them. No plugin is started
  /// again after this.
  std::vector<std::string> shut_down();

  const SearchPath& search_path() const { return search_path_; }

 private:
  /// What is known of a plugin besides its description.
  struct Origin {
    FileIdentity identity;
    std::string sha256;                  ///< empty until somebody asks
    std::optional<Result<void>> opened;  ///< how it went, where it was described before
  };

  Result<Plugin*> find_and_load(std::string_view id, Load load);
  Result<Plugin*> take(const std::filesystem::path& file, Load load);
  Result<Plugin*> take_new(const std::filesystem::path& file, Load load);
  Result<std::unique_ptr<Plugin>> describe(PluginFile& file, const ElfFile& elf) const;
  Result<std::unique_ptr<Plugin>> open(PluginFile& file, const ElfFile& elf) const;
  /// Has it opened if it is to be.
  Result<Plugin*> as_wanted(Plugin& plugin, Load load);
  Result<void> open_described(Plugin& plugin, const FileIdentity& identity) const;
  Result<ElfFile> look_at_file(const PluginFile& file) const;
  Result<std::string> check_pin_of_file(const PluginFile& file) const;
  Error not_found(std::string_view id, const std::vector<Candidate>& tried) const;

  SearchPath search_path_;
  const ganger_host* host_;
  const Admission admission_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::map<std::filesystem::path, Result<Plugin*>> by_file_;
  std::map<std::string, Result<Plugin*>, std::less<>> by_id_;
  std::map<const Plugin*, Origin> origins_;
  std::map<const Plugin*, Result<void>> starts_;
  std::vector<const Plugin*> started_;
};

}  // namespace ganger::host
