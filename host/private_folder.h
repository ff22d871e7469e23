// Folders for what is nobody else's business.
#pragma once
#include <filesystem>

#include "host/error.h"

namespace ganger::host {

/// A folder that only its owner can look into, as are those above it that it makes too, whatever the umask. One that
/// is there stays as it is.
/// Errors: cannot_create
Result<void> make_private_folder(const std::filesystem::path& folder);

}  // namespace ganger::host
