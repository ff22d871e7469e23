// The child that describe.cc asks: opens one plugin and writes down what it says of itself.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>

#include "host/call/services.h"
#include "host/check/describe.h"
#include "host/check/process_state.h"
#include "host/isolate/sandbox/lock_down.h"
#include "host/plugin/description.h"
#include "host/plugin/description_json.h"
#include "host/plugin/library.h"
#include "host/report/exit_code.h"
#include "host/report/terminal.h"

namespace ganger::host {

namespace {

std::string describe_here(const std::filesystem::path& file) {
  const ProcessState before = ProcessState::now();
  const auto described = open_plugin(file, host_table());
  if (!described) return error_json(described.error());
  const auto plugin = read_description(*described, file);
  const auto changed = changes(before, ProcessState::now());
  if (!plugin) return error_json(plugin.error());
  if (!changed.empty()) return error_json(refusal(file, changed));
  return description_json(**plugin);
}

}  // namespace

int run_describe(int argc, const char* const* argv) {
  pid_t asker = 0;
  if (argc == 4) {
    const std::string_view text = argv[2];
    std::from_chars(text.data(), text.data() + text.size(), asker);
  }
  if (asker == 0 || asker != getppid() || fcntl(kAnswerFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("ganger: this is started by ganger itself\n", stderr);
    return kExitUsage;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != asker) _exit(0);  // it has gone meanwhile
  // What this kernel lacks is no matter here: nothing is to be run.
  LockDown rules;
  rules.sandbox.network = false;
  static_cast<void>(lock_down(rules));
  write_all(kAnswerFd, describe_here(argv[3]));
  // Its destructors may do what its constructors have not done.
  _exit(0);
}

}  // namespace ganger::host
