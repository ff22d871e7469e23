// The SHA-256 of a file, by which plugins are pinned.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>

#include "host/error.h"

namespace ganger::host {

/// In lower-case hex, 64 characters.
/// Errors: not_found, io
Result<std::string> sha256_of(const std::filesystem::path& file);
/// The same of an open file, from its beginning; where it stands does not matter and stays. `name` is for messages.
Result<std::string> sha256_of(int descriptor, const std::filesystem::path& name);

}  // namespace ganger::host
