#include "host/isolate/process/process_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "host/descriptor.h"
#include "host/isolate/process/numbered_entries.h"

namespace ganger::host {

namespace {

using std::chrono::steady_clock;

constexpr Duration kSearchTakesAtMost = std::chrono::seconds(1);

/// "/proc/PID/NAME", or "/proc/PID/task/TID/NAME" with a thread.
class ProcPath {
 public:
  ProcPath(pid_t pid, const char* name) {
    add("/proc/");
    add(pid);
    add(name);
  }
  ProcPath(pid_t pid, pid_t thread, const char* name) : ProcPath(pid, "/task/") {
    add(thread);
    add(name);
  }
  const char* text() const { return text_; }

 private:
  void add(const char* more) {
    while (*more != '\0') *to_++ = *more++;
    *to_ = '\0';
  }
  void add(pid_t number) {
    char digits[12];
    std::size_t n = 0;
    do digits[n++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0) *to_++ = digits[--n];
    *to_ = '\0';
  }
  char text_[64];
  char* to_ = text_;
};

ssize_t read_some(int fd, char* bytes, std::size_t size) {
  ssize_t n = 0;
  do n = read(fd, bytes, size);
  while (n < 0 && errno == EINTR);
  return n;
}

constexpr int kFieldOfThreads = 20;

struct Stat {
  char state = '\0';  ///< '\0' when there is no such process
  pid_t parent = -1, group = -1;
  int threads = 0;
  /// A first thread that has ended may have left others.
  bool has_ended() const { return state == '\0' || state == 'X' || (state == 'Z' && threads <= 1); }
};

/// "PID (NAME) STATE PPID PGRP ...": a name may hold anything, also parentheses.
Stat stat_of(pid_t pid) {
  Stat stat;
  const Descriptor file(open(ProcPath(pid, "/stat").text(), O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t n = file.is_open() ? read_some(file.get(), text, sizeof text - 1) : -1;
  if (n <= 0) return stat;
  text[n] = '\0';
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || std::strlen(at) < 5) return stat;
  const auto skip_field = [&at] {
    while (*at != '\0' && *at++ != ' ') {
    }
  };
  const auto number = [&] {
    pid_t value = 0;
    for (const char* digit = at; *digit >= '0' && *digit <= '9'; ++digit) value = value * 10 + (*digit - '0');
    skip_field();
    return value;
  };
  stat.state = at[2];
  at += 4;
  stat.parent = number();
  stat.group = number();
  for (int field = 6; field < kFieldOfThreads; ++field) skip_field();
  stat.threads = number();
  return stat;
}

/// Calls `use` with the numbers in the text of a file; false when there is no such file.
template <class Use>
bool for_each_number_of(const char* path, const Use& use) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return false;
  char text[1024];
  pid_t number = 0;
  for (ssize_t n = 0; (n = read_some(file.get(), text, sizeof text)) > 0;)
    for (const char* at = text; at < text + n; ++at) {
      if (*at >= '0' && *at <= '9') {
        number = number * 10 + (*at - '0');
      } else {
        if (number > 0) use(number);
        number = 0;
      }
    }
  if (number > 0) use(number);
  return true;
}

/// Kernels without CONFIG_PROC_CHILDREN tell of a process who its parent is, but not who its children are.
bool has_lists_of_children() { return access("/proc/thread-self/children", R_OK) == 0; }

/// Calls `act` with each child before it is added: of one that lives for 100 us, the next moment may be too late.
template <class Act>
void add_children(pid_t parent, PidList& list, const Act& act) {
  const auto add = [&](pid_t pid) {
    act(pid);
    list.add(pid);
  };
  bool has_lists = true;
  for_each_number_in(ProcPath(parent, "/task").text(), [&](pid_t thread) {
    if (!for_each_number_of(ProcPath(parent, thread, "/children").text(), add)) has_lists = false;
  });
  // Or that thread has just ended.
  if (has_lists || has_lists_of_children()) return;
  for_each_number_in("/proc", [&](pid_t pid) {
    if (stat_of(pid).parent == parent) add(pid);
  });
}

void stop_one(pid_t pid) { kill(pid, SIGSTOP); }

/// What descends from some roots, on its way to its end.
class DoomedTrees {
 public:
  /// Stops all that descends from some processes, from above: who is stopped starts nobody, and who has not ended
  /// keeps its place in the tree. Then kills it. All this again until nothing new is found; or until it is `until`.
  /// `add_roots` adds those processes and stops them; true when it has seen one that had ended.
  template <class AddRoots>
  void end(const AddRoots& add_roots, TimePoint until) {
    while (stop(add_roots, until)) {
      // From below: the end of a parent continues the stopped group of its child, who must not run by then.
      for (std::size_t i = found_.size(); i-- > 0;) kill(found_[i], SIGKILL);
      // And those whose parents somebody else has killed since.
      for (const pid_t pid : seen_)
        if (!dead_.contains(pid)) kill(pid, SIGKILL);
      if (steady_clock::now() >= until) return;
    }
  }

