// The defaults of parameters, which plugins write as a job file would.
#pragma once
#include <string_view>

#include "host/plugin/types.h"
#include "host/plugin/value.h"

namespace ganger::host {

/// Reads `text` as a default of `param`: 4, true, "10s", ["a", 'b']. Text, paths, durations and sizes need no quotes;
/// other types take none. False when it is not a value of that type, or none of the choices.
bool parse_default(std::string_view text, const Param& param, Values& out);

/// What reads where a parameter has no default: empty text, 0, false, an empty list.
Values zero_default(const Param& param);

}  // namespace ganger::host
