#include "host/job/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "host/job/suggest.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {
namespace {

constexpr std::size_t kLongestName = 63;

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }
bool is_id_character(char c) { return is_name_character(c) || c == '.'; }
bool is_key_character(char c) { return is_name_character(c) || (c >= 'A' && c <= 'Z'); }

bool is_type_id(std::string_view id) {
  const std::size_t dot = id.rfind('.');
  return std::ranges::all_of(id, is_id_character) && dot != std::string_view::npos && dot > 0 && dot + 1 < id.size();
}

/// What stands there instead, for "..., not ...".
std::string shown(const TomlNode& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) return '"' + excerpt(*text) + '"';
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return std::to_string(*integer);
  return std::string(type_name(node));
}

}  // namespace

void FieldReader::wrong(const TomlEntry& entry, std::string_view wanted) {
  errors_.add(entry.node.where, fmt::format("{} must be {}, not {}", excerpt(entry.key), wanted, shown(entry.node)));
}

std::optional<std::string> FieldReader::text(const TomlEntry& entry) {
  if (const auto* text = std::get_if<std::string>(&entry.node.value)) return *text;
  errors_.add(entry.node.where, fmt::format("{} must be a string, not {}", entry.key, type_name(entry.node)));
  return {};
}

std::optional<bool> FieldReader::flag(const TomlEntry& entry) {
  if (const auto* flag = std::get_if<bool>(&entry.node.value)) return *flag;
  wrong(entry, "true or false");
  return {};
}

std::optional<std::uint32_t> FieldReader::count(const TomlEntry& entry, std::uint32_t least, std::uint32_t most) {
  const auto* count = std::get_if<std::int64_t>(&entry.node.value);
  if (count != nullptr && *count >= least && *count <= most) return static_cast<std::uint32_t>(*count);
  wrong(entry, fmt::format("an integer from {} to {}", least, most));
  return {};
}

std::optional<std::chrono::nanoseconds> FieldReader::duration(const TomlEntry& entry, Zero zero) {
  const auto* text = std::get_if<std::string>(&entry.node.value);
  if (text == nullptr) {
    errors_.add(entry.node.where,
                fmt::format("{} must be a duration such as \"10m\", not {}", entry.key, type_name(entry.node)));
    return {};
  }
  const std::optional<std::int64_t> ns = parse_duration(*text);
  if (!ns) {
    wrong(entry, "a duration such as \"250ms\", \"30s\", \"10m\", \"2h\" or \"1d\"");
    return {};
  }
  if (*ns == 0 && zero == Zero::refused) {
    errors_.add(entry.node.where, fmt::format("{} must be longer than 0; leave it out for no limit", entry.key));
    return {};
  }
  return std::chrono::nanoseconds(*ns);
}

std::optional<std::string> FieldReader::type_id(const TomlEntry& entry, std::string_view example) {
  std::optional<std::string> id = text(entry);
  if (!id || is_type_id(*id)) return id;
  wrong(entry, fmt::format("a plugin, a dot and what it provides, such as \"{}\"", example));
  return {};
}

std::vector<NameAt> FieldReader::strings(const TomlEntry& entry, std::string_view what, std::string_view example) {
  const auto* list = std::get_if<TomlList>(&entry.node.value);
  if (list == nullptr) {
    errors_.add(entry.node.where, fmt::format("{} must be a list of {} such as {}, not {}", entry.key, what, example,
                                              type_name(entry.node)));
    return {};
  }
  std::vector<NameAt> names;
  std::unordered_set<std::string_view> seen;
  for (const TomlNode& node : *list) {
    const auto* name = std::get_if<std::string>(&node.value);
    if (name == nullptr || name->empty()) {
      errors_.add(node.where, fmt::format("{} must hold {} such as {}, not {}", entry.key, what, example,
                                          name == nullptr ? type_name(node) : "an empty string"));
    } else if (!seen.insert(*name).second) {
      errors_.add(node.where, fmt::format("'{}' is in {} twice", excerpt(*name), entry.key));
    } else {
      names.push_back({.name = *name, .where = node.where});
    }
  }
  return names;
}

std::vector<Setting> FieldReader::settings(const TomlEntry& entry) {
  const TomlTable* given = table(entry, entry.key == "with" ? "with = { root = \"/etc\" }" : "[params]");
  if (given == nullptr) return {};
  std::vector<Setting> settings;
  settings.reserve(given->size());
  for (const TomlEntry& each : *given) {
    if (each.key.empty() || each.key.size() > kLongestName || !std::ranges::all_of(each.key, is_key_character)) {
      errors_.add(each.where, fmt::format("parameter name '{}' must be 1 to {} letters, digits, '_' or '-'",
                                          excerpt(each.key), kLongestName));
      continue;
    }
    settings.push_back({.key = each.key, .value = value(each.key, each.node), .where = each.where});
  }
  return settings;
}

JobValue FieldReader::value(std::string_view key, const TomlNode& node) {
  JobValue out{.value = {}, .where = node.where};
  if (const auto* flag = std::get_if<bool>(&node.value)) {
    out.value = *flag;
  } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    out.value = *integer;
  } else if (const auto* number = std::get_if<double>(&node.value)) {
    out.value = *number;
  } else if (const auto* text = std::get_if<std::string>(&node.value)) {
    out.value = *text;
  } else if (std::holds_alternative<TomlList>(node.value)) {
    out = list(key, node);
  } else {
    errors_.add(node.where, fmt::format("parameter '{}' cannot be {}; {}", key, type_name(node),
                                        std::holds_alternative<TomlDate>(node.value)
                                            ? "write it as a string, in quotes"
                                            : "a parameter is a plain value or a list of them"));
  }
  return out;
}

JobValue FieldReader::list(std::string_view key, const TomlNode& node) {
  JobValue out{.value = JobValue::List{}, .where = node.where};
  auto& elements = std::get<JobValue::List>(out.value);
  for (const TomlNode& element : std::get<TomlList>(node.value)) {
    if (std::holds_alternative<TomlList>(element.value)) {
      errors_.add(element.where, fmt::format("parameter '{}' cannot be a list of lists", key));
      elements.push_back({.value = {}, .where = element.where});
    } else {
      elements.push_back(value(key, element));
    }
  }
  return out;
}

const TomlTable* FieldReader::table(const TomlEntry& entry, std::string_view example) {
  const auto* table = std::get_if<TomlTable>(&entry.node.value);
  if (table == nullptr) wrong(entry, fmt::format("a table, as in {}", example));
  return table;
}

bool FieldReader::check_name(const std::string& name, Position where) {
  const bool is_good = !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, is_name_character);
  if (!is_good) {
    errors_.add(where,
                fmt::format("name '{}' must be 1 to {} of a-z, 0-9, '_' and '-'", excerpt(name), kLongestName));
  }
  return is_good;
}

void FieldReader::unknown_key(const TomlEntry& entry, const std::vector<std::string_view>& known) {
  const std::string meant = errors_.is_full() ? "" : did_you_mean(entry.key, known);
  errors_.add(entry.where,
              fmt::format("unknown key '{}'{}", excerpt(entry.key),
                          meant.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : meant));
}

}  // namespace ganger::host
