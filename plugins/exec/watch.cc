#include "watch.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

namespace ganger::exec {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr nanoseconds kForever{-1};
/// How long a command that has ended may still be written for by what it has started.
constexpr auto kLinger = milliseconds(100);
/// What those get to end by themselves.
constexpr auto kLongestFarewell = milliseconds(500);
/// Between two looks at who is left: the first one, and the longest.
constexpr nanoseconds kFirstPause = milliseconds(1), kLongestPause = milliseconds(50);
/// After which a command is no short one, for which it is not worth to have a descriptor made that says when to stop.
constexpr auto kShort = milliseconds(10);
/// How often the stop is asked for where there is no such descriptor.
constexpr auto kStopPause = milliseconds(100);
/// Of a pipe, so that one read empties it.
constexpr std::size_t kReadBytes = 65536;

}  // namespace

Watch::Watch(const ctx& c, const Command& command, nanoseconds kill_after, Taker out, Taker err)
    : ctx_(c),
      kill_after_(kill_after),
      take_out_(std::move(out)),
      take_err_(std::move(err)),
      started_(start(command)),
      family_(started_.pid, started_.cookie) {}

Watch::~Watch() {
  if (is_over_) return;
  try {
    family_.end();
    reap();
  } catch (...) {  // out of memory: the leader and its group at least
    if (!is_reaped_) kill(-started_.pid, SIGKILL);
  }
}

CommandEnd Watch::run() {
  nanoseconds longest = kShort;
  while (!has_ended_ && !is_stop_asked_) {
    if (step(longest) || stop_fd_ >= 0) continue;
    stop_fd_ = ctx_.stop_fd();
    longest = stop_fd_ < 0 ? nanoseconds(kStopPause) : kForever;
  }
  if (is_stop_asked_) {
    stop();
  } else {
    reap();
    const auto is_all = [&] { return has_all_output() && !family_.has_group(); };
    if (!is_all() && !step_until(steady_clock::now() + kLinger, is_all)) end_what_is_left();
  }
  is_over_ = true;
  return end_;
}

/// Waits for what comes next, and sees to it. False: nothing came.
bool Watch::step(nanoseconds longest) {
  std::array<pollfd, 4> all = {pollfd{has_ended_ ? -1 : started_.pidfd.get(), POLLIN, 0},
                               pollfd{started_.out.get(), POLLIN, 0}, pollfd{started_.err.get(), POLLIN, 0},
                               pollfd{is_stop_asked_ || has_ended_ ? -1 : stop_fd_, POLLIN, 0}};
  const timespec limit{static_cast<time_t>(longest.count() / 1'000'000'000), longest.count() % 1'000'000'000};
  const int ready = ppoll(all.data(), all.size(), longest == kForever ? nullptr : &limit, nullptr);
  if (ready < 0 && errno != EINTR) throw error(GANGER_RETRY, "cannot wait for the command: " + text_of_errno(errno));
  if (ready > 0) {
    if (all[0].revents != 0) has_ended_ = true;
    if (all[1].revents != 0) take(started_.out, all[1].revents, take_out_);
    if (all[2].revents != 0) take(started_.err, all[2].revents, take_err_);
  }
  // A command that has ended by itself was not stopped.
  if (!has_ended_ && !is_stop_asked_)
    is_stop_asked_ = stop_fd_ < 0 ? ctx_.stop_requested() : ready > 0 && all[3].revents != 0;
  return ready != 0;
}

void Watch::take(Descriptor& from, short events, const Taker& taker) {
  ssize_t n = 0;
  if ((events & POLLIN) != 0) {
    std::array<char, kReadBytes> block;  // not cleared: most commands write little
    n = read(from.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) return;
    if (n > 0) taker({block.data(), static_cast<std::size_t>(n)});
  }
  // Nobody writes any more, and the pipe is empty: another read would only say so.
  const bool was_last = (events & POLLHUP) != 0 && n < static_cast<ssize_t>(kReadBytes);
  if (n < 0 || was_last || ((events & POLLIN) != 0 && n == 0)) from.reset();
}

void Watch::reap() {
  if (is_reaped_) return;
  siginfo_t info{};
  int failed = 0;
  do {
    failed = waitid(P_PIDFD, static_cast<id_t>(started_.pidfd.get()), &info, WEXITED);
  } while (failed != 0 && errno == EINTR);
  is_reaped_ = has_ended_ = true;
  started_.watched.reaped();
  family_.leader_is_reaped();
  if (failed != 0) {
    end_.code = -1;  // somebody else has waited for it
    return;
  }
  if (info.si_code == CLD_EXITED)
    end_.code = info.si_status;
  else
    end_.signal = info.si_status;
}

template <class F>
bool Watch::step_until(TimePoint until, F is_enough) {
  for (nanoseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    const nanoseconds left = until - steady_clock::now();
    if (left <= nanoseconds(0)) return is_enough();
    step(std::min(left, pause));
    if (is_enough()) return true;
  }
}

void Watch::stop() {
  end_.was_stopped = true;
  family_.ask_to_end();
  // What the leader has started may need the time more than the leader itself.
  step_until(steady_clock::now() + kill_after_, [&] { return has_ended_ && !family_.is_running(); });
  family_.end();
  reap();
  // Something else may hold the other end for as long as it likes.
  step_until(steady_clock::now() + kLinger, [&] { return has_all_output(); });
}

void Watch::end_what_is_left() {
  family_.ask_to_end();
  step_until(steady_clock::now() + kLongestFarewell, [&] { return !family_.is_running(); });
  family_.end();
  step_until(steady_clock::now() + kLinger, [&] { return has_all_output(); });
  end_.left_behind = family_.told();
  end_.is_output_still_open = !has_all_output();
}

}  // namespace ganger::exec
