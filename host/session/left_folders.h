// Folders of runs that nobody will ever come back to.
#pragma once
#include <filesystem>

#include "host/journal/journal.h"

namespace ganger::host {

/// Removes folders from `state`/runs that a process which was killed has left: of runs that have finished; and of
/// those that the journal has never heard of where there is nothing in them but a ledger, since the journal that knew
/// them may have been damaged and moved aside. Only those that are older than an hour and have no process; a few
/// dozen at a time, which costs nothing where there are none. Not those of `exec` and --no-history: whoever wrote
/// into them may want it, or be at it.
void remove_left_folders(const std::filesystem::path& state, Journal& journal);

}  // namespace ganger::host
