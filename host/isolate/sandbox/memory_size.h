// How much memory this process could have.
#pragma once
#include <cstdint>

namespace ganger::host {

/// The machine's memory, or less when a cgroup (v2 or v1) limits it.
/// Source: memory.max of cgroups(7), memory.limit_in_bytes of its first version
std::uint64_t usable_memory();

}  // namespace ganger::host