  /// So many were running.
  std::size_t running() const { return running_; }

 private:
  /// True when one was found that has not been killed.
  template <class AddRoots>
  bool stop(const AddRoots& add_roots, TimePoint until) {
    const std::size_t before = running_;
    while (look(add_roots) && !seen_.is_full() && steady_clock::now() < until) {
    }
    if (seen_.is_full()) seen_.clear();
    return running_ > before;
  }

  /// One walk down the trees. False when that was all: nobody was new, and nobody had ended meanwhile, whose children
  /// have another parent by then.
  template <class AddRoots>
  bool look(const AddRoots& add_roots) {
    found_.clear();
    // Who is gone has left its number to others.
    seen_.keep_if([](pid_t pid) { return !stat_of(pid).has_ended(); });
    dead_.keep_if([](pid_t pid) { return stat_of(pid).state != '\0'; });
    bool has_changed = add_roots(found_);
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const pid_t pid = found_[i];
      if (dead_.contains(pid)) continue;
      if (stat_of(pid).has_ended()) {
        ended_.add(pid);
        continue;
      }
      if (!seen_.contains(pid)) {
        has_changed = true;
        ++running_;
      }
      add_children(pid, found_, stop_one);
    }
    has_changed |= ended_.size() > 0;
    dead_.merge(ended_);
    ended_.clear();
    seen_.merge(found_);
    return has_changed;
  }

