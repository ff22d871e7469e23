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

}  // namespace ganger::host
