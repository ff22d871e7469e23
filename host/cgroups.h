// The control groups this process is in, for the limits that they set.
#pragma once
#include <string>
#include <vector>

namespace ganger::host {

/// A group of one hierarchy.
struct Cgroup {
  std::string controllers;           ///< of version 1, such as "cpu,cpuacct"; empty = version 2, which has them all
  std::vector<std::string> folders;  ///< the group's own and those of the groups above it, whose limits count too
};

/// Those of this process, with their folders where they are usually mounted.
/// Source: /proc/PID/cgroup of cgroups(7)
std::vector<Cgroup> own_cgroups();

}  // namespace ganger::host
