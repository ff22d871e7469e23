// Where plugins are looked for, in which order, and why each folder is in the list.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// What the search path is made from; a test makes its own.
struct Environment {
  std::string plugin_path;           ///< $GANGER_PLUGIN_PATH, separated by ':'
  std::string data_home;             ///< $XDG_DATA_HOME
  std::string home;                  ///< $HOME
  std::filesystem::path executable;  ///< of this process; its prefix is the folder above bin/
  std::string multiarch;             ///< "x86_64-linux-gnu", or empty
  bool is_secure = false;            ///< AT_SECURE: the variables above come from somebody less privileged

  static Environment of_this_process();
};

/// A folder of the search path.
struct SearchFolder {
  std::filesystem::path path;  ///< absolute
  std::string origin;          ///< "-P", "GANGER_PLUGIN_PATH", ...: for messages and `list`
};

/// A file that a folder has, or would have, for a plugin.
struct Candidate {
  std::filesystem::path file;
  std::string origin;
  bool exists = false;
  std::string why_not;  ///< "no such folder", "not there", "permission denied"; empty when it exists
};

/// The folders plugins are looked for in; the first that has a file wins. Never the current directory: an empty or
/// relative folder is left out and becomes a warning.
class SearchPath {
 public:
  /// Shape: option_folders (-P) and job_folders (the job's `plugins`) are absolute
  SearchPath(const Environment& environment, const std::vector<std::filesystem::path>& option_folders,
             const std::vector<std::filesystem::path>& job_folders);

  const std::vector<SearchFolder>& folders() const { return folders_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// `ID.so` in every folder, in order. The first that exists is the plugin, whatever it is: a broken file is refused
  /// and not stepped over.
  std::vector<Candidate> candidates(std::string_view id) const;

  /// Every regular *.so file, by folder and then by name; not recursive.
  std::vector<Candidate> find_all() const;

 private:
  void add(const std::filesystem::path& folder, const std::string& origin);
  void add_variable(std::string_view folders, const std::string& origin);
  void add_data_home(const Environment& environment);
  void add_prefix(const Environment& environment);

  std::vector<SearchFolder> folders_;
  std::vector<std::string> warnings_;
};

}  // namespace ganger::host
