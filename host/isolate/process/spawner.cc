#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"

extern "C" {
#include <sys/pidfd.h>  // declares C functions without saying so
}

namespace ganger::host {

namespace {

std::string what_to_do(int error) {
  switch (error) {
    case EAGAIN:
      return "no more processes are allowed; see `ulimit -u`, or run less at once";
    case EMFILE:
      return "this process has no descriptor left; raise `ulimit -n`, or run less at once";
    case ENFILE:
      return "the machine has no descriptor left; run less at once";
    case ENOMEM:
      return "the machine has no memory left for another process; run less at once";
    case ENOSYS:
      return "this needs Linux 5.3";
    default:
      return std::strerror(error);
  }
}

tl::unexpected<Error> cannot_start(const Command& command, int error) {
  return failure(ErrorKind::io, fmt::format("cannot start {}: {}", command.file.string(), what_to_do(error)));
}

/// What posix_spawn is told to do in the child. Members return the first errno.
class Setup {
 public:
  Setup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  /// A group of its own, no blocked and no ignored signal: both would outlive exec.
  int reset_signals() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    return posix_spawnattr_setflags(&attributes_,
                                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  /// Every number below `end` gets what is named for it, /dev/null or nothing; all from `end` on are closed.
  int give(const std::vector<std::pair<int, int>>& descriptors, int end) {
    for (int number = 0; number < end; ++number) {
      const auto named = std::find_if(descriptors.begin(), descriptors.end(),
                                      [&](const auto& pair) { return pair.second == number; });
      int error = 0;
      if (named != descriptors.end())
        error = posix_spawn_file_actions_adddup2(&actions_, named->first, number);
      else if (number <= STDERR_FILENO)
        error = posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0);
      else
        error = posix_spawn_file_actions_addclose(&actions_, number);
      if (error != 0) return error;
    }
    return posix_spawn_file_actions_addclosefrom_np(&actions_, end);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Descriptors that a start needs for its own duration.
struct Doubles {
  std::vector<Descriptor> owners;
  std::vector<std::pair<int, int>> pairs;  ///< {double, the child's number}
};

/// Doubles above all of the child's numbers: none is overwritten before it has been used, and none has its child's
/// number, for which dup2 would do nothing and leave it to be closed by exec.
std::optional<Doubles> doubles_of(const std::vector<std::pair<int, int>>& descriptors, int end) {
  Doubles doubles;
  for (const auto& [ours, number] : descriptors) {
    Descriptor copy(fcntl(ours, F_DUPFD_CLOEXEC, end));
    if (!copy.is_open()) return std::nullopt;
    doubles.pairs.emplace_back(copy.get(), number);
    doubles.owners.push_back(std::move(copy));
  }
  return doubles;
}

Result<Process> spawn(const Command& command) {
  int end = STDERR_FILENO + 1;
  for (const auto& pair : command.descriptors) end = std::max(end, pair.second + 1);
  const std::optional<Doubles> doubles = doubles_of(command.descriptors, end);
  if (!doubles) return cannot_start(command, errno);
  Setup setup;
  if (const int error = setup.reset_signals(); error != 0) return cannot_start(command, error);
  if (const int error = setup.give(doubles->pairs, end); error != 0) return cannot_start(command, error);
  const std::vector<char*> arguments = pointers_to(command.arguments);
  const std::vector<char*> environment = pointers_to(command.environment);

  WatchedChildren& watched = WatchedChildren::instance();
  const std::lock_guard lock(watched.starting);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.file.c_str(), setup.actions(), setup.attributes(), arguments.data(),
                                environment.data());
  if (error != 0) return cannot_start(command, error);
  Descriptor pidfd(pidfd_open(pid, 0));
  if (!pidfd.is_open()) {
    const int why = errno;
    kill(-pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return cannot_start(command, why);
  }
  return Process(pid, std::move(pidfd));
}

}  // namespace

/// Lives on the stack of the thread that waits for it.
struct Spawner::Order {
  const Command* command = nullptr;
  std::optional<Result<Process>> answer{};  // guarded by mutex_
};

Spawner::Spawner() {
  // A signal to this process is for a thread that expects it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error&) {
    // start() says so.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Spawner::~Spawner() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<Process> Spawner::start(const Command& command) {
  if (!thread_.joinable())
    return failure(ErrorKind::io, "no thread could be had to start processes from; see `ulimit -u`");
  Order order{.command = &command};
  std::unique_lock lock(mutex_);
  orders_.push_back(&order);
  changed_.notify_all();
  changed_.wait(lock, [&] { return order.answer.has_value(); });
  return *std::move(order.answer);
}

void Spawner::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_closed_ || !orders_.empty(); });
    if (orders_.empty()) return;
    Order* const order = orders_.front();
    orders_.erase(orders_.begin());
    lock.unlock();
    Result<Process> answer = spawn(*order->command);
    lock.lock();
    order->answer.emplace(std::move(answer));
    changed_.notify_all();
  }
}

}  // namespace ganger::host
