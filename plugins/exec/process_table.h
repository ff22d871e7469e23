// The processes of this machine, as /proc shows them at one moment. Nothing here allocates but list_processes(), so
// that a process that was forked from threads can use the rest.
#ifndef GANGER_EXEC_PROCESS_TABLE_H
#define GANGER_EXEC_PROCESS_TABLE_H

#include <sys/types.h>

#include <cstddef>
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

/// Ticks since boot a second ago: whatever is started from now on is not older than that.
std::uint64_t ticks_before_now();

/// A look at the numbers of all processes.
class ProcessNumbers {
 public:
  ProcessNumbers();
  ~ProcessNumbers();
  ProcessNumbers(const ProcessNumbers&) = delete;
  ProcessNumbers& operator=(const ProcessNumbers&) = delete;
  /// 0 = there are no more.
  pid_t next();

 private:
  static constexpr std::size_t kBlockBytes = 32768;
  int folder_;
  std::size_t at_ = 0, end_ = 0;
  alignas(8) char block_[kBlockBytes];
};

/// All there are; those that end meanwhile may be missing.
std::vector<ProcessEntry> list_processes();
/// Nothing when it is gone.
std::optional<ProcessEntry> find_process(pid_t pid);
/// Was the process started with an environment that has `part` in it? Nothing when it has no environment just now,
/// which is so while it begins another program; false when nobody may know.
/// Shape: part  1 to 1000 bytes
std::optional<bool> has_in_environment(pid_t pid, std::string_view part);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_PROCESS_TABLE_H
