// Column mutex_condvar: the same meaning as our hand-off in the plain way, with a mutex and condition variables.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/bench/crew.h"

namespace ganger::bench {

namespace {

class PlainCrowd {
 public:
  explicit PlainCrowd(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }

  /// Returns when a worker has the work.
  void give(void (*run)(void*) noexcept, void* argument) {
    std::unique_lock lock(mutex_);
    emptied_.wait(lock, [this] { return run_ == nullptr; });
    run_ = run;
    argument_ = argument;
    const unsigned long mine = ++given_;
    filled_.notify_one();
    taken_by_.wait(lock, [&] { return taken_ >= mine; });
  }

  void finish() {
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
      filled_.notify_all();
    }
    threads_.clear();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      filled_.wait(lock, [this] { return run_ != nullptr || is_closed_; });
      if (run_ == nullptr) return;
      const auto run = std::exchange(run_, nullptr);
      void* const argument = argument_;
      ++taken_;
      taken_by_.notify_all();
      emptied_.notify_one();
      lock.unlock();
      run(argument);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_, emptied_, taken_by_;
  void (*run_)(void*) noexcept = nullptr;
  void* argument_ = nullptr;
  unsigned long given_ = 0, taken_ = 0;
  bool is_closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace

void register_rows() { register_crowd<PlainCrowd>("mutex_condvar", 4'000); }

}  // namespace ganger::bench
