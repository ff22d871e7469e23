#include "host/cli/sudden_end.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include "host/cli/say.h"
#include "host/isolate/crash_note.h"

namespace ganger::host {

namespace {

struct Watch {
  std::mutex mutex;
  // guarded by mutex
  bool is_on = false;
  int exit_code = 0;
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
  const std::lock_guard lock(w.mutex);
  if (!std::exchange(w.is_on, false)) return;
  say(fmt::format(
      "error: exit() was called inside the run{}; a plugin must not end the process it is in",
      task_here == nullptr ? std::string() : fmt::format(", by task '{}' of plugin '{}'", task_here, plugin_here)));
  w.record();
  _exit(w.exit_code);
}

}  // namespace

SuddenEnd::SuddenEnd(int fd, int exit_code, std::function<void()> record) {
  report_crashes_to(fd);
  static const int registered = std::atexit(at_exit);
  Watch& w = watch();
  const std::lock_guard lock(w.mutex);
  w.is_on = registered == 0;
  w.exit_code = exit_code;
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

}  // namespace ganger::host
