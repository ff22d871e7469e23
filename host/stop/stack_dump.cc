#include "host/stop/stack_dump.h"

#include <dirent.h>
#include <execinfo.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace ganger::host {

namespace {

// Shared with the handler: one dump at a time.
int dump_fd = 2;
sem_t dumped;

// backtrace() allocates only at its first call, which dump_stacks() makes.
extern "C" void dump_this_thread(int) {
  const int before = errno;
  void* frames[64];
  const int n = backtrace(frames, 64);
  backtrace_symbols_fd(frames, n, dump_fd);
  sem_post(&dumped);
  errno = before;
}

std::vector<pid_t> threads() {
  std::vector<pid_t> all;
  DIR* dir = opendir("/proc/self/task");
  if (dir == nullptr) return all;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] != '.') all.push_back(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)));
  closedir(dir);
  return all;
}

}  // namespace

void dump_stacks(int fd) {
  void* frame[1];
  backtrace(frame, 1);
  dump_fd = fd;
  sem_init(&dumped, 0, 0);
  const int signal = SIGRTMIN;
  struct sigaction action {};
  action.sa_handler = dump_this_thread;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
  for (const pid_t thread : threads()) {
    const std::string head = "thread " + std::to_string(thread) + "\n";
    if (write(fd, head.data(), head.size()) < 0) return;
    if (syscall(SYS_tgkill, getpid(), thread, signal) != 0) continue;
    timespec until{};
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 200'000'000;
    if (until.tv_nsec >= 1'000'000'000) {
      until.tv_nsec -= 1'000'000'000;
      ++until.tv_sec;
    }
    while (sem_timedwait(&dumped, &until) != 0 && errno == EINTR) {
    }
  }
}

}  // namespace ganger::host
