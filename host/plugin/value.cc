#include "host/plugin/value.h"

#include <array>
#include <charconv>
#include <utility>

#include "host/units.h"

namespace ganger::host {

namespace {

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc{} && end == text.data() + text.size();
}

std::string shortest(double f) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), f).ptr;
  std::string text(buffer.data(), end);
  // A job file tells 1.0 from 1.
  if (text.find_first_of(".einf") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

ganger_value Value::borrowed() const {
  ganger_value value{};
  value.type = type;
  if (is_text())
    value.u.s = ganger_str{text.c_str(), text.size()};
  else if (type == GANGER_F64)
    value.u.f = f;
  else
    value.u.i = i;
  return value;
}

Value Value::copy_of(const ganger_value& value) {
  Value copy;
  copy.type = value.type;
  if (copy.is_text()) {
    if (value.u.s.n > 0) copy.text.assign(value.u.s.p, value.u.s.n);
  } else if (value.type == GANGER_F64) {
    copy.f = value.u.f;
  } else if (value.type == GANGER_BOOL) {
    copy.i = value.u.i != 0 ? 1 : 0;
  } else {
    copy.i = value.u.i;
  }
  return copy;
}

Value Value::of_bool(bool b) { return of_integer(b ? 1 : 0, GANGER_BOOL); }

Value Value::of_integer(std::int64_t i, std::uint32_t type) {
  Value value;
  value.type = type;
  value.i = i;
  return value;
}

Value Value::of_float(double f) {
  Value value;
  value.type = GANGER_F64;
  value.f = f;
  return value;
}

Value Value::of_text(std::string text, std::uint32_t type) {
  Value value;
  value.type = type;
  value.text = std::move(text);
  return value;
}

std::string_view type_name(std::uint32_t type) {
  switch (type) {
    case GANGER_NONE:
      return "nothing";
    case GANGER_BOOL:
      return "a boolean";
    case GANGER_I64:
      return "an integer";
    case GANGER_F64:
      return "a number";
    case GANGER_STR:
      return "a string";
    case GANGER_PATH:
      return "a path";
    case GANGER_DURATION_NS:
      return "a duration";
    case GANGER_SIZE:
      return "a size";
    case GANGER_SECRET:
      return "a secret";
    default:
      return "a value of an unknown type";
  }
}

std::string shown(const Value& value) {
  switch (value.type) {
    case GANGER_BOOL:
      return value.i != 0 ? "true" : "false";
    case GANGER_I64:
      return std::to_string(value.i);
    case GANGER_F64:
      return shortest(value.f);
    case GANGER_STR:
    case GANGER_PATH:
      return value.text;
    case GANGER_DURATION_NS:
      return format_duration(value.i);
    case GANGER_SIZE:
      return format_size(value.i);
    case GANGER_SECRET:
      return "***";
    default:
      return "";
  }
}

bool parse_value(std::string_view text, std::uint32_t type, Value& out) {
  std::optional<std::int64_t> integer;
  switch (type) {
    case GANGER_BOOL:
      if (text == "true" || text == "false") integer = text == "true" ? 1 : 0;
      break;
    case GANGER_I64: {
      std::int64_t number = 0;
      if (parse_number(text, number)) integer = number;
      break;
    }
    case GANGER_DURATION_NS:
      integer = parse_duration(text);
      break;
    case GANGER_SIZE:
      integer = parse_size(text);
      break;
    case GANGER_F64: {
      double number = 0;
      if (!parse_number(text, number)) return false;
      out = Value::of_float(number);
      return true;
    }
    case GANGER_STR:
    case GANGER_PATH:
    case GANGER_SECRET:
      if (text.find('\0') != std::string_view::npos) return false;  // plugins in C would read less than was written
      out = Value::of_text(std::string(text), type);
      return true;
    default:
      return false;
  }
  if (!integer) return false;
  out = Value::of_integer(*integer, type);
  return true;
}

}  // namespace ganger::host
