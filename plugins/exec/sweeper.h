// A process that ends the commands of this one, and all that they have started, when this one can no longer do it.
#ifndef GANGER_EXEC_SWEEPER_H
#define GANGER_EXEC_SWEEPER_H

#include <sys/types.h>

#include <string>
#include <vector>

namespace ganger::exec {

/// Says to the sweeper that a command runs. Thread: one.
class Watched {
 public:
  Watched();
  ~Watched();
  Watched(Watched&& other) noexcept;
  Watched& operator=(Watched&& other) noexcept;

  /// Where the command's number goes before its program begins; null when there are too many commands.
  pid_t* pid() { return pid_; }
  /// It has begun.
  void started(pid_t pid);
  /// Its number says nothing any more; that of its group does, while something of it is left.
  void reaped();

 private:
  pid_t* pid_ = nullptr;
};

/// The groups of all commands of this process that are watched now, sorted.
std::vector<pid_t> watched_groups();

/// Sees to it that there is a sweeper, for which all cookies begin alike. It is started once in a process, at the
/// first command, so that a command costs nothing more. It waits until this process has ended, by SIGKILL for
/// example, and then kills what is left: the commands, their groups, their descendants, and whatever has such a
/// cookie in its environment. In a child process of ganger, which looks after its descendants itself, there is none.
///
/// It is a child of this process that was made by clone(2) without a signal for its end: an ordinary wait does not
/// see it, and the host does not take it for something that a task has left behind. Shape: cookie  what all cookies
/// of this process begin with; at most 100 bytes
void start_sweeper(const std::string& cookie);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_SWEEPER_H
