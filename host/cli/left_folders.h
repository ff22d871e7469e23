// Folders of runs that nobody will ever come back to.
#pragma once
#include <filesystem>

#include "host/journal/journal.h"

namespace ganger::host {

/// Removes folders from `state`/runs that a process which was killed has left: of runs that have finished, or that
/// the journal has never heard of. Only those that are older than an hour and have no process; a few dozen at a time,
/// which costs nothing where there are none. Not those of `exec` and --no-history: whoever wrote into them may want
/// it.
void remove_left_folders(const std::filesystem::path& state, Journal& journal);

}  // namespace ganger::host
