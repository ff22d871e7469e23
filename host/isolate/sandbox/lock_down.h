// What a child process may do, set by itself before it opens a plugin.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/plan/sandbox.h"

namespace ganger::host {

/// Limits and rules of one child; what tasks may do beyond them the job grants (plan/sandbox.h).
struct LockDown {
  Sandbox sandbox;
  std::filesystem::path writable;  ///< folder of the run's work directories, always writable; it exists
};

/// What could not be done, a line each.
struct LockDownGaps {
  std::vector<std::string> missing;    ///< this kernel does not offer it
  std::vector<std::string> ungranted;  ///< grants of the job that lead nowhere
};

/// Gives up rights of this process for good, in this order: new privileges, the network (no socket but those of the
/// machine itself, and no io_uring, which could make them), limits and priorities of other processes, resources (no
/// core file, memory, descriptors), files by Landlock (with signals to what is not under the same rules; writing
/// below `writable`, what the sandbox grants and /dev/null only; reading as the sandbox says). A grant means a folder
/// with all below it, or a file; who may write may read too. What does not exist is not granted. A file that exists
/// can be written over but not replaced or removed. Where reading is restricted, what programs need stays readable:
/// system libraries, name and time settings, /proc. Thread: the only one of its process.
LockDownGaps lock_down(const LockDown& rules);

/// Why the memory that a sandbox grants is too little for a process like this one to open a plugin in; empty where it
/// is enough, or is not limited. Before lock_down().
std::string too_little_memory(const Sandbox& sandbox);

/// After what went wrong before a plugin was open, where its memory is limited.
std::string perhaps_too_little(std::uint64_t memory_bytes);

/// What is not to be had here of that, without doing any of it: for a warning before the run.
std::vector<std::string> missing_locks();

}  // namespace ganger::host
