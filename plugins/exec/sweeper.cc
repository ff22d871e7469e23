#include "sweeper.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include "process_table.h"
#include "spawn.h"

namespace ganger::exec {

namespace {

constexpr std::size_t kMostWatched = 4096;
constexpr std::size_t kMostCookieBytes = 100;
constexpr std::size_t kSweeperStackBytes = std::size_t{256} * 1024;
/// More than a machine has.
constexpr pid_t kMostPids = 4 * 1024 * 1024 + 1;
constexpr std::size_t kMostProcesses = 256 * 1024;
/// So often those are looked at again that have been killed and do not end, or that have no environment just now.
constexpr int kMostRoundsInVain = 100;
/// Where the kernel gives no descriptor of a process.
constexpr int kPauseWithoutDescriptorMs = 100;
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};

/// What this process tells the sweeper, in memory that both have.
struct Board {
  std::array<pid_t, kMostWatched> pids;
  std::array<std::atomic<pid_t>, kMostWatched> groups;  // for this process itself
  std::array<std::atomic<bool>, kMostWatched> is_taken;
  char cookie[kMostCookieBytes + 1];
  std::size_t cookie_bytes;
  std::uint64_t oldest;
};

/// All zero, and no memory until it is written to. Null when there is none.
template <class T>
T* map_zeros(std::size_t count, int sharing) {
  void* at = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<T*>(at);
}

/// Of this process; null when there is no memory for it.
Board* board() {
  static Board* const it = map_zeros<Board>(1, MAP_SHARED);
  return it;
}

// What follows runs in the sweeper, which was forked from one of many threads: it allocates nothing, and its memory
// is what it maps.

class PidSet {
 public:
  PidSet() : bits_(map_zeros<std::uint64_t>(kMostPids / 64 + 1, MAP_PRIVATE)) {}
  bool is_there() const { return bits_ != nullptr; }
  bool contains(pid_t pid) const { return fits(pid) && (bits_[pid / 64] >> (pid % 64) & 1) != 0; }
  /// True when it is new.
  bool insert(pid_t pid) {
    if (!fits(pid) || contains(pid)) return false;
    bits_[pid / 64] |= std::uint64_t{1} << (pid % 64);
    return true;
  }

 private:
  static bool fits(pid_t pid) { return pid > 0 && pid < kMostPids; }
  std::uint64_t* const bits_;
};

class Sweep {
 public:
  Sweep(const Board& told, pid_t host_group) : told_(told), host_group_(host_group) {}

  void run();

 private:
  /// Reads the table and marks the members; true when one of them is new.
  bool look();
  bool is_marked_by_itself(const ProcessEntry& p);
  void mark(const ProcessEntry& p);
  /// Returns how many there are.
  std::size_t send(int signal) const;

  const Board& told_;
  const pid_t host_group_;
  ProcessEntry* const all_ = map_zeros<ProcessEntry>(kMostProcesses, MAP_PRIVATE);
  std::size_t count_ = 0;
  PidSet members_, groups_;  // since it began: also when what led to it has ended
  bool has_new_ = false, is_unsure_ = false;
};

/// No clock ends it: a machine that is busy is no reason to leave something running. Those who are stopped start
/// nobody, and stay where they are in the tree.
void Sweep::run() {
  if (all_ == nullptr || !members_.is_there() || !groups_.is_there()) return;
  for (int in_vain = 0; in_vain < kMostRoundsInVain; ++in_vain) {
    while (look()) {
      send(SIGSTOP);
      in_vain = 0;
    }
    if (send(SIGKILL) == 0 && !is_unsure_) return;
    nanosleep(&kPause, nullptr);
  }
}

bool Sweep::look() {
  count_ = 0;
  has_new_ = is_unsure_ = false;
  ProcessNumbers numbers;
  for (pid_t pid = numbers.next(); pid != 0 && count_ < kMostProcesses; pid = numbers.next()) {
    const auto found = pid == getpid() ? std::nullopt : find_process(pid);
    if (found && !found->is_zombie && found->started >= told_.oldest) all_[count_++] = *found;
  }
  for (std::size_t i = 0; i < count_; ++i)
    if (is_marked_by_itself(all_[i])) mark(all_[i]);
  // The children of members and what is in their groups, until there are no more.
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (std::size_t i = 0; i < count_; ++i) {
      const ProcessEntry& p = all_[i];
      if (members_.contains(p.pid) || (!members_.contains(p.parent) && !groups_.contains(p.group))) continue;
      mark(p);
      has_grown = true;
    }
  }
  return has_new_;
}

