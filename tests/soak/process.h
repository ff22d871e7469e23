// The program under test as a process, and whoever descends from it.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace soak {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A promise did not hold.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Use {
  long rss_kb = 0;
  long fds = 0;
};

/// How a process ended.
struct End {
  int code = -1;   ///< exit code; -1 = a signal ended it
  int signal = 0;  ///< that one
};

/// One that runs, with its stderr in a file. Its destructor kills it.
class Host {
 public:
  Host(const std::vector<std::string>& command, std::filesystem::path said);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  pid_t pid() const { return pid_; }
  std::optional<End> poll() const;
  /// Broken when it takes longer.
  End wait(Clock::duration at_most) const;
  /// Returns when it is dead. It may have ended by itself before.
  End kill() const;
  /// The same of it and all its children at once, as the kernel's OOM killer does with a group: neither can look
  /// after what the other one leaves.
  End kill_with_workers() const;
  /// Nothing when it has ended.
  std::optional<Use> use() const;
  int threads() const;
  /// What it wrote to stderr so far.
  std::string said() const;

 private:
  pid_t pid_ = -1;
  std::filesystem::path said_;
};

struct Descendant {
  pid_t pid = -1, parent = -1;
  bool is_worker = false;       ///< a child process for isolated tasks
  bool may_outlive_it = false;  ///< a command of a task that ran inside the host, or started by one
  std::string command{};
};

/// The name of the variable that says that a process may outlive a killed host.
inline constexpr const char* kMayOutlive = "SOAK_MAY_OUTLIVE";

/// Has orphans of the processes below become our children.
void adopt_orphans();
/// All that live below this process, but `except`.
std::vector<Descendant> descendants(pid_t except = -1);
/// Waits until no descendant is left. Broken when one is alive after `at_most`; those that may outlive a host get
/// 10 s.
void expect_none_left(Clock::duration at_most);

std::string read_all(const std::filesystem::path& file);
void write_all(const std::filesystem::path& file, const std::string& text);

}  // namespace soak
