#include "host/plugin/default_value.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace ganger::host {

namespace {

constexpr std::string_view kSpace = " \t";

/// One element as it is written: its text without quotes, and whether it had any.
struct Literal {
  std::string text;
  bool is_quoted = false;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// What a TOML basic string has after a backslash, of which defaults need only these.
std::optional<char> unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '"':
    case '\\':
      return c;
    default:
      return std::nullopt;
  }
}

/// Takes a quoted string from the front of `rest`.
std::optional<Literal> take_quoted(std::string_view& rest) {
  const char quote = rest.front();
  Literal literal{{}, true};
  for (std::size_t i = 1; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == quote) {
      rest.remove_prefix(i + 1);
      return literal;
    }
    if (c == '\\' && quote == '"') {
      if (++i == rest.size()) return std::nullopt;
      const auto meant = unescaped(rest[i]);
      if (!meant) return std::nullopt;
      c = *meant;
    }
    literal.text += c;
  }
  return std::nullopt;
}

bool starts_with_quote(std::string_view text) {
  return !text.empty() && (text.front() == '"' || text.front() == '\'');
}

std::optional<std::vector<Literal>> parse_list(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  std::string_view rest = trimmed(text.substr(1, text.size() - 2));
  std::vector<Literal> elements;
  while (!rest.empty()) {
    if (starts_with_quote(rest)) {
      auto literal = take_quoted(rest);
      if (!literal) return std::nullopt;
      elements.push_back(std::move(*literal));
    } else {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto word = trimmed(rest.substr(0, comma));
      if (word.empty()) return std::nullopt;
      elements.push_back({std::string(word), false});
      rest.remove_prefix(comma);
    }
    rest = trimmed(rest);
    if (rest.empty()) break;
    if (rest.front() != ',') return std::nullopt;
    rest = trimmed(rest.substr(1));  // as in TOML, the last element may have a comma
  }
  return elements;
}

std::optional<std::vector<Literal>> parse_single(std::string_view text) {
  if (!starts_with_quote(text)) return std::vector<Literal>{{std::string(text), false}};
  auto literal = take_quoted(text);
  if (!literal || !text.empty()) return std::nullopt;
  return std::vector<Literal>{std::move(*literal)};
}

bool may_be_quoted(std::uint32_t type) { return type != GANGER_BOOL && type != GANGER_I64 && type != GANGER_F64; }

bool is_choice(const Value& value, const Param& param) {
  if (param.choices.empty()) return true;
  const std::string& text = value.is_text() ? value.text : shown(value);
  return std::find(param.choices.begin(), param.choices.end(), text) != param.choices.end();
}

}  // namespace

bool parse_default(std::string_view text, const Param& param, Values& out) {
  text = trimmed(text);
  const auto literals = param.is_list() ? parse_list(text) : parse_single(text);
  if (!literals) return false;
  Values values;
  for (const auto& literal : *literals) {
    Value value;
    if (literal.is_quoted && !may_be_quoted(param.type)) return false;
    if (!parse_value(literal.text, param.type, value) || !is_choice(value, param)) return false;
    values.push_back(std::move(value));
  }
  out = std::move(values);
  return true;
}

Values zero_default(const Param& param) {
  if (param.is_list() || param.is_required()) return {};
  Value zero;
  zero.type = param.type;
  if (param.type == GANGER_F64) zero.f = 0;
  return {zero};
}

}  // namespace ganger::host
