// No network for this process, by a filter of system calls.
#pragma once
#include <string>
#include <vector>

namespace ganger::host {

/// A line when system calls cannot be filtered here, else none.
std::vector<std::string> missing_network_lock();

/// socket() of any family but AF_UNIX, and io_uring, fail with EACCES from now on, in every thread and in all that is
/// started. Sockets that are open stay. A program of another architecture (32 bits on 64) is ended by SIGSYS. Needs
/// no_new_privs. Returns why it could not be done, empty = it was. Thread: any
std::string give_up_network();

}  // namespace ganger::host
