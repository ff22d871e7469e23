// A plugin that takes the whole process along: by a signal, which is told, or by exit(), which is told and recorded.
#pragma once
#include <functional>
#include <string>

namespace ganger::host {

/// While it lives, a crash of this process leaves a report on `fd`, and a call of exit() from inside a plugin does
/// not look like success: it is said ("exit() was called `where`"), `record` is called, and the process ends with
/// `exit_code`. Thread: made and destroyed by one; at most one at a time.
class SuddenEnd {
 public:
  SuddenEnd(int fd, int exit_code, const char* where, std::function<void()> record);
  ~SuddenEnd();
  SuddenEnd(const SuddenEnd&) = delete;
  SuddenEnd& operator=(const SuddenEnd&) = delete;

  /// The calling thread goes into a plugin for that task; null = it has come out again.
  /// Lifetime: until the next call
  static void note_task(const char* task, const char* plugin);

  /// All is said and recorded, and only what plugins do at the end is still to come: from now on a crash ends the
  /// process with that code.
  static void leave_on_crash(int exit_code);
};

}  // namespace ganger::host
