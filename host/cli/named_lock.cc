#include "host/cli/named_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "host/cli/prepare.h"
#include "host/cli/say.h"
#include "host/journal/journal_file.h"
#include "host/journal/run_lock.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kEndOfKilled(500);

void wake_up(int) {}

/// While it lives, a call that waits is interrupted again and again, so that it can see what time it is.
class Wakener {
 public:
  Wakener() {
    struct sigaction action {};
    action.sa_handler = wake_up;  // and no SA_RESTART
    sigaction(SIGALRM, &action, &before_);
    // Whoever has started us may have blocked it.
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm, &mask_before_);
    set(kOften);
  }
  ~Wakener() {
    set({});
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Wakener(const Wakener&) = delete;
  Wakener& operator=(const Wakener&) = delete;

 private:
  static constexpr timeval kOften{.tv_sec = 0, .tv_usec = 20'000};
  static void set(timeval interval) {
    const itimerval timer{.it_interval = interval, .it_value = interval};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction before_ {};
  sigset_t mask_before_{};
};

}  // namespace

Result<LockWish> take_lock(const fs::path& state, const std::string& name, OnBusy on_busy, TimePoint until) {
  const fs::path file = state / "locks" / (name + ".lock");
  const auto cannot = [&](int error) {
    return failure(ErrorKind::cannot_create,
                   fmt::format("cannot take the lock {}: {}", file.string(), std::strerror(error)));
  };
  for (const fs::path& folder : {state, file.parent_path()})
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(std::move(made).error());
  // Never closed, so that only the end of the process lets go of it; no child has it. The file stays: to remove it
  // would let two processes hold locks of one name on two files.
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return cannot(errno);
  close_in_forks(fd);
  std::optional<Wakener> wakener;
  if (on_busy == OnBusy::wait && until != kNever) wakener.emplace();
  while (flock(fd, on_busy == OnBusy::wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return LockWish::busy;
    if (errno != EINTR) return cannot(errno);
    if (std::chrono::steady_clock::now() >= until) return LockWish::late;
  }
  return LockWish::granted;
}

std::optional<int> take_lock_of(const Options& options, std::optional<Duration>& timeout) {
  if (options.lock.empty()) return std::nullopt;
  const auto fail = [](const Error& error) {
    say(Errors{error});
    return exit_code(error.kind);
  };
  const auto state = state_dir(options);
  if (!state) return fail(state.error());
  const TimePoint began = std::chrono::steady_clock::now();
  const TimePoint until = timeout ? after(began, *timeout) : kNever;
  const bool waits = options.on_busy == OnBusy::wait;
  // A child that a killed host was about to start shares its lock until it has become another program.
  const auto wish = options.verb == Verb::resume && !waits
                        ? take_lock(*state, options.lock, OnBusy::wait, std::min(until, began + kEndOfKilled))
                        : take_lock(*state, options.lock, options.on_busy, until);
  if (!wish) return fail(wish.error());
  if (*wish != LockWish::granted && !waits) {
    say(fmt::format("another run holds the lock '{}'; nothing was run", options.lock));
    return kExitDeferred;
  }
  if (timeout) timeout = std::max(*timeout - (std::chrono::steady_clock::now() - began), Duration(0));
  if (*wish == LockWish::granted) return std::nullopt;
  say(fmt::format("error: the deadline passed while another run held the lock '{}'; nothing was run", options.lock));
  return exit_code(RunEnd::timeout, options.exit_style, 0);
}

}  // namespace ganger::host
