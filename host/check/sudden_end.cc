#include "host/check/sudden_end.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "host/check/opening.h"
#include "host/isolate/crash/crash_note.h"
#include "host/isolate/process/new_children.h"
#include "host/plugin/types.h"
#include "host/report/exit_code.h"
#include "host/report/say.h"
#include "host/report/streams.h"
#include "host/report/terminal.h"
#include "host/shared_map.h"

namespace ganger::host {

namespace {

using std::chrono::milliseconds;

// 5 s, as a plugin has that is being opened. In small parts: the time for which the process is stopped, by Ctrl-Z or
// a debugger, is none of the plugin's.
constexpr milliseconds kPart(100);
constexpr int kParts = 50;

constexpr unsigned kSecondsToSay = 2;

// How long static destructors of plugins may take.
constexpr std::chrono::seconds kExitPatience(2);

struct Guard {
  pid_t process = -1;  // that is watched
  std::mutex mutex;
  // guarded by mutex
  bool is_on = false, is_over = false;
  int exit_code = kExitRefused;
  const char* where = "outside of a run";
  std::function<void()> record;
  std::string outside;  // what is being called now: "init() of plugin 'x'"

  std::unique_ptr<OutsideClock> clock;  // of the thread of the SuddenEnd
  std::atomic<bool> has_returned = false;
  std::atomic<int> code_at_the_end = 0;
};

// Never destroyed: exit() may come at any time.
Guard& guard() {
  static auto* the_one = new Guard;
  return *the_one;
}

thread_local const char* task_here = nullptr;
thread_local const char* plugin_here = nullptr;

std::string who_called_exit(const Guard& g) {
  if (const char* file = opened_file())
    return fmt::format("error: {} is refused: its code called exit() while it was opened", file);
  constexpr std::string_view kRule = "a plugin must not end the process it is in";
  if (g.is_over && g.outside.empty())
    return fmt::format("error: exit() was called after the run had ended; {}", kRule);
  if (!g.outside.empty()) return fmt::format("error: exit() was called by {}; {}", g.outside, kRule);
  return fmt::format(
      "error: exit() was called {}{}; {}", g.where,
      task_here == nullptr ? std::string() : fmt::format(", by task '{}' of plugin '{}'", task_here, plugin_here),
      kRule);
}

/// Runs inside exit(), on the thread that has called it; after what plugins want done then, as it was there before.
void at_exit(int status, void* /*unused*/) {
  Guard& g = guard();
  if (g.has_returned && status == g.code_at_the_end) return;
  // What a plugin has forked must not speak or write for this one: the files of the journal are the parent's, and the
  // lock may be as another thread has left it.
  if (getpid() != g.process) return;
  const std::lock_guard lock(g.mutex);
  if (!std::exchange(g.is_on, false)) return;
  if (opened_file() != nullptr) end_children_of_opening();
  say(who_called_exit(g));
  if (g.record) g.record();
  _exit(g.exit_code);
}

std::atomic<int> code_of_crash = 0;

void leave_with_code(int signal, siginfo_t* info, void*) {
  if (signal == SIGBUS && take_bus_error(*info)) return;
  constexpr std::string_view kText =
      "ganger: a plugin crashed while the process was ending; the run had ended before\n";
  [[maybe_unused]] const ssize_t n = write(streams().log, kText.data(), kText.size());
  _exit(code_of_crash);
}

std::atomic<int> code_when_late = 0;
extern "C" void leave_late(int) { _exit(code_when_late); }

/// The process ends with that code when it has not ended by itself.
void leave_within(std::chrono::nanoseconds patience, int code) {
  try {
    std::thread([=] {
      std::this_thread::sleep_for(patience);
      _exit(code);
    }).detach();
  } catch (const std::system_error&) {
    // Without a thread it may hang, as any program may.
  }
}

}  // namespace

/// Ends the process when one call has used up its time. A thread, for the one that calls may have blocked all
/// signals.
class OutsideClock {
 public:
  OutsideClock() {
    try {
      thread_ = std::thread([this] { watch(); });
    } catch (const std::system_error&) {
      // Without a thread its time is not limited; an interrupt still ends it.
    }
  }
  ~OutsideClock() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  OutsideClock(const OutsideClock&) = delete;
  OutsideClock& operator=(const OutsideClock&) = delete;

  /// Around each call. Thread: one
  void begin() { count_.fetch_add(1, std::memory_order_release); }
  void end() { count_.fetch_add(1, std::memory_order_release); }

