// The pins of a command: which lock file holds, and how one is written.
#pragma once
#include <optional>

#include "host/job/read_pins.h"
#include "host/session/prepare.h"

namespace ganger::host {

/// The file that --plugins-lock names, else plugins.lock in `job_dir` if it is there, else nothing. Nothing for
/// `check --pin` too, which is about to write it.
/// Shape: job_dir empty = there is no job
tl::expected<std::optional<Pins>, Errors> pins_for(const RunOptions& options, const std::filesystem::path& job_dir);

/// Pins every plugin that the job uses, as it is now. What else the file holds stays. Returns how many plugins of
/// the job there are.
tl::expected<std::size_t, Errors> pin_plugins(const RunOptions& options, const Prepared& prepared);

}  // namespace ganger::host
