// How many CPUs this process may use.
#pragma once
#include <cstdint>

namespace ganger::host {

/// The CPUs of the affinity mask, or fewer when a cgroup (v2 or v1) allows less time than that; at least 1.
/// Source: sched_getaffinity(2); cpu.max of cgroups(7), cpu.cfs_quota_us of its first version
std::uint32_t usable_cpus();

}  // namespace ganger::host
