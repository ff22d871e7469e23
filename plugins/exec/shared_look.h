// One look for all who want to look at the same time.
#ifndef GANGER_EXEC_SHARED_LOOK_H
#define GANGER_EXEC_SHARED_LOOK_H

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace ganger::exec {

/// However many threads ask, one looks at a time, and those who ask meanwhile share the next look. Thread: any.
template <class T>
class SharedLook {
 public:
  explicit SharedLook(std::function<T()> look) : look_(std::move(look)) {}

  /// What a look has seen that began after this call. Throws what the look throws.
  std::shared_ptr<const T> now() {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = begun_ + 1;
    while (seen_by_ < wanted) {
      if (is_looking_)
        wait(lock);
      else
        look(lock);
    }
    return seen_;
  }

  /// How many threads wait for one that looks.
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  void wait(std::unique_lock<std::mutex>& lock) {
    ++waiting_;
    changed_.wait(lock);
    --waiting_;
  }
  void look(std::unique_lock<std::mutex>& lock) {
    is_looking_ = true;
    const std::uint64_t number = ++begun_;
    lock.unlock();
    std::shared_ptr<const T> seen;
    try {
      seen = std::make_shared<const T>(look_());
    } catch (...) {
      lock.lock();
      is_looking_ = false;
      changed_.notify_all();
      throw;
    }
    lock.lock();
    is_looking_ = false;
    seen_ = std::move(seen);
    seen_by_ = number;
    changed_.notify_all();
  }

  const std::function<T()> look_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  bool is_looking_ = false;
  std::size_t waiting_ = 0;
  std::uint64_t begun_ = 0, seen_by_ = 0;  // numbers of looks: the last one that began, and that of `seen_`
  std::shared_ptr<const T> seen_;
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_SHARED_LOOK_H
