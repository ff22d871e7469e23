// --lock NAME: runs of one name that do not overlap.
#pragma once
#include <filesystem>
#include <string>

#include "host/cli/options.h"
#include "host/error.h"

namespace ganger::host {

/// Takes the lock `state`/locks/NAME.lock for as long as this process lives, however it ends. False when another
/// process has it and `on_busy` says not to wait. Errors: cannot_create
Result<bool> take_lock(const std::filesystem::path& state, const std::string& name, OnBusy on_busy);

}  // namespace ganger::host