  PidList found_, ended_, seen_, dead_;  // the last two are sorted
  std::size_t running_ = 0;
};

bool wait_for_end(int pidfd, TimePoint until) {
  pollfd watched{pidfd, POLLIN, 0};
  for (;;) {
    const Duration left = std::max(Duration::zero(), Duration(until - steady_clock::now()));
    const timespec rest{.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(left.count() % 1'000'000'000)};
    const int n = ppoll(&watched, 1, &rest, nullptr);
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

/// Waits for the end of a child and reaps it. False when it is another user's (a command may have become root), which
/// has not been killed.
bool reap_child(pid_t pid, TimePoint until) {
  if (waitpid(pid, nullptr, WNOHANG) != 0) return true;
  if (kill(pid, 0) != 0) return false;
  const Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd.is_open() && wait_for_end(pidfd.get(), until)) waitpid(pid, nullptr, WNOHANG);
  return true;
}

/// Cheap, where a look through /proc is not.
bool has_child() {
  siginfo_t ended{};
  return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// Has it `part` in the environment it was started with?
bool has_in_environment(pid_t pid, std::string_view part) {
  const Descriptor file(open(ProcPath(pid, "/environ").text(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return false;
  char bytes[4096];
  std::size_t kept = 0;  // of what came before: a part may lie on both sides of a border
  for (ssize_t n = 0; (n = read_some(file.get(), bytes + kept, sizeof bytes - kept)) > 0;) {
    const std::string_view text(bytes, kept + static_cast<std::size_t>(n));
    if (text.find(part) != std::string_view::npos) return true;
    kept = std::min(text.size(), part.size() - 1);
    std::memmove(bytes, text.data() + text.size() - kept, kept);
  }
  return false;
}

/// Stops a process and ends everything that descends from it, but this process.
void end_descendants_of(pid_t root, TimePoint until) {
  const pid_t self = getpid();
  DoomedTrees trees;
  trees.end(
      [&](PidList& roots) {
        // Each time: it may have been continued.
        if (root != self) kill(root, SIGSTOP);
        add_children(root, roots, [&](pid_t pid) {
          if (pid != self) kill(pid, SIGSTOP);
        });
        roots.keep_if([&](pid_t pid) { return pid != self; });
        return false;
      },
      until);
}

}  // namespace

PidList::PidList() {
  // Whoever has no memory goes through many processes in parts.
  for (std::size_t room = kMany; room > kFew && pids_ == few_; room /= 4) {
    void* const memory =
        mmap(nullptr, room * sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) continue;
    pids_ = static_cast<pid_t*>(memory);
    room_ = room;
  }
}

PidList::~PidList() {
  if (pids_ != few_) munmap(pids_, room_ * sizeof(pid_t));
}

void PidList::merge(const PidList& other) {
  for (const pid_t pid : other) add(pid);
  std::sort(pids_, pids_ + size_);
  size_ = static_cast<std::size_t>(std::unique(pids_, pids_ + size_) - pids_);
}

bool PidList::contains(pid_t pid) const { return std::binary_search(begin(), end(), pid); }

void add_children(pid_t parent, PidList& list) {
  add_children(parent, list, [](pid_t) {});
}

void add_descendants(PidList& list) {
  for (std::size_t i = 0; i < list.size(); ++i) add_children(list[i], list);
}

bool is_helper(pid_t child) {
  siginfo_t ended{};
  return waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

pid_t group_of(pid_t pid) { return stat_of(pid).group; }

void kill_with_descendants(pid_t root) {
  assert(root > 1);
  if (root <= 1) return;  // -1 would be everybody
  kill(-root, SIGSTOP);
  end_descendants_of(root, steady_clock::now() + kSearchTakesAtMost);
  kill(-root, SIGKILL);
  kill(root, SIGKILL);
}

void leave_forked() {
  for (;;) syscall(SYS_exit_group, 0);
}

void end_with_descendants() {
  static std::atomic<bool> has_begun = false;
  // A second one would end the first.
  while (has_begun.exchange(true)) pause();
  if (!has_child()) _exit(0);
  const pid_t self = getpid();
  const pid_t sweeper = _Fork();
  if (sweeper == 0) {
    setpgid(0, 0);
    // A task may have made its process one that lets all others go first.
    constexpr sched_param kNoPriority{};
    sched_setscheduler(0, SCHED_OTHER, &kNoPriority);
    setpriority(PRIO_PROCESS, 0, 0);
    end_descendants_of(self, kNever);
    kill(-self, SIGKILL);
    kill(self, SIGKILL);
    leave_forked();
  }
  while (sweeper > 0 && waitpid(sweeper, nullptr, 0) < 0 && errno == EINTR) {
  }
  // There was no process to be had for it, or somebody has killed that. Another thread may start more for ever.
  end_descendants_of(self, steady_clock::now() + kSearchTakesAtMost);
  _exit(0);
}

void end_marked(std::string_view mark) {
  // A process that begins its program has no environment just then.
  constexpr int kLooks = 3;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 5'000'000};
  const pid_t self = getpid();
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) nanosleep(&kPause, nullptr);
    DoomedTrees trees;
    trees.end(
        [&](PidList& roots) {
          for_each_number_in("/proc", [&](pid_t pid) {
            if (pid == self || !has_in_environment(pid, mark)) return;
            kill(pid, SIGSTOP);
            roots.add(pid);
          });
          return false;
        },
        kNever);
  }
}

Ended end_children(const std::function<bool(pid_t)>& is_mine, TimePoint until) {
  if (!has_child()) return {};
  const pid_t self = getpid();
  const auto is_doomed = [&](pid_t pid) { return !is_helper(pid) && is_mine(pid); };
  const auto find_mine = [&](PidList& list) {
    list.clear();
    add_children(self, list);
    list.keep_if(is_doomed);
  };
  // Those that have ended are reaped at once: there may be thousands, and one that is quick among them.
  const auto stop_mine = [&](PidList& list) {
    bool has_reaped = false;
    add_children(self, list, [&](pid_t pid) {
      if (is_doomed(pid)) kill(pid, SIGSTOP);
    });
    list.keep_if([&](pid_t pid) {
      if (!is_doomed(pid)) return false;
      const bool has_ended = waitpid(pid, nullptr, WNOHANG) > 0;
      has_reaped |= has_ended;
      return !has_ended;
    });
    return has_reaped;
  };
  PidList mine;
  DoomedTrees trees;
  bool has_time = true, is_one_waited_for = true;
  // What one of them has started becomes a child of ours when that ends.
  for (find_mine(mine); mine.size() > 0 && has_time && is_one_waited_for; find_mine(mine)) {
    trees.end(stop_mine, until);
    is_one_waited_for = false;
    for (const pid_t pid : mine) is_one_waited_for |= reap_child(pid, until);
    has_time = steady_clock::now() < until;
  }
  mine.keep_if([](pid_t pid) { return !stat_of(pid).has_ended(); });
  return {.running = trees.running() - std::min(trees.running(), mine.size()),
          .left = mine.size(),
          .one_left = mine.size() > 0 ? mine[0] : -1};
}

WatchedChildren& WatchedChildren::instance() {
  // Never destroyed: a Process may outlive the statics.
  static auto* const children = new WatchedChildren;
  return *children;
}

void WatchedChildren::add(pid_t pid) {
  const std::lock_guard lock(mutex_);
  pids_.insert(pid);
}

bool WatchedChildren::contains(pid_t pid) {
  const std::lock_guard lock(mutex_);
  return pids_.contains(pid);
}

}  // namespace ganger::host
