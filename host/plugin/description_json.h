// A description on its way between two processes: without its functions, which mean nothing elsewhere.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// One line of JSON, as it is in the note of a plugin file, too. Two plugins of the same text provide the same.
std::string description_json(const Plugin& plugin);

/// The other way. The text is taken as hostile and has to keep the rules that read_description() checks. The plugin
/// is not open, and every function in it is null.
/// Shape:  file = what it describes, for messages
/// Errors: refused, wrong_abi
Result<std::unique_ptr<Plugin>> parse_description(std::string_view json, const std::filesystem::path& file);

/// Does the note of `file` say what `plugin`, which was opened, says of itself? What a newer writer has put into it
/// beyond what is known here does not count.
/// Errors: refused it says something else, and where
Result<void> check_note(std::string_view note, const Plugin& plugin, const std::filesystem::path& file);

}  // namespace ganger::host
