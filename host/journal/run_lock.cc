#include "host/journal/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>

namespace ganger::host {

namespace {

// A lock that belongs to the open file and not to the process, so that closing another descriptor of the same file
// does not lose it; and one can ask who has it without taking it, which flock() cannot.
int lock(int fd, int command, struct flock& lock) {
  lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return fcntl(fd, command, &lock);
}

// Descriptors + 1 that no fork may keep, in places that a forked child can read without a lock; 0 = free.
constexpr std::size_t kMostLocks = 16;
std::array<std::atomic<int>, kMostLocks> not_for_forks;

void close_all() noexcept {
  for (auto& place : not_for_forks)
    if (const int fd = place.exchange(0) - 1; fd >= 0) close(fd);
}

}  // namespace

void close_in_forks(int fd) {
  static const int registered = pthread_atfork(nullptr, nullptr, &close_all);
  static_cast<void>(registered);
  for (auto& place : not_for_forks)
    if (int free = 0; place.compare_exchange_strong(free, fd + 1)) return;
}

Result<RunLock> RunLock::take(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int why = errno;
  if (fd >= 0) {
    RunLock taken(file, fd);
    close_in_forks(fd);
    struct flock unused;
    struct stat status {};
    if (lock(fd, F_OFD_SETLK, unused) == 0 && fstat(fd, &status) == 0) {
      if (status.st_nlink > 0) return taken;
      errno = EAGAIN;  // its owner has just ended, and has removed the file
    }
    why = errno;
  }
  if (why == EAGAIN) return failure(ErrorKind::refused, "a process is still at this run");
  return failure(ErrorKind::cannot_create,
                 fmt::format("cannot create {}: {}; see --state-dir", file.string(), std::strerror(why)));
}

bool RunLock::is_held(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock found;
  const bool is_held = lock(fd, F_OFD_GETLK, found) == 0 && found.l_type != F_UNLCK;
  close(fd);
  return is_held;
}

RunLock::~RunLock() {
  if (fd_ < 0) return;
  for (auto& place : not_for_forks)
    if (int ours = fd_ + 1; place.compare_exchange_strong(ours, 0)) break;
  close(fd_);
}

}  // namespace ganger::host
