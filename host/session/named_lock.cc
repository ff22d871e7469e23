#include "host/session/named_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "host/journal/journal_file.h"
#include "host/journal/run_lock.h"
#include "host/private_folder.h"
#include "host/report/say.h"
#include "host/report/service_manager.h"
#include "host/session/prepare.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kEndOfKilled(500);

constexpr std::chrono::milliseconds kOften(20);

/// Tries again and again until `until`, since a call that waits could only be ended by a signal, and those may be
/// somebody else's. Returns: 0, or the error
int take_until(int fd, TimePoint until) {
  for (;;) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EWOULDBLOCK && errno != EINTR) return errno;
    const Duration left = until - std::chrono::steady_clock::now();
    if (left <= Duration::zero()) return EWOULDBLOCK;
    std::this_thread::sleep_for(std::min<Duration>(left, kOften));
  }
}

/// Returns: 0, or the error
int take(int fd, int operation) {
  while (flock(fd, operation) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

}  // namespace

Result<LockWish> take_lock(const fs::path& state, const std::string& name, OnBusy on_busy, TimePoint until) {
  const fs::path file = state / "locks" / (name + ".lock");
  const auto cannot = [&](int error) {
    return failure(ErrorKind::cannot_create,
                   fmt::format("cannot take the lock {}: {}", file.string(), std::strerror(error)));
  };
  if (auto made = make_state_folder(state); !made) return tl::unexpected(std::move(made).error());
  if (auto made = make_private_folder(file.parent_path()); !made) return tl::unexpected(std::move(made).error());
  // Never closed, so that only the end of the process lets go of it; no child has it. The file stays: to remove it
  // would let two processes hold locks of one name on two files.
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return cannot(errno);
  close_in_forks(fd);
  const bool waits = on_busy == OnBusy::wait;
  const int error = waits && until != kNever ? take_until(fd, until) : take(fd, waits ? LOCK_EX : LOCK_EX | LOCK_NB);
  if (error == EWOULDBLOCK) return waits ? LockWish::late : LockWish::busy;
  if (error != 0) return cannot(error);
  return LockWish::granted;
}

std::optional<int> take_lock_of(const RunOptions& options, std::optional<Duration>& timeout) {
  const auto fail = [](const Error& error) {
    say(Errors{error});
    return exit_code(error.kind);
  };
  if (options.lock.empty()) {
    if (!options.on_busy) return std::nullopt;
    return fail({ErrorKind::usage, "--on-busy has no effect: the run had no lock, and --lock gives it none", {}});
  }
  const auto state = state_dir(options);
  if (!state) return fail(state.error());
  const TimePoint began = std::chrono::steady_clock::now();
  const TimePoint until = timeout ? after(began, *timeout) : kNever;
  const OnBusy on_busy = options.on_busy.value_or(OnBusy::skip);
  const bool waits = on_busy == OnBusy::wait;
  // A child that a killed host was about to start shares its lock until it has become another program.
  const auto wish = options.purpose == Purpose::resume && !waits
                        ? take_lock(*state, options.lock, OnBusy::wait, std::min(until, began + kEndOfKilled))
                        : take_lock(*state, options.lock, on_busy, until);
  if (!wish) return fail(wish.error());
  if (*wish != LockWish::granted && !waits) {
    const std::string why = fmt::format("another run holds the lock '{}'; nothing was run", options.lock);
    say(why);
    tell_nothing_to_run(service_settings(), why);
    return kExitDeferred;
  }
  if (timeout) timeout = std::max(*timeout - (std::chrono::steady_clock::now() - began), Duration(0));
  if (*wish == LockWish::granted) return std::nullopt;
  say(fmt::format("error: the deadline passed while another run held the lock '{}'; nothing was run", options.lock));
  return exit_code(RunEnd::timeout, options.exit_style, 0);
}

}  // namespace ganger::host
