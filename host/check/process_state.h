// What all code of a process shares, to see whether somebody has changed it.
#pragma once
#include <signal.h>
#include <sys/types.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/error.h"

namespace ganger::host {

/// Those of setitimer() and alarm() that run, by -1 - ITIMER_..., and those of timer_create(), by their numbers.
std::set<int> armed_timers();

/// Thread: the others that there are leave alone what is looked at
struct ProcessState {
  std::set<pid_t> threads;
  std::set<pid_t> children;
  dev_t folder_device = 0;
  ino_t folder = 0;
  mode_t umask = 0;
  std::array<const void*, NSIG> handlers{};  ///< by number: SIG_DFL, SIG_IGN or the address of a function
  sigset_t blocked{};
  std::string locale;
  std::set<int> timers;  ///< armed_timers()

  static ProcessState now();
};

/// "started a thread", "changed the umask": what is different in `after`.
std::vector<std::string> changes(const ProcessState& before, const ProcessState& after);

/// Ends the timers that were not there before: they would go off when nobody knows of them any more.
void end_new_timers(const ProcessState& before);

/// Why a plugin whose code has done that while it was opened is none.
Error refusal(const std::filesystem::path& file, const std::vector<std::string>& changed);

}  // namespace ganger::host
