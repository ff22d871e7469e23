// One `key = value` of a job file read as what the key wants.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/job/error_list.h"
#include "host/job/job.h"
#include "host/job/toml_document.h"

namespace ganger::host {

/// Every member gives nothing (or less) where the value is wrong, after adding an error that says what it must be.
class FieldReader {
 public:
  /// May a duration be 0?
  enum class Zero : bool { refused, allowed };

  explicit FieldReader(ErrorList& errors) : errors_(errors) {}

  std::optional<std::string> text(const TomlEntry& entry);
  std::optional<bool> flag(const TomlEntry& entry);
  std::optional<std::uint32_t> count(const TomlEntry& entry, std::uint32_t least, std::uint32_t most);
  std::optional<std::chrono::nanoseconds> duration(const TomlEntry& entry, Zero zero);
  /// "PLUGIN.TYPE"; `example` is shown when it is not.
  std::optional<std::string> type_id(const TomlEntry& entry, std::string_view example);
  /// A list of strings, none of them empty or there twice; `what` they are and an `example` of the whole list.
  std::vector<NameAt> strings(const TomlEntry& entry, std::string_view what, std::string_view example);
  /// The table of `with` or `params`: plain values and lists of them.
  std::vector<Setting> settings(const TomlEntry& entry);
  /// The table, or null.
  const TomlTable* table(const TomlEntry& entry, std::string_view example);

  /// The name of a task or pool: [a-z0-9_-]{1,63}.
  bool check_name(const std::string& name, Position where);
  void unknown_key(const TomlEntry& entry, const std::vector<std::string_view>& known);

 private:
  void wrong(const TomlEntry& entry, std::string_view wanted);
  JobValue value(std::string_view key, const TomlNode& node);
  JobValue list(std::string_view key, const TomlNode& node);

  ErrorList& errors_;
};

}  // namespace ganger::host
