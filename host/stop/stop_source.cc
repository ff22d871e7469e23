#include "host/stop/stop_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace ganger::host {

namespace {

void make_readable(int fd) {
  // The counter of an eventfd that nobody reads cannot be full after one or two writes.
  [[maybe_unused]] const int ignored = eventfd_write(fd, 1);
}

}  // namespace

StopSource::~StopSource() {
  if (fd_ >= 0) close(fd_);
}

void StopSource::request(std::int32_t reason) {
  // The lock makes it one step for fd() and on_stop(): one that comes late must not reach what the next attempt has.
  const std::lock_guard lock(mutex_);
  std::int32_t none = 0;
  if (!reason_.compare_exchange_strong(none, reason, std::memory_order_acq_rel)) return;
  if (fd_ >= 0) make_readable(fd_);
  if (woken_ >= 0) make_readable(woken_);
  if (callbacks_.empty()) return;
  try {
    std::thread([self = shared_from_this(), generation = generation_] { self->run_callbacks(generation); }).detach();
  } catch (const std::system_error&) {
    // No thread to be had. The task still sees the reason and the descriptor.
  }
}

void StopSource::run_callbacks(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  while (generation == generation_ && !callbacks_.empty()) {
    const Callback c = callbacks_.back();
    callbacks_.pop_back();
    running_token_ = c.token;
    running_on_ = std::this_thread::get_id();
    lock.unlock();
    c.function(c.user);
    lock.lock();
    running_token_ = 0;
    callback_ended_.notify_all();
  }
}

int StopSource::fd() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) {
    fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    is_touched_.store(true, std::memory_order_relaxed);
    if (fd_ >= 0 && reason() != 0) make_readable(fd_);
  }
  return fd_;
}

void StopSource::wake_by(int eventfd) {
  const std::lock_guard lock(mutex_);
  woken_ = eventfd;
  if (woken_ < 0) return;
  is_touched_.store(true, std::memory_order_relaxed);
  if (reason() != 0) make_readable(woken_);
}

std::uint64_t StopSource::on_stop(void (*cb)(void*), void* user) {
  {
    const std::lock_guard lock(mutex_);
    if (reason() == 0) {
      is_touched_.store(true, std::memory_order_relaxed);
      callbacks_.push_back({++last_token_, cb, user});
      return last_token_;
    }
  }
  cb(user);
  return 0;
}

void StopSource::off_stop(std::uint64_t token) {
  if (token == 0) return;
  std::unique_lock lock(mutex_);
  std::erase_if(callbacks_, [&](const Callback& c) { return c.token == token; });
  if (running_token_ == token && running_on_ != std::this_thread::get_id())
    callback_ended_.wait(lock, [&] { return running_token_ != token; });
}

void StopSource::tidy_up() {
  std::unique_lock lock(mutex_);
  ++generation_;
  callbacks_.clear();
  callback_ended_.wait(lock, [&] { return running_token_ == 0; });
  if (fd_ >= 0) close(fd_);
  fd_ = woken_ = -1;
  is_touched_.store(false, std::memory_order_relaxed);
}

}  // namespace ganger::host
