#include "host/cli/opening.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "host/cli/exit_code.h"
#include "host/cli/process_state.h"
#include "host/isolate/crash_note.h"
#include "host/isolate/process.h"
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

std::atomic<const char*> file_now = nullptr;
std::atomic<bool> was_refused = false;

/// A file that is being opened, from before its code runs until that has ended.
class Opening {
 public:
  explicit Opening(const std::filesystem::path& file)
      : name_(printable(file.string())),
        // All there is to say when it is late is made now: its code may hang where it holds a lock of the heap.
        late_(fmt::format("ganger: error: {} is refused: its code did not come to an end within 5s while it was "
                          "opened\n",
                          name_)) {
    try {
      clock_ = std::thread([this] { watch(); });
    } catch (const std::system_error&) {
      // Without a thread its time is not limited; an interrupt still ends it.
    }
    file_now = name_.c_str();
    note_opening(name_.c_str(), kExitRefused);
  }

  ~Opening() {
    note_opening(nullptr, 0);
    file_now = nullptr;
    {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
    }
    changed_.notify_one();
    if (clock_.joinable()) clock_.join();
  }

  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  /// What its code has started does not outlive it.
  void end_children() const {
    end_orphans([this](pid_t pid) { return children_before_.contains(pid); });
  }

 private:
  /// Takes the signals that end a program, too: the other thread may have blocked them.
  void watch() {
    std::unique_lock lock(mutex_);
    for (int part = 0; part < kParts; ++part)
      if (changed_.wait_for(lock, kPart, [this] { return is_open_; })) return;
    write_all(streams().log, late_);
    end_children();
    _exit(kExitRefused);
  }

  const std::string name_, late_;
  const std::set<pid_t> children_before_ = own_children();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;  // guarded by mutex_
  std::thread clock_;
};

}  // namespace

Result<std::unique_ptr<Plugin>> open_watched(const std::filesystem::path& file,
                                             const std::function<Result<std::unique_ptr<Plugin>>()>& open) {
  const Opening opening(file);
  const ProcessState before = ProcessState::now();
  auto plugin = open();
  const auto changed = changes(before, ProcessState::now());
  if (changed.empty()) return plugin;
  was_refused = true;
  opening.end_children();
  return plugin ? tl::unexpected(refusal(file, changed)) : std::move(plugin);
}

const char* opened_file() { return file_now; }

bool was_plugin_refused() { return was_refused; }

}  // namespace ganger::host
