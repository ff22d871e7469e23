#include "host/run/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace ganger::host {

Watcher::Watcher(Clock& clock, Stop& stop)
    : clock_(clock), stop_(stop), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Watcher::~Watcher() {
  if (wake_fd_ >= 0) close(wake_fd_);
}

void Watcher::wake() {
  if (wake_fd_ < 0) return;
  // Full means that it is readable already.
  [[maybe_unused]] const int ignored = eventfd_write(wake_fd_, 1);
}

void Watcher::heed(Signals& signals, const Calls& calls, Loop* loop) {
  while (const auto signal = signals.next()) {
    if (*signal == SIGUSR1) {
      stop_.drain();
    } else if (*signal == SIGQUIT) {
      calls.dump();
      std::abort();
    } else if (*signal == SIGTSTP) {
      calls.suspend();
    } else if (const int stage = stop_.interrupt(*signal); stage == 2) {
      if (loop != nullptr) loop->give_up_all();
    } else if (stage > 2) {
      calls.leave();
    }
  }
}

void Watcher::watch(Loop& loop, Signals& signals, const Calls& calls) {
  for (;;) {
    heed(signals, calls, &loop);
    const TimePoint alarm = loop.tick();
    const TimePoint beat = calls.beat(clock_.now());  // at the end, too: of a stop there is something to be told
    if (loop.has_ended()) return;
    sleep_until(std::min(alarm, beat), signals.fd());
  }
}

bool Watcher::wait(Duration moment, Signals& signals, const Calls& calls) {
  if (stop_.asked(clock_.now()) == StopReason::none)
    sleep_until(std::min(after(clock_.now(), moment), stop_.deadline()), signals.fd());
  heed(signals, calls, nullptr);
  return stop_.asked(clock_.now()) == StopReason::none;
}

void Watcher::sleep_until(TimePoint alarm, int signal_fd) const {
  // Without descriptors (none were left) it looks every 50 ms instead.
  const bool is_blind = wake_fd_ < 0 || signal_fd < 0;
  if (is_blind) alarm = std::min(alarm, clock_.now() + std::chrono::milliseconds(50));
  pollfd fds[] = {{wake_fd_, POLLIN, 0}, {signal_fd, POLLIN, 0}};
  timespec timeout{};
  if (alarm != kNever) {
    const auto left = std::max<std::int64_t>(0, (alarm - clock_.now()).count());
    timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  }
  ppoll(fds, 2, alarm == kNever ? nullptr : &timeout, nullptr);
  eventfd_t ignored = 0;
  if (wake_fd_ >= 0) eventfd_read(wake_fd_, &ignored);
}

}  // namespace ganger::host
