// What is found out about a plugin file, in the order in which a host would stumble over it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/plugin/elf_file.h"
#include "host/plugin/registry.h"
#include "host/report/json_text.h"

namespace ganger::host {

/// One entry of `problems` in the answer of `check`.
Json problem_json(std::string_view severity, const std::string& message, const Where& where = {});

class PluginCheck {
 public:
  /// Lifetime: the registry outlives it
  PluginCheck(Registry& registry, std::filesystem::path file) : registry_(registry), file_(std::move(file)) {}

  /// At the file, and at what its code says in a child process.
  void look();
  /// Runs every task type once, in a child process, where that is safe: nothing has to be given to it, it may be run
  /// again at any time, and it can be kept from writing elsewhere. False when the user wants to leave.
  /// Shape: plugin_dirs = where the plugin is found, before all others
  bool try_types(const std::vector<std::filesystem::path>& plugin_dirs);

  bool is_fine() const { return is_fine_; }
  /// Null when it cannot be used.
  const Plugin* plugin() const { return plugin_; }
  std::string text(bool is_quiet) const;
  Json problems() const;
  const Json& trials() const { return trials_; }

 private:
  struct Finding {
    std::string kind, text;
  };
  void ok(const std::string& text);
  void warning(const std::string& text);
  void error(const std::string& text);
  void describe();
  void look_at_note(const ElfFile& elf);
  void look_at_links(const ElfFile& elf);
  void skip(const TaskType& type, const std::string& why);

  Registry& registry_;
  const std::filesystem::path file_;
  const Plugin* plugin_ = nullptr;
  std::vector<Finding> findings_;
  Json trials_ = Json::array();
  bool is_fine_ = true;
};

}  // namespace ganger::host
