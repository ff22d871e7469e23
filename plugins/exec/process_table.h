// The processes of this machine, as /proc shows them at one moment.
#ifndef GANGER_EXEC_PROCESS_TABLE_H
#define GANGER_EXEC_PROCESS_TABLE_H

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ganger::exec {

struct ProcessEntry {
  pid_t pid, parent, group;
  bool is_zombie;
  std::uint64_t started;  ///< in ticks since boot: tells two apart that had the same pid
};

/// All there are; those that end meanwhile may be missing.
std::vector<ProcessEntry> list_processes();
/// Nothing when it is gone.
std::optional<ProcessEntry> find_process(pid_t pid);
/// Was the process started with a variable `name` whose value has `part` in it? Nothing when it has no environment
/// just now, which is so in the middle of an exec; false when nobody may know.
std::optional<bool> has_in_environment(pid_t pid, std::string_view name, std::string_view part);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_PROCESS_TABLE_H
