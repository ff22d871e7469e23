// The end of a process that has no memory left.
#pragma once

namespace ganger::host {

/// From now on a std::bad_alloc that nobody catches ends this process with that exit code and a message on stderr,
/// instead of abort(). The host cannot go on without what it could not allocate, and most of it must not throw. A
/// plugin may still catch its own.
void leave_when_out_of_memory(int exit_code);

/// The same, for who has caught one.
[[noreturn]] void leave_out_of_memory();

}  // namespace ganger::host
