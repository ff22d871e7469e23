// TOML as plain data in the order of the file, each part with its place. The only door to the TOML library.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "host/error.h"
#include "host/job/source_text.h"

namespace ganger::host {

struct TomlNode;
struct TomlEntry;
using TomlList = std::vector<TomlNode>;
using TomlTable = std::vector<TomlEntry>;  ///< sorted by place, keys unique
struct TomlDate {};                        ///< a date or a time: no key of a job takes one, so its value is dropped

struct TomlNode {
  std::variant<bool, std::int64_t, double, std::string, TomlDate, TomlList, TomlTable> value;
  Position where;
};

struct TomlEntry {
  std::string key;
  Position where;  ///< of the key
  TomlNode node;
};

/// "a string", "an integer": for messages.
std::string_view type_name(const TomlNode& node);

/// Any bytes may come in. A syntax error ends the reading, so there is at most one.
tl::expected<TomlTable, Error> parse_toml(const SourceText& source);

}  // namespace ganger::host
