// What a process may do to others that Landlock does not know of, denied by a filter of system calls.
#pragma once
#include <string>

namespace ganger::host {

/// From here on this thread and all that it starts can change limits and priorities of themselves only, and of no
/// other process, not even of one of their own. Needs no_new_privs. Returns what went wrong; empty = nothing.
std::string give_up_other_processes();

/// Why it cannot be had here; empty = it can.
std::string missing_filter_of_calls();

}  // namespace ganger::host
