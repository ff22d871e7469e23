#include "host/stop/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ganger::host {

namespace {

volatile std::sig_atomic_t exit_code_on_interrupt = 2;

extern "C" void leave(int) { _exit(exit_code_on_interrupt); }

sigset_t signals_of_a_run() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGQUIT}) sigaddset(&set, s);
  return set;
}

}  // namespace

void leave_on_interrupt(int exit_code) {
  exit_code_on_interrupt = exit_code;
  struct sigaction action {};
  action.sa_handler = leave;
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) {
    // Whoever started us with one of them ignored (nohup) wants it so.
    struct sigaction before {};
    if (sigaction(s, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaction(s, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Signals() {
  const sigset_t set = signals_of_a_run();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  // Without a descriptor nobody could read them: better to be ended by one than to be deaf.
  if (fd_ < 0) pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
  const sigset_t set = signals_of_a_run();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> Signals::next() {
  signalfd_siginfo info{};
  ssize_t n = 0;
  do n = read(fd_, &info, sizeof info);
  while (n < 0 && errno == EINTR);
  if (n != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace ganger::host
