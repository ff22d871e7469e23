#include "host/report/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace ganger::host {

namespace {

// Out of the way of the small numbers that users pass to --events fd:N.
constexpr int kFirstPrivate = 100;

Streams& own_streams() {
  static Streams own;
  return own;
}

}  // namespace

void take_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    // open() takes the lowest free number, which is this one.
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return;
  const int answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstPrivate);
  const int log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kFirstPrivate);
  if (answer < 0 || log < 0) return;  // no descriptor to spare: as they are, then
  own_streams() = {answer, log};
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

const Streams& streams() { return own_streams(); }

}  // namespace ganger::host
