// A command and all that it has started, wherever that went.
#ifndef GANGER_EXEC_FAMILY_H
#define GANGER_EXEC_FAMILY_H

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "process_table.h"

namespace ganger::exec {

/// What there is at one moment.
struct Processes {
  std::vector<pid_t> groups;  ///< of commands of this process, sorted
  std::vector<ProcessEntry> all;
};

/// Finds the members by their process group, by whose children they are, and by the cookie in their environment:
/// one that has a session of its own and whose parent has ended is still found. Walks /proc, so it is for the end of
/// a command that does not end by itself, and for nothing else. Thread: one.
class Family {
 public:
  /// Soon after the leader was started.
  Family(pid_t leader, std::string cookie);

  /// From now on the leader's number says nothing: it has been waited for.
  void leader_is_reaped() { is_leader_reaped_ = true; }

  /// Is there anybody in the leader's process group? One system call. Only after leader_is_reaped().
  bool has_group() const;
  /// Does any member run? Once none does, end() has nothing left to do.
  bool is_running();
  /// Asks all to end: SIGTERM, and SIGCONT for those that are stopped.
  void ask_to_end();
  /// SIGKILL for all, until none is left; reaps those that became children of this process, but for the leader. Gives
  /// up after a second on what does not even end then.
  void end();

  /// Members other than the leader that were told to end.
  std::size_t told() const { return told_.size(); }

 private:
  using Identity = std::pair<pid_t, std::uint64_t>;  // pid and start

  std::vector<ProcessEntry> find();
  void signal(const ProcessEntry& member, int signal);
  void note(const ProcessEntry& member);
  bool reap() const;

  const pid_t leader_;
  const std::string cookie_;
  const std::uint64_t oldest_;  // start that a member can have, in ticks since boot
  bool is_leader_reaped_ = false;
  std::shared_ptr<const Processes> seen_;  // by the last find()
  bool is_unsure_ = false;                 // then, somebody had no environment just then
  bool is_gone_ = false;                   // then, none was left
  std::set<Identity> told_;
  std::set<pid_t> groups_;  // of members: what is ending has a group when its environment is gone
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_FAMILY_H
