#include "host/plan/convert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/job/suggest.h"

namespace ganger::host {

namespace {

bool is_text(std::uint32_t type) { return type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET; }
bool is_count(std::uint32_t type) { return type == GANGER_I64 || type == GANGER_SIZE; }

}  // namespace

std::string wanted(std::uint32_t type) {
  switch (type) {
    case GANGER_BOOL:
      return "true or false";
    case GANGER_I64:
      return "an integer";
    case GANGER_F64:
      return "a number";
    case GANGER_DURATION_NS:
      return "a duration such as \"10m\"";
    case GANGER_SIZE:
      return "a size such as \"64KiB\"";
    case GANGER_PATH:
      return "a path";
    default:
      return "a string";
  }
}

bool convert(const Value& from, std::uint32_t type, Value& out, std::string& why) {
  // Whoever opens the file would open another one: the path ends there for the kernel.
  if (type == GANGER_PATH && from.is_text() && from.text.find('\0') != std::string::npos) {
    why = "a path must not contain a NUL byte (\\u0000)";
    return false;
  }
  if (from.type == type) {
    out = from;
    return true;
  }
  if (is_text(type)) {
    out = Value::of_text(from.is_text() ? from.text : shown(from), type);
    return true;
  }
  if (type == GANGER_F64 && from.type == GANGER_I64) {
    out = Value::of_float(static_cast<double>(from.i));
    return true;
  }
  if (is_count(type) && is_count(from.type) && (type == GANGER_I64 || from.i >= 0)) {
    out = Value::of_integer(from.i, type);
    return true;
  }
  if (from.is_text() && parse_value(from.text, type, out)) return true;
  const std::string is = from.type == GANGER_SECRET ? "this secret"
                         : from.is_text()           ? fmt::format("\"{}\"", from.text)
                                                    : shown(from);
  why = fmt::format("{} is wanted, not {}", wanted(type), is);
  return false;
}

bool is_choice(const Param& param, const Value& value, std::string& why) {
  const std::string text = value.is_text() ? value.text : shown(value);
  if (param.choices.empty() || std::ranges::count(param.choices, text) != 0) return true;
  if (value.type == GANGER_SECRET) {
    why = fmt::format("this secret is none of {}", fmt::join(param.choices, ", "));
    return false;
  }
  why = fmt::format("\"{}\" is none of {}{}", text, fmt::join(param.choices, ", "),
                    did_you_mean(text, {param.choices.begin(), param.choices.end()}));
  return false;
}

}  // namespace ganger::host
