// Which process descends from which, as /proc tells it, and which children of ours are watched by somebody.
#pragma once
#include <sys/types.h>

#include <mutex>
#include <set>
#include <vector>

namespace ganger::host {

struct ProcessEntry {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t group = -1;
  bool has_ended = false;  ///< a zombie
};

/// Every process that can be seen; empty when /proc cannot be read.
std::vector<ProcessEntry> all_processes();

/// SIGKILL for `root`, its group, and everything that descends from it. Returns how many others were running.
/// Shape: root is a child of this process that has not been reaped, so that its number means it and no other
std::size_t kill_with_descendants(pid_t root);

/// The same for this process: SIGKILL for its group and everything that descends from it, then its own end.
/// Shape: it adopts orphans, so that none of those is missed
[[noreturn]] void end_with_descendants();

/// The children of this process that some Process watches. A number is in it from before anybody may look for orphans
/// until after the child has been reaped, and is the number of no other process all that time.
class WatchedChildren {
 public:
  static WatchedChildren& instance();

  /// Held while a child is started and added, and while orphans are looked for: a child that is not in the set yet is
  /// none.
  std::mutex starting;

  void add(pid_t pid);
  bool contains(pid_t pid);
  /// Calls `act` while the child cannot be reaped by another thread; false without a call when it has been.
  template <class Act>
  bool with(pid_t pid, const Act& act) {
    const std::lock_guard lock(mutex_);
    if (!pids_.contains(pid)) return false;
    if (act() == Reaped::yes) pids_.erase(pid);
    return true;
  }
  enum class Reaped : bool { no, yes };

 private:
  std::mutex mutex_;
  std::set<pid_t> pids_;  // guarded by mutex_
};

}  // namespace ganger::host
