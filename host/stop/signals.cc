#include "host/stop/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ganger::host {

namespace {

constexpr int kBySignal = -1;

volatile std::sig_atomic_t exit_code_on_interrupt = kBySignal;

extern "C" void leave(int signal) {
  _exit(exit_code_on_interrupt == kBySignal ? 128 + signal : exit_code_on_interrupt);
}

/// nohup: whoever started us wants that the end of the terminal is not ours. Of SIGINT nobody means that: a shell
/// without job control ignores it for all that it starts in the background, and `kill -INT` should stop a run there
/// too.
bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// A signal that is ignored must not be among them: a blocked one comes all the same.
sigset_t signals_of_a_run() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGUSR1, SIGQUIT}) sigaddset(&set, s);
  for (const int s : {SIGHUP, SIGTSTP})
    if (!is_ignored(s)) sigaddset(&set, s);
  return set;
}

}  // namespace

void leave_on_interrupt(std::optional<int> exit_code) {
  exit_code_on_interrupt = exit_code.value_or(kBySignal);
  struct sigaction action {};
  action.sa_handler = leave;
  for (const int s : {SIGINT, SIGTERM}) sigaction(s, &action, nullptr);
  if (!is_ignored(SIGHUP)) sigaction(SIGHUP, &action, nullptr);
  ignore_write_signals();
}

void ignore_write_signals() {
  for (const int s : {SIGPIPE, SIGXFSZ}) std::signal(s, SIG_IGN);
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

void Signals::suspend() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  raise(SIGTSTP);  // comes back when the process is continued
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
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
