#include "host/isolate/new_children.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "host/isolate/numbered_entries.h"
#include "host/isolate/process.h"

namespace ganger::host {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kTakesAtMostNs = kNsPerSecond / 2;
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

/// "/proc/PID/stat" into `path`.
void set_path(char (&path)[32], pid_t pid) {
  char digits[12];
  std::size_t n = 0;
  do digits[n++] = static_cast<char>('0' + pid % 10);
  while ((pid /= 10) > 0);
  char* to = path;
  const auto add = [&to](const char* text) {
    while (*text != '\0') *to++ = *text++;
  };
  add("/proc/");
  while (n > 0) *to++ = digits[--n];
  add("/stat");
  *to = '\0';
}

/// Out of "PID (NAME) STATE PPID ..."; -1 when there is none any more.
pid_t parent_of(pid_t pid) {
  char path[32];
  set_path(path, pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char text[256];
  ssize_t n = 0;
  do n = read(fd, text, sizeof text - 1);
  while (n < 0 && errno == EINTR);
  close(fd);
  if (n <= 0) return -1;
  text[n] = '\0';
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || std::strlen(at) < 5) return -1;
  pid_t parent = 0;
  for (at += 4; *at >= '0' && *at <= '9'; ++at) parent = parent * 10 + (*at - '0');
  return parent;
}

}  // namespace

NewChildren::NewChildren() : known_(own_children()) {}

void NewChildren::end() const noexcept {
  const pid_t self = getpid();
  const std::int64_t until = now_ns() + kTakesAtMostNs;
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD) return;
    bool is_one_left = false;
    for_each_number_in("/proc", [&](pid_t pid) {
      if (known_.contains(pid) || parent_of(pid) != self) return;
      is_one_left = true;
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, WNOHANG);
    });
    if (!is_one_left || now_ns() >= until) return;
    nanosleep(&kPause, nullptr);
  }
}

}  // namespace ganger::host
