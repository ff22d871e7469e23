// ganger_plugin -> Plugin: what a plugin says of itself, taken as hostile, checked and copied.
#pragma once
#include <ganger/plugin.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// Copies and checks a description. No pointer in it is trusted: each is read through a MemoryProbe, and functions
/// must lie in code. What only a newer header can mean (unknown flags, parameter types) is a warning of the Plugin.
/// Shape:  file = where it came from, for messages
/// Errors: wrong_abi it needs a newer host;  refused, with all its faults in the message
Result<std::unique_ptr<Plugin>> read_description(const ganger_plugin* described, const std::filesystem::path& file);

/// Can a plugin be called that? [a-z0-9_.-], at most 63 bytes, starting with a letter or digit.
bool is_plugin_id(std::string_view text);

/// Reads a default as a plugin writes it: like a job file, but that text, durations and sizes need no quotes.
/// False when it is not one for `param`.
bool parse_default(std::string_view text, const Param& param, Values& out);

}  // namespace ganger::host
