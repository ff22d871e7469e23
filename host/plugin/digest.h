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

}  // namespace ganger::host