bool Sweep::is_marked_by_itself(const ProcessEntry& p) {
  if (members_.contains(p.pid)) return false;
  if (std::find(told_.pids.begin(), told_.pids.end(), p.pid) != told_.pids.end()) return true;
  const auto has_cookie = has_in_environment(p.pid, {told_.cookie, told_.cookie_bytes});
  if (!has_cookie) is_unsure_ = true;
  return has_cookie.value_or(false);
}

void Sweep::mark(const ProcessEntry& p) {
  if (members_.insert(p.pid)) has_new_ = true;
  if (p.group != host_group_) groups_.insert(p.group);
}

std::size_t Sweep::send(int signal) const {
  std::size_t sent = 0;
  for (std::size_t i = 0; i < count_; ++i)
    if (members_.contains(all_[i].pid) && kill(all_[i].pid, signal) == 0) ++sent;
  return sent;
}

struct Start {
  const Board* told;
  pid_t host;
};

int run_sweeper(void* of) {
  const Start start = *static_cast<const Start*>(of);
  // A host that is stopped together with all that it has started may be killed then.
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  prctl(PR_SET_NAME, "exec-sweeper");
  const pid_t host_group = getpgrp();
  setsid();
  syscall(SYS_close_range, 0U, ~0U, 0U);
  [[maybe_unused]] const int moved = chdir("/");
  pollfd host{static_cast<int>(syscall(SYS_pidfd_open, start.host, 0)), POLLIN, 0};
  // It may have been killed before there was a descriptor for it.
  while (getppid() == start.host) poll(&host, 1, host.fd >= 0 ? -1 : kPauseWithoutDescriptorMs);
  Sweep(*start.told, host_group).run();
  return 0;
}

// And this again in the process that has commands.

/// A child process of ganger has this variable from its parent, whose number it begins with.
bool is_child_of_ganger() {
  const char* mark = std::getenv("GANGER_CHILD");
  if (mark == nullptr) return false;
  pid_t parent = 0;
  const std::string_view text = mark;
  std::from_chars(text.data(), text.data() + text.size(), parent);
  return parent == getppid();
}

/// The sweeper goes with the process where that ends in order. What is forked from it has none.
class Sweeper {
 public:
  explicit Sweeper(const std::string& cookie) {
    Board* const told = board();
    char* const stack = map_zeros<char>(kSweeperStackBytes, MAP_PRIVATE);
    if (told == nullptr || stack == nullptr || cookie.size() > kMostCookieBytes || is_child_of_ganger()) return;
    cookie.copy(told->cookie, cookie.size());
    told->cookie_bytes = cookie.size();
    told->oldest = ticks_before_now();
    Start start{told, owner_};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = clone_process(run_sweeper, stack + kSweeperStackBytes, 0, &start);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    munmap(stack, kSweeperStackBytes);
  }
  ~Sweeper() {
    if (pid_ <= 0 || getpid() != owner_) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  const pid_t owner_ = getpid();
  pid_t pid_ = -1;
};

}  // namespace

Watched::Watched() {
  Board* const told = board();
  for (std::size_t i = 0; told != nullptr && i < kMostWatched; ++i)
    if (!told->is_taken[i].load(std::memory_order_relaxed) && !told->is_taken[i].exchange(true)) {
      pid_ = &told->pids[i];
      return;
    }
}

Watched::Watched(Watched&& other) noexcept : pid_(std::exchange(other.pid_, nullptr)) {}

Watched& Watched::operator=(Watched&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Watched::~Watched() {
  if (pid_ == nullptr) return;
  *pid_ = 0;
  Board& told = *board();
  const auto i = static_cast<std::size_t>(pid_ - told.pids.data());
  told.groups[i] = 0;
  told.is_taken[i] = false;
}

void Watched::started(pid_t pid) {
  if (pid_ != nullptr) board()->groups[static_cast<std::size_t>(pid_ - board()->pids.data())] = pid;
}

void Watched::reaped() {
  if (pid_ != nullptr) *pid_ = 0;
}

std::vector<pid_t> watched_groups() {
  std::vector<pid_t> all;
  const Board* const told = board();
  for (std::size_t i = 0; told != nullptr && i < kMostWatched; ++i)
    if (const pid_t group = told->groups[i].load(std::memory_order_relaxed); group != 0) all.push_back(group);
  std::sort(all.begin(), all.end());
  return all;
}

void start_sweeper(const std::string& cookie) { static const Sweeper sweeper(cookie); }

}  // namespace ganger::exec
