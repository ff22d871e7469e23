#include "host/cli/sudden_end.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>

#include "host/cli/opening.h"
#include "host/cli/say.h"
#include "host/isolate/crash_note.h"
#include "host/report/streams.h"
#include "host/shared_map.h"

namespace ganger::host {

namespace {

struct Watch {
  std::atomic<pid_t> process = -1;  // that is watched
  std::mutex mutex;
  // guarded by mutex
  bool is_on = false;
  int exit_code = 0;
  const char* where = nullptr;
  std::function<void()> record;
};

// Never destroyed: exit() may come at any time.
Watch& watch() {
  static auto* the_one = new Watch;
  return *the_one;
}

thread_local const char* task_here = nullptr;
thread_local const char* plugin_here = nullptr;

/// Runs inside exit(), on the thread that has called it.
void at_exit() {
  Watch& w = watch();
  // What a plugin has forked must not speak or write for this one: the files of the journal are the parent's, and the
  // lock may be as another thread has left it.
  if (getpid() != w.process) return;
  const std::lock_guard lock(w.mutex);
  if (!std::exchange(w.is_on, false)) return;
  if (const char* file = opened_file()) {
    end_children_of_opening();
    say(fmt::format("error: {} is refused: its code called exit() while it was opened", file));
  } else {
    say(fmt::format(
        "error: exit() was called {}{}; a plugin must not end the process it is in", w.where,
        task_here == nullptr ? std::string() : fmt::format(", by task '{}' of plugin '{}'", task_here, plugin_here)));
  }
  w.record();
  _exit(w.exit_code);
}

std::atomic<int> code_of_crash = 0;

void leave_with_code(int signal, siginfo_t* info, void*) {
  if (signal == SIGBUS && take_bus_error(*info)) return;
  constexpr std::string_view kText =
      "ganger: a plugin crashed while the process was ending; the run had ended before\n";
  [[maybe_unused]] const ssize_t n = write(streams().log, kText.data(), kText.size());
  _exit(code_of_crash);
}

}  // namespace

SuddenEnd::SuddenEnd(int fd, int exit_code, const char* where, std::function<void()> record) {
  report_crashes_to(fd);
  static const int registered = std::atexit(at_exit);
  Watch& w = watch();
  const std::lock_guard lock(w.mutex);
  w.process = getpid();
  w.is_on = registered == 0;
  w.exit_code = exit_code;
  w.where = where;
  w.record = std::move(record);
}

SuddenEnd::~SuddenEnd() {
  Watch& w = watch();
  const std::lock_guard lock(w.mutex);
  w.is_on = false;
  w.record = nullptr;
}

void SuddenEnd::note_task(const char* task, const char* plugin) {
  // The first task of a thread: a stack overflow in it can be told only on another stack.
  thread_local const bool has_stack = (use_crash_stack(), true);
  static_cast<void>(has_stack);
  task_here = task;
  plugin_here = plugin;
  note_current_task(task, plugin);
}

void SuddenEnd::leave_on_crash(int exit_code) {
  code_of_crash = exit_code;
  struct sigaction leave {};
  leave.sa_sigaction = leave_with_code;
  leave.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
    sigaction(signal, &leave, nullptr);
}

}  // namespace ganger::host
