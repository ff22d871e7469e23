#include "host/isolate/network.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace ganger::host {

std::vector<std::string> missing_network_lock() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return {};
  return {std::string("system calls cannot be filtered here (") + std::strerror(errno) +
          "); tasks with network = false have the network all the same"};
}

int give_up_network() {
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (!filter) return ENOMEM;
  const std::uint32_t refused = SCMP_ACT_ERRNO(EACCES);
  int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  const scmp_arg_cmp is_not_local{.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX, .datum_b = 0};
  if (error == 0) error = seccomp_rule_add_array(filter.get(), refused, SCMP_SYS(socket), 1, &is_not_local);
  // What it does for a process the filter does not see.
  if (error == 0) error = seccomp_rule_add(filter.get(), refused, SCMP_SYS(io_uring_setup), 0);
  if (error == 0) error = seccomp_load(filter.get());
  return -error;
}

}  // namespace ganger::host
