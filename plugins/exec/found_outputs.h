// Outputs that a command names in what it writes.
#ifndef GANGER_EXEC_FOUND_OUTPUTS_H
#define GANGER_EXEC_FOUND_OUTPUTS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ganger::exec {

struct FoundOutput {
  std::string name;  ///< as an output may be called: [a-z0-9_-], at most 63 bytes
  std::variant<bool, std::int64_t, double, std::string> value;
};

/// What was found, and what could not be taken.
struct FoundOutputs {
  std::vector<FoundOutput> all;
  std::vector<std::string> left_out;  ///< a line for the log each
};

/// The lines NAME=VALUE of a text, the last one of a name; other lines do not count. Quotes around a value are taken
/// off.
FoundOutputs outputs_of_lines(std::string_view text);
/// The members of a JSON object; an object or an array in it as JSON text, null as nothing. Throws ganger::error when
/// it is not one.
FoundOutputs outputs_of_json(std::string_view text);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_FOUND_OUTPUTS_H
