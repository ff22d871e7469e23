#include "host/isolate/process.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "host/isolate/process_tree.h"

namespace ganger::host {

namespace {

using std::chrono::seconds;

/// The kernel cannot end a process that hangs in it, such as one that waits for a dead network folder.
constexpr seconds kDeathTakesAtMost{5};

/// Until `fd` is readable; false when it is `until`.
bool wait_readable(int fd, TimePoint until) {
  for (;;) {
    pollfd watched{fd, POLLIN, 0};
    timespec rest{};
    if (until != kNever) {
      const Duration left = std::max(Duration::zero(), Duration(until - std::chrono::steady_clock::now()));
      rest.tv_sec = std::chrono::duration_cast<seconds>(left).count();
      rest.tv_nsec = (left % seconds(1)).count();
    }
    const int n = ppoll(&watched, 1, until == kNever ? nullptr : &rest, nullptr);
    if (n > 0) return true;
    if (n == 0) return false;
    if (errno != EINTR) return false;
  }
}

/// Without waiting. Nothing while it runs. A child that somebody else has reaped counts as ended with an unknown exit
/// code.
std::optional<ProcessEnd> reap(pid_t pid) {
  siginfo_t info{};
  int answer = 0;
  do answer = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
  while (answer != 0 && errno == EINTR);
  if (answer != 0) return ProcessEnd{.was_signalled = false, .code = -1};
  if (info.si_pid == 0) return std::nullopt;
  return ProcessEnd{.was_signalled = info.si_code != CLD_EXITED, .code = info.si_status};
}

}  // namespace

Process::Process(pid_t pid, Descriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {
  WatchedChildren::instance().add(pid);
}

Process::Process(Process&& other) noexcept : pid_(other.pid_.exchange(-1)), pidfd_(std::move(other.pidfd_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Process old(std::move(*this));
    pid_ = other.pid_.exchange(-1);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Process::~Process() {
  if (!is_running()) return;
  kill_tree();
  wait(std::chrono::steady_clock::now() + kDeathTakesAtMost);
}

void Process::signal_group(int signal) const {
  const pid_t pid = pid_;
  if (pid <= 0) return;
  WatchedChildren::instance().with(pid, [&] {
    kill(-pid, signal);
    return WatchedChildren::Reaped::no;
  });
}

std::size_t Process::kill_tree() const {
  const pid_t pid = pid_;
  std::size_t others = 0;
  if (pid <= 0) return others;
  WatchedChildren::instance().with(pid, [&] {
    others = kill_with_descendants(pid);
    return WatchedChildren::Reaped::no;
  });
  return others;
}

std::optional<ProcessEnd> Process::wait(TimePoint until) {
  const pid_t pid = pid_;
  if (pid <= 0 || !wait_readable(pidfd_.get(), until)) return std::nullopt;
  std::optional<ProcessEnd> end;
  WatchedChildren::instance().with(pid, [&] {
    // The last moment at which the number of the group is surely its own.
    kill(-pid, SIGKILL);
    end = reap(pid);
    return end ? WatchedChildren::Reaped::yes : WatchedChildren::Reaped::no;
  });
  if (end) {
    pid_ = -1;
    pidfd_.reset();
  }
  return end;
}

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

namespace {

/// All orphans together may take so long to end.
constexpr Duration kOrphansTakeAtMost = std::chrono::milliseconds(500);

/// Ends and reaps one; true when it was still running and is no more.
bool end_orphan(const ProcessEntry& orphan, TimePoint until) {
  bool has_ended = orphan.has_ended;
  if (!has_ended) {
    const Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, orphan.pid, 0)));
    // One of another user (a command may have become root) is not ours to end.
    if (kill(orphan.pid, 0) != 0 && errno == EPERM) return false;
    kill_with_descendants(orphan.pid);
    has_ended = pidfd.is_open() && wait_readable(pidfd.get(), until);
  }
  if (has_ended) reap(orphan.pid);
  return has_ended && !orphan.has_ended;
}

}  // namespace

void signal_descendants(int signal) {
  const std::vector<ProcessEntry> all = all_processes();
  std::vector<pid_t> found{getpid()};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const ProcessEntry& entry : all)
      if (entry.parent == found[i]) {
        found.push_back(entry.pid);
        kill(entry.pid, signal);
      }
}

bool is_helper(pid_t child) {
  siginfo_t ended{};
  return waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

std::set<pid_t> own_children() {
  std::set<pid_t> all;
  siginfo_t ended{};
  // A look through /proc costs milliseconds where many processes are.
  if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD) return all;
  for (const ProcessEntry& entry : all_processes())
    if (entry.parent == getpid() && !is_helper(entry.pid)) all.insert(entry.pid);
  return all;
}

std::size_t end_orphans(const std::function<bool(pid_t)>& is_known) {
  if (own_children().empty()) return 0;
  WatchedChildren& watched = WatchedChildren::instance();
  const std::lock_guard lock(watched.starting);
  const pid_t self = getpid();
  const TimePoint until = std::chrono::steady_clock::now() + kOrphansTakeAtMost;
  std::set<pid_t> tried;
  std::size_t running = 0;
  // Those that an orphan has started itself, and that have escaped its end, are orphans in the next round. A few
  // rounds find them all, and what the kernel cannot end does not keep us.
  for (int round = 0; round < 8; ++round) {
    bool found = false;
    for (const ProcessEntry& entry : all_processes()) {
      if (entry.parent != self || watched.contains(entry.pid) || is_helper(entry.pid) || is_known(entry.pid))
        continue;
      if (!tried.insert(entry.pid).second) continue;
      found = true;
      running += end_orphan(entry, until) ? 1 : 0;
    }
    if (!found) break;
  }
  return running;
}

}  // namespace ganger::host
