#include "host/isolate/memory_size.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace ganger::host {

namespace {

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// The smallest limit of a group and those above it. "max", which is no number, is none.
std::uint64_t limit_of(const std::string& root, std::string group, const char* name) {
  std::uint64_t least = UINT64_MAX;
  for (;; group.erase(group.rfind('/'))) {
    std::uint64_t limit = 0;
    if (std::ifstream file(root + (group == "/" ? "" : group) + "/" + name); file >> limit && limit > 0)
      least = std::min(least, limit);
    if (group.empty() || group == "/") return least;
  }
}

}  // namespace

std::uint64_t usable_memory() {
  std::uint64_t memory = machine_memory();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // HIERARCHY:CONTROLLERS:PATH; version 2 has "0::PATH"
    std::istringstream fields(line);
    std::string hierarchy, controllers, path;
    if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, controllers, ':') ||
        !std::getline(fields, path))
      continue;
    if (!path.starts_with('/')) continue;
    if (controllers.empty())
      memory = std::min(memory, limit_of("/sys/fs/cgroup", path, "memory.max"));
    else if (controllers == "memory")
      memory = std::min(memory, limit_of("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
  }
  return memory;
}

}  // namespace ganger::host
