#include "host/check/opening.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "host/check/process_state.h"
#include "host/descriptor.h"
#include "host/isolate/crash/crash_note.h"
#include "host/isolate/process/new_children.h"
#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"
#include "host/report/exit_code.h"
#include "host/report/streams.h"
#include "host/report/terminal.h"
#include "host/text.h"

namespace ganger::host {

namespace {

using std::chrono::milliseconds;

// 5 s, as the child has that is asked what a plugin provides. In small parts: the time for which the process is
// stopped, by Ctrl-Z or a debugger, is none of the plugin's.
constexpr milliseconds kPart(100);
constexpr int kParts = 50;

constexpr unsigned kSecondsToSay = 2;
constexpr std::array kInterrupts = {SIGINT, SIGTERM, SIGHUP};

std::atomic<const char*> file_now = nullptr;
std::atomic<bool> was_opened = false, was_refused = false;

// For signal handlers; what they point to lives for as long as they do.
std::atomic<const NewChildren*> children_now = nullptr;
std::atomic<pid_t> process_now = -1;
std::atomic<const char*> timer_text_now = "";
std::array<struct sigaction, kInterrupts.size()> interrupts_before;

extern "C" void leave_opening(int signal) {
  // What the plugin has forked has this handler too.
  if (getpid() == process_now) end_children_of_opening();
  for (std::size_t i = 0; i < kInterrupts.size(); ++i)
    if (kInterrupts[i] == signal && interrupts_before[i].sa_handler != SIG_IGN) {
      if (interrupts_before[i].sa_handler == SIG_DFL) _exit(128 + signal);
      interrupts_before[i].sa_handler(signal);
    }
}

extern "C" void leave_timer(int) {
  if (getpid() != process_now) _exit(kExitRefused);
  end_children_of_opening();
  const char* const text = timer_text_now;
  [[maybe_unused]] const ssize_t n = write(streams().log, text, std::strlen(text));
  _exit(kExitRefused);
}

extern "C" void leave_refused(int) { _exit(kExitRefused); }

/// While it lives, an interrupt ends what the plugin has started before it does what it did until then.
class Interrupts {
 public:
  Interrupts() {
    struct sigaction action {};
    action.sa_handler = leave_opening;
    for (const int signal : kInterrupts) sigaddset(&action.sa_mask, signal);
    for (std::size_t i = 0; i < kInterrupts.size(); ++i) {
      struct sigaction& before = interrupts_before[i];
      sigaction(kInterrupts[i], &action, &before);
      is_ours_[i] =
          (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN;
      if (!is_ours_[i]) sigaction(kInterrupts[i], &before, nullptr);
    }
  }
  ~Interrupts() {
    for (std::size_t i = 0; i < kInterrupts.size(); ++i)
      if (is_ours_[i]) sigaction(kInterrupts[i], &interrupts_before[i], nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  std::array<bool, kInterrupts.size()> is_ours_{};
};

/// While it lives, a timer that goes off is one of the plugin's: nobody else has armed one.
class TimerSignals {
 public:
  TimerSignals() {
    if (!armed_timers().empty()) return;
    struct sigaction action {};
    action.sa_handler = leave_timer;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], nullptr, &before_[i]);
      is_ours_[i] = before_[i].sa_handler == SIG_DFL && sigaction(kSignals[i], &action, nullptr) == 0;
    }
  }
  ~TimerSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      if (is_ours_[i]) sigaction(kSignals[i], &before_[i], nullptr);
  }
  TimerSignals(const TimerSignals&) = delete;
  TimerSignals& operator=(const TimerSignals&) = delete;

 private:
  static constexpr std::array kSignals = {SIGALRM, SIGVTALRM, SIGPROF};
  std::array<struct sigaction, kSignals.size()> before_{};
  std::array<bool, kSignals.size()> is_ours_{};
};

/// A file that is being opened, from before its code runs until that has ended.
class Opening {
 public:
  explicit Opening(const std::filesystem::path& file)
      : name_(printable(file.string())),
        // All there is to say when it is late is made now: its code may hang where it holds a lock of the heap.
        late_(fmt::format("ganger: error: {} is refused: its code did not come to an end within 5s while it was "
                          "opened\n",
                          name_)),
        timer_(fmt::format("ganger: error: {} is refused: its code armed a timer that went off while it was opened\n",
                           name_)) {
    timer_text_now = timer_.c_str();
    process_now = getpid();
    children_now = &children_;
    interrupts_.emplace();
    timers_.emplace();
    try {
      clock_ = std::thread([this] { watch(); });
    } catch (const std::system_error&) {
      // Without a thread its time is not limited; an interrupt still ends it.
    }
    file_now = name_.c_str();
    note_opening(name_.c_str(), kExitRefused, end_children_of_opening);
  }

  ~Opening() {
    note_opened();
    file_now = nullptr;
    {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
    }
    changed_.notify_one();
    if (clock_.joinable()) clock_.join();
    interrupts_.reset();
    timers_.reset();
    timer_text_now = "";
    children_now = nullptr;
  }

  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  /// Where others go on after it has been refused, they find the process as it was.
  void restore(const ProcessState& before) const {
    if (folder_.is_open()) static_cast<void>(fchdir(folder_.get()) == 0);
    ::umask(before.umask);
    end_new_timers(before);
  }

 private:
  /// Takes the signals that end a program, too: the other thread may have blocked them.
  void watch() {
    std::unique_lock lock(mutex_);
    for (int part = 0; part < kParts; ++part)
      if (changed_.wait_for(lock, kPart, [this] { return is_open_; })) return;
    end_late();
  }

  /// From here on nothing may keep the process from ending: not the heap, and nobody who does not read stderr.
  [[noreturn]] void end_late() const {
    struct sigaction action {};
    action.sa_handler = leave_refused;
    sigaction(SIGALRM, &action, nullptr);
    sigset_t late;
    sigemptyset(&late);
    sigaddset(&late, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &late, nullptr);
    alarm(kSecondsToSay);
    children_.end();
    write_all(streams().log, late_);
    _exit(kExitRefused);
  }

  const std::string name_, late_, timer_;
  const Descriptor folder_{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  const NewChildren children_;
  std::optional<Interrupts> interrupts_;
  std::optional<TimerSignals> timers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;  // guarded by mutex_
  std::thread clock_;
};

}  // namespace

Result<std::unique_ptr<Plugin>> open_watched(const std::filesystem::path& file,
                                             const std::function<Result<std::unique_ptr<Plugin>>()>& open) {
  adopt_orphans();
  was_opened = true;
  const Opening opening(file);
  const ProcessState before = ProcessState::now();
  auto plugin = open();
  const auto changed = changes(before, ProcessState::now());
  if (changed.empty()) return plugin;
  was_refused = true;
  end_orphans([&before](pid_t pid) { return before.children.contains(pid); });
  opening.restore(before);
  return plugin ? tl::unexpected(refusal(file, changed)) : std::move(plugin);
}

void end_children_of_opening() {
  if (const NewChildren* children = children_now) children->end();
}

const char* opened_file() { return file_now; }

bool was_plugin_opened() { return was_opened; }
bool was_plugin_refused() { return was_refused; }

}  // namespace ganger::host
