#include "host/isolate/sandbox/memory_size.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "host/cgroups.h"

namespace ganger::host {

namespace {

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// The smallest limit of a group and those above it. "max", which is no number, is none.
std::uint64_t limit_of(const Cgroup& group, const char* name) {
  std::uint64_t least = UINT64_MAX;
  for (const std::string& folder : group.folders) {
    std::uint64_t limit = 0;
    if (std::ifstream file(folder + "/" + name); file >> limit && limit > 0) least = std::min(least, limit);
  }
  return least;
}

}  // namespace

std::uint64_t usable_memory() {
  std::uint64_t memory = machine_memory();
  for (const Cgroup& group : own_cgroups()) {
    if (group.controllers.empty())
      memory = std::min(memory, limit_of(group, "memory.max"));
    else if (group.controllers == "memory")
      memory = std::min(memory, limit_of(group, "memory.limit_in_bytes"));
  }
  return memory;
}

}  // namespace ganger::host
