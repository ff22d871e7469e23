// Values of parameters and outputs as JSON.
#pragma once
#include "host/plugin/types.h"
#include "host/report/json_text.h"

namespace ganger::host {

/// Booleans, numbers, sizes (bytes) and text as themselves, durations as a job file writes them, a secret as `***`.
Json json_of(const Value& value);

/// "duration", "list of path": as json_of(Param) and the tables name it.
std::string type_word(const Param& param);

/// name, type, list, required, default (null = none), choices, help.
Json json_of(const Param& param);

}  // namespace ganger::host
