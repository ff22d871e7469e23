// --lock NAME: runs of one name that do not overlap.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "host/error.h"
#include "host/session/run_options.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// What became of a wish for a lock.
enum class LockWish : unsigned char { granted, busy, late };

/// Takes the lock `state`/locks/NAME.lock for as long as this process lives, however it ends. busy: another process
/// has it, and `on_busy` says not to wait; late: it has not come by `until`. Errors: cannot_create
/// Thread: the only one of its process
Result<LockWish> take_lock(const std::filesystem::path& state, const std::string& name, OnBusy on_busy,
                           TimePoint until);

/// Takes the lock that the options name, if they name one, and says so when it is not to be had. What the wait took
/// is taken off `options.timeout`, which is that of the whole command. Returns: the exit code where nothing is to
/// run; nothing where the lock is ours
std::optional<int> take_lock_of(const RunOptions& options, std::optional<Duration>& timeout);

}  // namespace ganger::host
