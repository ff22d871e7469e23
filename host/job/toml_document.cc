#include "host/job/toml_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "host/text.h"

// Errors as values. The limit keeps the depth of recursion, here and in the library, far from the end of the stack.
// The library's assertions fail on some wrong files ("[="), which it goes on to refuse properly; with NDEBUG they
// would be promises to the optimizer instead.
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 32
#define TOML_ASSERT(expr) static_assert(true)
#undef NDEBUG
// Some wrong input ("[" at the end of a line) runs into an assertion before it is reported; without, it is reported.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

namespace ganger::host {
namespace {

/// Every part of a dotted key is a table in a table; the library sets no limit to them.
constexpr std::size_t kMostKeyParts = 32;

Position position_of(const toml::source_region& region) {
  // What goes on in the next line is underlined to the end of the first.
  std::uint32_t length = std::numeric_limits<std::uint32_t>::max();
  if (region.end.line == region.begin.line)
    length = std::max(region.end.column, region.begin.column + 1) - region.begin.column;
  return {.line = region.begin.line, .column = region.begin.column, .length = length};
}

TomlNode take(toml::node& from);

TomlTable take_table(toml::table& from) {
  TomlTable table;
  table.reserve(from.size());
  for (auto&& [key, node] : from) {
    table.push_back({.key = std::string(key.str()), .where = position_of(key.source()), .node = take(node)});
  }
  std::ranges::sort(table, {},
                    [](const TomlEntry& entry) { return std::pair(entry.where.line, entry.where.column); });
  return table;
}

TomlList take_list(toml::array& from) {
  TomlList list;
  list.reserve(from.size());
  for (toml::node& node : from) list.push_back(take(node));
  return list;
}

TomlNode take(toml::node& from) {
  TomlNode node;
  node.where = position_of(from.source());
  if (toml::table* table = from.as_table()) {
    node.value = take_table(*table);
  } else if (toml::array* list = from.as_array()) {
    node.value = take_list(*list);
  } else if (toml::value<std::string>* text = from.as_string()) {
    node.value = std::move(text->get());
  } else if (const toml::value<std::int64_t>* integer = from.as_integer()) {
    node.value = integer->get();
  } else if (const toml::value<double>* number = from.as_floating_point()) {
    node.value = number->get();
  } else if (const toml::value<bool>* boolean = from.as_boolean()) {
    node.value = boolean->get();
  } else {
    node.value = TomlDate{};
  }
  return node;
}

/// The place of byte `at`.
Position position_at(const SourceText& source, std::size_t at) {
  const std::string_view before = std::string_view(source.text()).substr(0, at);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 = 0
  return {.line = static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n')),
          .column = static_cast<std::uint32_t>(1 + count_code_points(before.substr(line_begin)))};
}

/// The first byte that is not UTF-8. The library finds it too, but does not say exactly where.
std::optional<std::size_t> find_bad_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = first_code_point(text.substr(at, 4)).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return {};
}

/// The byte behind the string or comment that begins at `at`. One that is not closed ends with its line: that is an
/// error, and the library stops there too.
std::size_t skip_string_or_comment(std::string_view text, std::size_t at) {
  const std::size_t line_end = std::min(text.find('\n', at), text.size());
  if (text[at] == '#') return line_end;

  const std::string_view one = text.substr(at, 1);
  const bool has_escapes = one == "\"";
  const bool is_multi_line = text.substr(at, 3) == std::string(3, one[0]);
  const std::string closing(is_multi_line ? 3 : 1, one[0]);
  const std::size_t end = is_multi_line ? text.size() : line_end;
  for (at += closing.size(); at < end; ++at) {
    if (has_escapes && text[at] == '\\') {
      ++at;
    } else if (text.substr(at, closing.size()) == closing) {
      at += closing.size();
      // Up to two quotes right before the closing three belong to the text.
      for (int more = 0; is_multi_line && more < 2 && text.substr(at, 1) == one; ++more) ++at;
      return at;
    }
  }
  return end;
}

/// What the library must not be given.
struct Refusal {
  std::size_t at;
  std::string message;
};

/// Looks at all that is outside strings and comments: a key of too many parts would overflow the stack, and a letter
/// beyond ASCII, which TOML does not allow there, is undefined behaviour in the library.
std::optional<Refusal> find_refusal(std::string_view text) {
  std::size_t dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'' || c == '#') {
      at = skip_string_or_comment(text, at);
      continue;
    }
    const CodePoint letter = first_code_point(text.substr(at, 4));
    if (letter.bytes > 1) {
      return Refusal{
          at, fmt::format("'{}' is outside a string; put quotes around it", excerpt(text.substr(at, letter.bytes)))};
    }
    const bool ends_key = c == '\n' || c == '=' || c == ',' || c == '[' || c == '{';
    if (ends_key) dots = 0;
    if (c == '.' && ++dots >= kMostKeyParts)
      return Refusal{at, fmt::format("a key has more than {} parts", kMostKeyParts)};
    ++at;
  }
  return {};
}

/// The library's words without its preamble, "Error while parsing key: expected ...", and clearer where users meet
/// them most. `is_line_end`: it stopped at the end of a line.
std::string reworded(std::string_view description, bool is_line_end) {
  constexpr std::string_view kPreamble = "Error while parsing ";
  if (description.starts_with(kPreamble)) {
    const std::size_t colon = description.find(": ");
    if (colon != std::string_view::npos) description.remove_prefix(colon + 2);
  }
  if (description.starts_with("exceeded maximum nested value depth")) {
    return fmt::format("values are nested deeper than {}", TOML_MAX_NESTED_VALUES);
  }
  if (description.starts_with("unescaped control characters") && is_line_end) {
    return "the string is not closed at the end of its line; add the quote";
  }
  return "not valid TOML: " + printable(description);
}

tl::unexpected<Error> bad_toml(const SourceText& source, Position where, std::string message) {
  return failure(ErrorKind::bad_job, std::move(message), source.where(where));
}

}  // namespace

std::string_view type_name(const TomlNode& node) {
  constexpr std::array<std::string_view, 7> kNames = {
      "true or false", "an integer", "a number with a fraction", "a string", "a date", "a list", "a table"};
  return kNames[node.value.index()];
}

tl::expected<TomlTable, Error> parse_toml(const SourceText& source) {
  const std::string_view text = source.text();
  if (const auto at = find_bad_byte(text)) {
    return bad_toml(
        source, position_at(source, *at),
        fmt::format("byte 0x{:02X} is not UTF-8; save the file as UTF-8", static_cast<unsigned char>(text[*at])));
  }
  if (const auto refusal = find_refusal(text)) {
    return bad_toml(source, position_at(source, refusal->at), refusal->message);
  }
  toml::parse_result result = toml::parse(text);
  if (!result) {
    const Position where = position_of(result.error().source());
    const bool is_line_end = where.column > count_code_points(source.line(where.line));
    return bad_toml(source, where, reworded(result.error().description(), is_line_end));
  }
  return take_table(result.table());
}

}  // namespace ganger::host
