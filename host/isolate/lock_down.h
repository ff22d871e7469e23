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

/// Gives up rights of this process for good, in this order: resource limits (no core file, memory, descriptors), no new
/// privileges, Landlock (writing below `writable`, what the sandbox grants and /dev/null only; reading as the sandbox says), network.
/// Returns a line for each thing that this kernel does not offer; an empty list when all of it holds.
/// Thread: the only one of its process.
std::vector<std::string> lock_down(const LockDown& rules);

/// What lock_down() would answer here, without doing it: for a warning before the run.
std::vector<std::string> missing_locks();

}  // namespace ganger::host
