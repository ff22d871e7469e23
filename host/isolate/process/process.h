// Child processes: started by one thread that stays, watched by descriptor, ended with all they have started.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/descriptor.h"
#include "host/error.h"
#include "host/stop/clock.h"

namespace ganger::host {

struct Ended;

/// How a process ended.
struct ProcessEnd {
  bool was_signalled = false;
  int code = 0;  ///< exit code, or the signal
};

/// What to start. Nothing is inherited but what is named here.
struct Command {
  std::filesystem::path file;                      ///< absolute
  std::vector<std::string> arguments;              ///< argv, with argv[0]
  std::vector<std::string> environment{};          ///< NAME=VALUE; all of it
  std::vector<std::pair<int, int>> descriptors{};  ///< {ours, the child's number}; 0, 1, 2 are /dev/null unless given
};

/// Two ends that are connected: ours, which never blocks, and the child's. Both close in programs that are started.
struct ConnectedEnds {
  Descriptor ours, theirs;
};
/// Errors: io, no descriptor is left
Result<ConnectedEnds> open_pipe();  ///< for us to read
Result<ConnectedEnds> open_socket_pair();

/// That of this process, as NAME=VALUE, with `temporary` as the folder for temporary files. A child marks itself.
std::vector<std::string> child_environment(const std::filesystem::path& temporary = {});

/// A running child in a process group of its own. Whoever has it reaps it; destroying it kills and reaps.
/// Thread: one at a time; signal_group() and kill_tree() from any, while it is not moved from.
class Process {
 public:
  Process() = default;
  /// Takes over a child of this process that nobody has reaped.
  Process(pid_t pid, Descriptor pidfd);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  /// Readable once it has ended.
  int pidfd() const { return pidfd_.get(); }
  bool is_running() const { return pid_ > 0; }

  /// Sends the signal to its whole group.
  void signal_group(int signal) const;
  /// SIGKILL for its group and for everything that descends from it, also what has a session of its own. What
  /// outlives its own parent descends from it only if it adopts (adopt_orphans()).
  void kill_tree() const;
  /// Reaps it, after SIGKILL for what is left of its group; waits until `until`. Nothing when it has not ended by
  /// then.
  std::optional<ProcessEnd> wait(TimePoint until);

 private:
  std::atomic<pid_t> pid_ = -1;
  Descriptor pidfd_;
};

/// Starts processes, all from one thread of its own that lives as long as the Spawner does: the kernel ends a child
/// with the thread that has started it (PR_SET_PDEATHSIG), which must therefore be none that may end earlier. Thread:
/// start() from any.
class Spawner {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// Returns when the file has been executed.
  /// Errors: io, with what was missing (descriptors, memory, processes): worth another try later
  Result<Process> start(const Command& command);

 private:
  struct Order;
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Order*> orders_;  // guarded by mutex_
  bool is_closed_ = false;      // guarded by mutex_
  std::thread thread_;
};

/// The children that this process has now, whoever made them, but for helpers (host/isolate/process/process_tree.h).
std::set<pid_t> own_children();

/// Sends the signal to everything that descends from this process.
void signal_descendants(int signal);

/// Makes this process the parent of orphans among its descendants, so that none escapes end_orphans().
void adopt_orphans();
/// Kills and reaps every child of this process that is no Process, no helper and that `is_known` does not know, with
/// all that descends from them; within a second. What a task of this process has started itself looks like an orphan
/// too: to be called while there is no such task, or with an `is_known` that can tell.
Ended end_orphans(const std::function<bool(pid_t)>& is_known);

}  // namespace ganger::host
