// The processes that descend from one, found by their parents and ended as a whole, also by a thread that may not
// allocate; and which children of ours are watched by somebody.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string_view>

#include "host/stop/clock.h"

namespace ganger::host {

/// Numbers of processes, kept in memory of their own: the heap may be locked by a thread that hangs.
class PidList {
 public:
  PidList();
  ~PidList();
  PidList(const PidList&) = delete;
  PidList& operator=(const PidList&) = delete;

  /// Does nothing when the list is full.
  void add(pid_t pid) {
    if (size_ < room_) pids_[size_++] = pid;
  }
  void clear() { size_ = 0; }
  bool is_full() const { return size_ == room_; }
  std::size_t size() const { return size_; }
  pid_t operator[](std::size_t i) const { return pids_[i]; }
  const pid_t* begin() const { return pids_; }
  const pid_t* end() const { return pids_ + size_; }

  template <class Keep>
  void keep_if(const Keep& keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if (const pid_t pid = pids_[i]; keep(pid)) pids_[kept++] = pid;
    size_ = kept;
  }
  /// Adds all of the other list, and leaves this one sorted.
  void merge(const PidList& other);
  /// Shape: it is sorted
  bool contains(pid_t pid) const;

 private:
  static constexpr std::size_t kFew = 256, kMany = 1 << 16;
  pid_t few_[kFew];
  pid_t* pids_ = few_;
  std::size_t room_ = kFew, size_ = 0;
};

/// Adds the children of a process, those that have ended and are not reaped included. Allocates nothing.
void add_children(pid_t parent, PidList& list);
/// Adds everything that descends from what is in the list, parents first. Allocates nothing.
void add_descendants(PidList& list);

/// Was the child made by clone(2) without a signal for its end? An ordinary wait does not see it: a plugin that makes
/// one looks after it itself, as exec does with its sweeper. What tasks leave behind always has such a signal, since
/// exec and the loss of its parent give it one.
bool is_helper(pid_t child);

/// The group of a process; -1 when there is no such process.
pid_t group_of(pid_t pid);

/// SIGKILL for `root`, its group, and everything that descends from it. Gives up the search for new descendants after
/// a second. Shape: root is a child of this process that has not been reaped, so that its number means it and no
/// other
void kill_with_descendants(pid_t root);

/// Ends a process that was forked from one with threads and has begun no program. _exit() may be somebody's who waits
/// for such a thread, as the thread sanitizer does.
[[noreturn]] void leave_forked();

/// The same for this process, however long it takes: it is stopped by a process made for that, so that no thread of
/// its own starts more meanwhile. Allocates nothing. Shape: it adopts orphans, so that none of those is missed
[[noreturn]] void end_with_descendants();

/// SIGKILL for every process of this machine that was started with `mark` in its environment, and for everything that
/// descends from one, but for this process; however long it takes. Allocates nothing. Shape: mark  1 to 60 bytes
void end_marked(std::string_view mark);

/// How an end of several processes went.
struct Ended {
  std::size_t running = 0;  ///< were running, and have ended
  std::size_t left = 0;  ///< children that have not ended in time: the kernel holds them, or they are another user's
  pid_t one_left = -1;   ///< one of those
};

/// Kills and reaps the children of this process that are `mine` and no helpers, with all that descends from them.
/// Returns at `until` at the latest. Allocates nothing, if `mine` does not. Thread: any, also in a signal handler
/// Shape: this process adopts orphans
Ended end_children(const std::function<bool(pid_t)>& is_mine, TimePoint until);

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
