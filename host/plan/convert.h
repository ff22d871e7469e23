// From one type of value to another: what `${...}` gives is not always what the parameter it fills takes.
#pragma once
#include <string>

#include "host/plugin/types.h"
#include "host/plugin/value.h"

namespace ganger::host {

/// `from` as a value of `type`: the same type; an integer as a float; text read as a job file would write the value;
/// anything as text, but for a path with a NUL byte. False, and `why` ("a duration such as \"10m\" is wanted, not
/// \"abc\""), when it cannot be.
bool convert(const Value& from, std::uint32_t type, Value& out, std::string& why);

/// Is it one of the parameter's choices? False, and `why`, when there are some and it is not.
bool is_choice(const Param& param, const Value& value, std::string& why);

/// What a value of that type looks like, for messages: "a duration such as \"10m\"".
std::string wanted(std::uint32_t type);

}  // namespace ganger::host
