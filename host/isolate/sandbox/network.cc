#include "host/isolate/sandbox/network.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "host/late_library.h"

namespace ganger::host {

namespace {

/// What of libseccomp is called; seccomp_init() is `init` and so on.
struct Seccomp {
  decltype(&seccomp_init) init;
  decltype(&seccomp_release) release;
  decltype(&seccomp_attr_set) attr_set;
  decltype(&seccomp_rule_add_array) rule_add_array;
  decltype(&seccomp_load) load;
  std::string problem;  ///< empty = they are there
};

const Seccomp& seccomp() {
  static const Seccomp loaded = [] {
    Seccomp s{};
    LateLibrary library("libseccomp.so.2");
    library.find(s.init, "seccomp_init");
    library.find(s.release, "seccomp_release");
    library.find(s.attr_set, "seccomp_attr_set");
    library.find(s.rule_add_array, "seccomp_rule_add_array");
    library.find(s.load, "seccomp_load");
    if (!library.problem().empty()) s.problem = "libseccomp cannot be loaded: " + library.problem();
    return s;
  }();
  return loaded;
}

}  // namespace

std::vector<std::string> missing_network_lock() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  const std::string problem =
      syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? seccomp().problem : std::strerror(errno);
  if (problem.empty()) return {};
  return {"system calls cannot be filtered here (" + problem +
          "); tasks with network = false have the network all the same"};
}

std::string give_up_network() {
  const Seccomp& library = seccomp();
  if (!library.problem.empty()) return library.problem;
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(library.init(SCMP_ACT_ALLOW), library.release);
  if (!filter) return std::strerror(ENOMEM);
  const std::uint32_t refused = SCMP_ACT_ERRNO(EACCES);
  int error = library.attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  const scmp_arg_cmp is_not_local{.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX, .datum_b = 0};
  if (error == 0) error = library.rule_add_array(filter.get(), refused, SCMP_SYS(socket), 1, &is_not_local);
  // What it does for a process the filter does not see.
  if (error == 0) error = library.rule_add_array(filter.get(), refused, SCMP_SYS(io_uring_setup), 0, nullptr);
  if (error == 0) error = library.load(filter.get());
  return error == 0 ? std::string() : std::strerror(-error);
}

}  // namespace ganger::host
