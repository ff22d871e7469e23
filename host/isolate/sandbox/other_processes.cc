#include "host/isolate/sandbox/other_processes.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ganger::host {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter skip_unless_equal(std::uint32_t value, std::uint8_t instructions) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, instructions);
}
constexpr sock_filter skip_if_equal(std::uint32_t value, std::uint8_t instructions) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, instructions, 0);
}
constexpr sock_filter answer(std::uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }

/// Where the low half of an argument is: numbers of processes are int.
constexpr std::size_t argument(std::size_t n) { return offsetof(seccomp_data, args) + n * sizeof(std::uint64_t); }

/// libseccomp could say this too, but is loaded for tasks without network only (host/late_library.h).
constexpr std::array kFilter{
    load(offsetof(seccomp_data, arch)),
    skip_if_equal(kArchitecture, 1),
    answer(SECCOMP_RET_ALLOW),
    load(offsetof(seccomp_data, nr)),
    // prlimit64(PID, ...)
    skip_unless_equal(SYS_prlimit64, 4),
    load(argument(0)),
    skip_unless_equal(0, 1),
    answer(SECCOMP_RET_ALLOW),
    answer(SECCOMP_RET_ERRNO | EPERM),
    // setpriority(WHICH, WHO, ...), ioprio_set(WHICH, WHO, ...)
    skip_if_equal(SYS_setpriority, 2),
    skip_if_equal(SYS_ioprio_set, 1),
    answer(SECCOMP_RET_ALLOW),
    load(argument(1)),
    skip_unless_equal(0, 1),
    answer(SECCOMP_RET_ALLOW),
    answer(SECCOMP_RET_ERRNO | EPERM),
};

}  // namespace

std::string missing_filter_of_calls() {
  if (kArchitecture == 0) return "not known for this processor";
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? std::string() : std::strerror(errno);
}

std::string give_up_other_processes() {
  if (std::string problem = missing_filter_of_calls(); !problem.empty()) return problem;
  auto filter = kFilter;
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return std::strerror(errno);
  return {};
}

}  // namespace ganger::host
