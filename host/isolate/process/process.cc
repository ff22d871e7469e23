#include "host/isolate/process/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>

#include "host/isolate/process/process_tree.h"

namespace ganger::host {

namespace {

using std::chrono::seconds;

/// The kernel cannot end a process that hangs in it, such as one that waits for a dead network folder.
constexpr seconds kDeathTakesAtMost{5};
/// All orphans together may take so long to end.
constexpr seconds kOrphansTakeAtMost{1};

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

Result<ConnectedEnds> ends_of(int made, const std::array<int, 2>& fds) {
  if (made != 0) return failure(ErrorKind::io, fmt::format("no descriptor for it: {}", std::strerror(errno)));
  ConnectedEnds ends{Descriptor(fds[0]), Descriptor(fds[1])};
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return ends;
}

}  // namespace

Result<ConnectedEnds> open_pipe() {
  std::array<int, 2> fds{-1, -1};
  return ends_of(pipe2(fds.data(), O_CLOEXEC), fds);
}

Result<ConnectedEnds> open_socket_pair() {
  std::array<int, 2> fds{-1, -1};
  return ends_of(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), fds);
}

std::vector<std::string> child_environment(const std::filesystem::path& temporary) {
  std::vector<std::string> all;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("GANGER_CHILD=") || (!temporary.empty() && text.starts_with("TMPDIR="))) continue;
    all.emplace_back(text);
  }
  if (!temporary.empty()) all.push_back("TMPDIR=" + temporary.string());
  return all;
}

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

void Process::kill_tree() const {
  const pid_t pid = pid_;
  if (pid <= 0) return;
  WatchedChildren::instance().with(pid, [&] {
    kill_with_descendants(pid);
    return WatchedChildren::Reaped::no;
  });
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

void signal_descendants(int signal) {
  PidList all;
  add_children(getpid(), all);
  add_descendants(all);
  for (const pid_t pid : all) kill(pid, signal);
}

std::set<pid_t> own_children() {
  PidList all;
  add_children(getpid(), all);
  all.keep_if([](pid_t pid) { return !is_helper(pid); });
  return {all.begin(), all.end()};
}

Ended end_orphans(const std::function<bool(pid_t)>& is_known) {
  WatchedChildren& watched = WatchedChildren::instance();
  const std::lock_guard lock(watched.starting);
  return end_children([&](pid_t pid) { return !watched.contains(pid) && !is_known(pid); },
                      std::chrono::steady_clock::now() + kOrphansTakeAtMost);
}

}  // namespace ganger::host
