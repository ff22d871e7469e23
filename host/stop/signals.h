// Signals of this process: one thread reads them, nobody is interrupted by them.
#pragma once
#include <optional>
#include <vector>

namespace ganger::host {

/// From now on an interrupt (SIGINT, SIGTERM, SIGHUP) ends the process at once with that code, or with 128 + signal,
/// and write signals are ignored. For the times before and after a run, when nothing needs an orderly end. A SIGHUP
/// that was ignored (nohup) stays so, here and in Signals.
void leave_on_interrupt(std::optional<int> exit_code);

/// A pipe that nobody reads any more (SIGPIPE) and a file that is as long as it may be (SIGXFSZ, ulimit -f) are
/// errors of the call that writes, and end no process. Whoever starts a program gives it back what these signals do.
void ignore_write_signals();

/// While it lives, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGQUIT and SIGTSTP (Ctrl-Z) are read from a descriptor. Threads
/// started meanwhile have them blocked, so it is made before the first one.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable when there is a signal; -1 when the kernel gave none.
  int fd() const { return fd_; }
  /// The next one that has come, without waiting.
  std::optional<int> next();
  /// Does what SIGTSTP would have done: this process stops until somebody continues it. Not at all where nobody
  /// could.
  static void suspend();

 private:
  int fd_ = -1;
};

}  // namespace ganger::host
