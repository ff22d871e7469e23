#include "host/isolate/process/guardian.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "host/isolate/process/process_tree.h"

namespace ganger::host {

namespace {

/// How often the host is looked at where the kernel gives no descriptor for it.
constexpr int kLookEveryMs = 100;

/// Runs in a copy of a process with threads: it allocates nothing, and returns to nobody.
[[noreturn]] void guard(pid_t host, const std::string& mark) {
  // Who stops the host and all that descends from it, and then kills it, has stopped this process too.
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  prctl(PR_SET_NAME, "ganger-guardian");
  setsid();
  syscall(SYS_close_range, 0U, ~0U, 0U);
  [[maybe_unused]] const int moved = chdir("/");
  pollfd watched{static_cast<int>(syscall(SYS_pidfd_open, host, 0)), POLLIN, 0};
  // The host may have ended before there was a descriptor for it.
  while (getppid() == host) poll(&watched, 1, watched.fd >= 0 ? -1 : kLookEveryMs);
  end_marked(mark);
  leave_forked();
}

}  // namespace

Guardian::Guardian(const std::string& mark) {
  const pid_t host = getpid();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // fork(), but without a signal for its end, and without what other code wants done at a fork.
  pid_ = static_cast<pid_t>(syscall(SYS_clone, 0UL, nullptr, nullptr, nullptr, 0UL));
  if (pid_ == 0) guard(host, mark);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Guardian::~Guardian() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace ganger::host
