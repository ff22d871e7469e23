#include "spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace ganger::exec {

namespace {

// The child has the memory of this process until its program begins (CLONE_VM), while the thread that starts it waits
// (CLONE_VFORK). So it calls the kernel and nothing else: what a sanitizer or libc would note of these calls, it
// would note of this process.
#define GANGER_EXEC_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

/// More than a few frames of system calls need, and nothing to a thread that reads in blocks of 64 KiB.
constexpr std::size_t kStackBytes = std::size_t{32} * 1024;
constexpr int kLastSignal = 64;
constexpr std::size_t kMaskBytes = kLastSignal / 8;
constexpr int kNotStarted = 127;

/// What the kernel takes for sigaction(2); all zero: SIG_DFL.
struct KernelAction {
  std::uintptr_t handler;
  std::array<std::uintptr_t, 7> rest;  // as much as any machine has
};
constexpr KernelAction kDefault{};

struct Child {
  const Program* program;
  int failed;
};

/// Handlers are code of this process, which a signal must not run in the child.
GANGER_EXEC_IN_CHILD void reset_signals() {
  KernelAction hangup{};
  syscall(SYS_rt_sigaction, SIGHUP, nullptr, &hangup, kMaskBytes);
  const bool is_nohup = hangup.handler == reinterpret_cast<std::uintptr_t>(SIG_IGN);
  for (int signal = 1; signal <= kLastSignal; ++signal)
    if (signal != SIGHUP || !is_nohup) syscall(SYS_rt_sigaction, signal, &kDefault, nullptr, kMaskBytes);
}

GANGER_EXEC_IN_CHILD bool close_others() {
  constexpr unsigned first = STDERR_FILENO + 1;
  if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return true;
  rlimit most{};  // Linux before 5.9
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &most) != 0) return false;
  for (rlim_t fd = first; fd < most.rlim_cur; ++fd) syscall(SYS_close, fd);
  return true;
}

GANGER_EXEC_IN_CHILD bool set_streams(const Program& program) {
  int in = program.in;
  if (in < 0) in = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0));
  if (in < 0) return false;
  // It is there already when this process has no stdin.
  if (in != STDIN_FILENO && syscall(SYS_dup3, in, STDIN_FILENO, 0) < 0) return false;
  return syscall(SYS_dup3, program.out, STDOUT_FILENO, 0) >= 0 &&
         syscall(SYS_dup3, program.err, STDERR_FILENO, 0) >= 0 && close_others();
}

/// Does not return when it goes well.
GANGER_EXEC_IN_CHILD void run_first_found(const char* const* place, const char* const* end, char* const* words,
                                          char* const* environment) {
  bool is_forbidden = false;
  for (; place != end; ++place) {
    syscall(SYS_execve, *place, words, environment);
    const int why = errno;
    if (why == EACCES)
      is_forbidden = true;
    else if (why != ENOENT && why != ENOTDIR && why != ESTALE && why != ENODEV && why != ETIMEDOUT)
      return;
  }
  if (is_forbidden) errno = EACCES;
}

GANGER_EXEC_IN_CHILD int begin(void* of) {
  Child& child = *static_cast<Child*>(of);
  const Program& program = *child.program;
  const std::uint64_t none = 0;
  reset_signals();
  if (syscall(SYS_setpgid, 0, 0) == 0 && set_streams(program) &&
      (program.cwd == nullptr || syscall(SYS_chdir, program.cwd) == 0) &&
      syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kMaskBytes) == 0)
    run_first_found(program.places.data(), program.places.data() + program.places.size(), program.words.data(),
                    program.environment.data());
  child.failed = errno;
  return kNotStarted;
}

}  // namespace

Spawned spawn(const Program& program, pid_t* pid_place) {
  alignas(std::max_align_t) std::array<std::byte, kStackBytes> stack;  // not cleared: only the child uses it
  Child child{&program, 0};
  int pidfd = -1;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | (pid_place != nullptr ? CLONE_CHILD_SETTID : 0);
  const pid_t pid = clone_process(begin, stack.data() + stack.size(), flags, &child, &pidfd, nullptr, pid_place);
  const int no_child = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {-1, Descriptor(), no_child};
  Descriptor watch(pidfd);
  if (child.failed == 0) return {pid, std::move(watch), 0};
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, Descriptor(), child.failed};
}

}  // namespace ganger::exec
