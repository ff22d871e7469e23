// Started by the tests of lock_down(): locks itself down as its arguments say, then tries things.
//   lock_down_subject [writable=DIR] [read=PATH]... [write=PATH]... [memory=BYTES] [no-network] -- [TRY ARGUMENT]...
// Says what lock_down() has answered, one line each after "missing: " or "ungranted: ", then "TRY ARGUMENT: ok" or
// the error's text.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "host/isolate/sandbox/lock_down.h"

namespace {

ganger::host::LockDown rules;

void obey(const std::string& argument) {
  const std::size_t at = argument.find('=');
  const std::string name = argument.substr(0, at);
  const std::string value = at == std::string::npos ? "" : argument.substr(at + 1);
  if (name == "writable") rules.writable = value;
  if (name == "write") rules.sandbox.write.emplace_back(value);
  if (name == "memory") rules.sandbox.memory_bytes = std::strtoull(value.c_str(), nullptr, 10);
  if (name == "no-network") rules.sandbox.network = false;
  if (name != "read") return;
  rules.sandbox.reads_all = false;
  if (!value.empty()) rules.sandbox.read.emplace_back(value);
}

bool opens(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool makes_socket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool maps(const std::string& bytes) {
  return mmap(nullptr, std::strtoull(bytes.c_str(), nullptr, 10), PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

/// A limit that is not as low as it should be is EDOM.
bool is_at_most(__rlimit_resource resource, rlim_t most) {
  rlimit now{};
  getrlimit(resource, &now);
  errno = EDOM;
  return now.rlim_max <= most;
}

/// The number of the process that has started this one, or of one that this one has started.
pid_t process(const std::string& which) {
  if (which == "parent") return getppid();
  const pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  return child;
}

bool has_changed_limit(pid_t pid) {
  rlimit now{};
  return getrlimit(RLIMIT_CORE, &now) == 0 && prlimit(pid, RLIMIT_CORE, &now, nullptr) == 0;
}

bool has_made_nicer(int which, id_t who) { return setpriority(which, who, 19) == 0; }

bool attempt(std::string_view how, const std::string& what) {
  if (how == "read") return opens(what, O_RDONLY);
  if (how == "write") return opens(what, O_WRONLY);
  if (how == "create") return opens(what, O_WRONLY | O_CREAT | O_EXCL);
  if (how == "truncate") return truncate(what.c_str(), 0) == 0;
  if (how == "mkdir") return mkdir(what.c_str(), 0700) == 0;
  if (how == "remove") return unlink(what.c_str()) == 0;
  if (how == "run") return std::system((what + " > /dev/null 2>&1").c_str()) == 0;
  if (how == "move") return rename((what + "/a/file").c_str(), (what + "/b/file").c_str()) == 0;
  if (how == "socket") return makes_socket(what == "unix" ? AF_UNIX : what == "inet6" ? AF_INET6 : AF_INET);
  if (how == "ring") return syscall(SYS_io_uring_setup, 4, nullptr) >= 0;
  if (how == "map") return maps(what);
  if (how == "cores") return is_at_most(RLIMIT_CORE, 0);
  if (how == "descriptors") return is_at_most(RLIMIT_NOFILE, 4096);
  if (how == "no-new-privileges") return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  if (how == "signal") return kill(process(what), 0) == 0;
  if (how == "end") return kill(process(what), SIGKILL) == 0;
  if (how == "limit") return has_changed_limit(what == "self" ? 0 : process(what));
  if (how == "nice") return has_made_nicer(PRIO_PROCESS, what == "self" ? 0 : static_cast<id_t>(process(what)));
  errno = EINVAL;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  int i = 1;
  for (; i < argc && std::string_view(argv[i]) != "--"; ++i) obey(argv[i]);
  const ganger::host::LockDownGaps gaps = ganger::host::lock_down(rules);
  for (const std::string& line : gaps.missing) std::printf("missing: %s\n", line.c_str());
  for (const std::string& line : gaps.ungranted) std::printf("ungranted: %s\n", line.c_str());
  for (++i; i + 1 < argc; i += 2) {
    errno = 0;
    const bool is_ok = attempt(argv[i], argv[i + 1]);
    std::printf("%s %s: %s\n", argv[i], argv[i + 1], is_ok ? "ok" : errno == 0 ? "failed" : std::strerror(errno));
  }
}