 private:
  /// Takes the signals that end a program, too.
  void watch() {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    int parts = 0;
    while (!changed_.wait_for(lock, kPart, [this] { return is_over_; })) {
      const std::uint64_t now = count_.load(std::memory_order_acquire);
      parts = now == seen && now % 2 == 1 ? parts + 1 : 0;
      seen = now;
      if (parts >= kParts) end_late();
    }
  }

  /// From here on nothing may keep the process from ending: not the heap, and nobody who does not read stderr.
  [[noreturn]] void end_late() const {
    Guard& g = guard();
    struct sigaction action {};
    action.sa_handler = leave_late;
    sigaction(SIGALRM, &action, nullptr);
    sigset_t late;
    sigemptyset(&late);
    sigaddset(&late, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &late, nullptr);
    code_when_late = kExitRefused;
    alarm(kSecondsToSay);
    const std::lock_guard lock(g.mutex);
    code_when_late = g.exit_code;
    children_.end();
    write_all(streams().log, fmt::format("ganger: error: {} did not come to an end within 5s{}\n", g.outside,
                                         g.is_over ? "; the run had ended before" : ", so it is not run"));
    if (g.record) g.record();
    _exit(g.exit_code);
  }

  const NewChildren children_;
  std::atomic<std::uint64_t> count_{0};  // odd while a call goes on
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

void SuddenEnd::stand_guard() {
  Guard& g = guard();
  const std::lock_guard lock(g.mutex);
  g.process = getpid();
  // Registered first, called last.
  g.is_on = on_exit(at_exit, nullptr) == 0 && std::at_quick_exit([] { at_exit(-1, nullptr); }) == 0;
}

SuddenEnd::SuddenEnd(int fd, int exit_code, const char* where, std::function<void()> record) {
  // Once: it is the same for all of them.
  static int told = -1;
  if (std::exchange(told, fd) != fd) report_crashes_to(fd);
  Guard& g = guard();
  const std::lock_guard lock(g.mutex);
  exit_code_before_ = std::exchange(g.exit_code, exit_code);
  where_before_ = std::exchange(g.where, where);
  record_before_ = std::exchange(g.record, std::move(record));
  clock_before_ = std::exchange(g.clock, nullptr);
}

SuddenEnd::~SuddenEnd() {
  Guard& g = guard();
  std::unique_ptr<OutsideClock> done;  // joined without the lock, which its thread may want
  const std::lock_guard lock(g.mutex);
  done = std::exchange(g.clock, std::move(clock_before_));
  g.record = std::move(record_before_);
  if (g.is_over) return;
  g.exit_code = exit_code_before_;
  g.where = where_before_;
}

void SuddenEnd::call_outside(const Plugin& plugin, const char* function, const std::function<void()>& call) {
  Guard& g = guard();
  if (g.clock == nullptr) g.clock = std::make_unique<OutsideClock>();
  {
    const std::lock_guard lock(g.mutex);
    g.outside = fmt::format("{} of plugin '{}'", function, plugin.id);
  }
  g.clock->begin();
  call();
  g.clock->end();
  const std::lock_guard lock(g.mutex);
  g.outside.clear();
}

void SuddenEnd::note_task(const char* task, const char* plugin) {
  // The first task of a thread: a stack overflow in it can be told only on another stack.
  thread_local const bool has_stack = (use_crash_stack(), true);
  static_cast<void>(has_stack);
  task_here = task;
  plugin_here = plugin;
  note_current_task(task, plugin);
}

void SuddenEnd::is_ending(int exit_code) {
  Guard& g = guard();
  const std::lock_guard lock(g.mutex);
  g.exit_code = exit_code;
  g.where = "while the run was ending";
  g.record = nullptr;
}

void SuddenEnd::is_over(int exit_code) {
  Guard& g = guard();
  {
    const std::lock_guard lock(g.mutex);
    g.is_over = true;
    g.exit_code = exit_code;
    g.record = nullptr;
  }
  code_of_crash = exit_code;
  struct sigaction leave {};
  leave.sa_sigaction = leave_with_code;
  leave.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
    sigaction(signal, &leave, nullptr);
}

void SuddenEnd::main_returns(int exit_code) {
  Guard& g = guard();
  {
    const std::lock_guard lock(g.mutex);
    g.is_over = true;
    g.exit_code = exit_code;
    g.record = nullptr;
  }
  g.code_at_the_end = exit_code;
  g.has_returned = true;
  if (was_plugin_opened()) leave_within(kExitPatience, exit_code);
}

}  // namespace ganger::host
