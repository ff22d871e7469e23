// A typed value that the host owns: what parameters and outputs are made of.
#pragma once
#include <ganger/plugin.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// As ganger_value, with its text owned. `type` is a GANGER_... tag; unknown ones from a newer plugin are kept.
struct Value {
  std::uint32_t type = GANGER_NONE;
  union {
    std::int64_t i = 0;
    double f;
  };
  std::string text;  ///< GANGER_STR, GANGER_PATH, GANGER_SECRET

  bool is_text() const { return type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET; }
  /// The C form; its text points into this value.
  ganger_value borrowed() const;
  static Value copy_of(const ganger_value& value);
  static Value of_bool(bool b);
  static Value of_integer(std::int64_t i, std::uint32_t type = GANGER_I64);
  static Value of_float(double f);
  static Value of_text(std::string text, std::uint32_t type = GANGER_STR);
};

/// A parameter's value: one element, or those of a list.
using Values = std::vector<Value>;

/// "a string", "a duration": for messages.
std::string_view type_name(std::uint32_t type);

/// The text that parse_value() reads back as the same: 10s, 64KiB, true; `***` for a secret.
std::string shown(const Value& value);

/// Reads `text` as a value of `type`, as `--param` and `${...}` do. False when it is not one.
bool parse_value(std::string_view text, std::uint32_t type, Value& out);

}  // namespace ganger::host
