#include "host/cli/named_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "host/journal/journal_file.h"
#include "host/journal/run_lock.h"

namespace ganger::host {

namespace fs = std::filesystem;

Result<bool> take_lock(const fs::path& state, const std::string& name, OnBusy on_busy) {
  const fs::path file = state / "locks" / (name + ".lock");
  const auto cannot = [&](int error) {
    return failure(ErrorKind::cannot_create,
                   fmt::format("cannot take the lock {}: {}", file.string(), std::strerror(error)));
  };
  for (const fs::path& folder : {state, file.parent_path()})
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(std::move(made).error());
  // Never closed, so that only the end of the process lets go of it; no child has it. The file stays: to remove it
  // would let two processes hold locks of one name on two files.
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return cannot(errno);
  close_in_forks(fd);
  while (flock(fd, on_busy == OnBusy::wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return cannot(errno);
  }
  return true;
}

}  // namespace ganger::host
