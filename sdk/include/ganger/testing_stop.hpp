// ganger/testing_stop.hpp - the stop of one run: reason, descriptor, callbacks; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_STOP_HPP
#define GANGER_TESTING_STOP_HPP

#include <fcntl.h>
#include <ganger/plugin.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ganger/testing_result.hpp>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace ganger::testing {

/// Tells a run to end, once. Callbacks run on a thread of their own, as in the program. Thread: any, but for close().
class stop_signal {
 public:
  explicit stop_signal(record& record) : record_(record) {}
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  std::int32_t reason() const { return reason_; }

  /// The first one counts.
  void deliver(std::int32_t reason) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (reason_ != GANGER_RUNNING || is_closed_) return;
    reason_ = reason;
    if (pipe_[1] >= 0) make_readable();
    if (!callbacks_.empty()) caller_ = std::thread([this] { call_all(); });
  }

  int descriptor() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (pipe_[0] < 0 && ::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) == 0 && reason_ != GANGER_RUNNING) make_readable();
    return pipe_[0];
  }

  /// 0 when `f` was called at once.
  std::uint64_t add(void (*f)(void*), void* user) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (reason_ == GANGER_RUNNING) {
        callbacks_[++last_token_] = {f, user};
        return last_token_;
      }
    }
    f(user);
    return 0;
  }

  /// Waits for a callback that is running.
  void remove(std::uint64_t token) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (token != 0 && token == running_ && caller_.get_id() == std::this_thread::get_id())
      record_.bug("a stop callback takes itself off, which waits for ever");
    else
      changed_.wait(lock, [&] { return token == 0 || token != running_; });
    callbacks_.erase(token);
  }

  /// No callback is called after this. Records those that nobody took off.
  void close() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_closed_ = true;
    }
    if (caller_.joinable()) caller_.join();
    for (std::size_t i = 0; i < callbacks_.size(); ++i) record_.leaked("stop callback");
    for (const int fd : pipe_)
      if (fd >= 0) ::close(fd);
  }

 private:
  struct callback {
    void (*f)(void*);
    void* user;
  };

  void make_readable() {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(pipe_[1], &byte, 1);  // an empty pipe takes one byte
  }
  void call_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (auto next = callbacks_.begin(); next != callbacks_.end() && !is_closed_;) {
      const std::uint64_t token = next->first;
      const callback c = next->second;
      running_ = token;
      lock.unlock();
      c.f(c.user);
      lock.lock();
      running_ = 0;
      changed_.notify_all();
      next = callbacks_.upper_bound(token);
    }
  }

  record& record_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<std::int32_t> reason_{GANGER_RUNNING};
  int pipe_[2] = {-1, -1};
  std::map<std::uint64_t, callback> callbacks_;
  std::uint64_t last_token_ = 0;
  std::uint64_t running_ = 0;  // the token whose callback is being called
  bool is_closed_ = false;
  std::thread caller_;
};

}  // namespace ganger::testing

#endif  // GANGER_TESTING_STOP_HPP
