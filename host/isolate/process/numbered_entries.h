// The folders of /proc that are called by numbers, read in a way that a signal handler may, too.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ganger::host {

/// "1234" -> 1234; -1 where it is no number.
inline pid_t number_of_name(const char* name) {
  pid_t number = 0;
  if (*name == '\0') return -1;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9' || number > 100'000'000) return -1;
    number = number * 10 + (*name - '0');
  }
  return number;
}

/// Calls `use` with every number that an entry of the folder is called by; allocates nothing. False when the folder
/// cannot be read.
template <class Use>
bool for_each_number_in(const char* folder, const Use& use) {
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  alignas(dirent64) char bytes[4096];
  long n = 0;
  while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(bytes + at);
      at += entry->d_reclen;
      if (const pid_t number = number_of_name(entry->d_name); number >= 0) use(number);
    }
  }
  close(fd);
  return n == 0;
}

}  // namespace ganger::host
