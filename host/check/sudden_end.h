// A plugin that takes the whole process along: by a signal, which is told, by exit(), which is told and recorded, or
// by never coming back, where nobody else would notice.
#pragma once
#include <functional>
#include <memory>
#include <string>

namespace ganger::host {

class OutsideClock;
struct Plugin;

/// How the process ends where a plugin ends it. While one lives, a crash of this process leaves a report on `fd`, and
/// a call of exit() from inside a plugin does not look like success: it is said ("exit() was called `where`"),
/// `record` is called, and the process ends with `exit_code`. So it does where code of a plugin outside of tasks,
/// called by call_outside(), does not come to an end. What `_exit()` does, nobody sees. Thread: made and destroyed by
/// one. One made while another lives stands in for it.
class SuddenEnd {
 public:
  SuddenEnd(int fd, int exit_code, const char* where, std::function<void()> record);
  ~SuddenEnd();
  SuddenEnd(const SuddenEnd&) = delete;
  SuddenEnd& operator=(const SuddenEnd&) = delete;

  /// Before any code of a plugin: from now on, to the end of the process, exit() is for main_returns() only. Where no
  /// SuddenEnd lives the process ends with kExitRefused.
  static void stand_guard();

  /// Calls `call`, which calls `function` ("init()") of the plugin; it has 5 s. Thread: that of the SuddenEnd
  static void call_outside(const Plugin& plugin, const char* function, const std::function<void()>& call);

  /// The calling thread goes into a plugin for that task; null = it has come out again.
  /// Lifetime: until the next call
  static void note_task(const char* task, const char* plugin);

  /// The run has ended with that code, which its owner records.
  static void is_ending(int exit_code);

  /// All is said and recorded, and only what plugins do at the end is still to come: from now on the process ends
  /// with that code, also by a crash, by exit() or when its time is over.
  static void is_over(int exit_code);

  /// The next thing is exit(exit_code). Destructors of plugins cannot change the code any more, and have 2 s.
  static void main_returns(int exit_code);

 private:
  friend class OutsideClock;
  int exit_code_before_ = 0;
  const char* where_before_ = nullptr;
  std::function<void()> record_before_;
  std::unique_ptr<OutsideClock> clock_before_;
};

}  // namespace ganger::host
