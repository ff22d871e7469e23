// Column moodycamel: workers at a BlockingConcurrentQueue. It queues: giving returns at once.
#include <concurrentqueue/blockingconcurrentqueue.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/bench/crew.h"

namespace ganger::bench {

namespace {

class MoodycamelCrowd {
 public:
  explicit MoodycamelCrowd(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  void give(void (*run)(void*) noexcept, void* argument) {
    given_.fetch_add(1, std::memory_order_relaxed);
    queue_.enqueue({run, argument});
  }
  /// The queue keeps no order between givers, so a last piece is last only when all others have been done.
  void finish() {
    while (done_ != given_) std::this_thread::yield();
    for (std::size_t i = 0; i < threads_.size(); ++i) queue_.enqueue({});
    threads_.clear();
  }

 private:
  struct Piece {
    void (*run)(void*) noexcept = nullptr;
    void* argument = nullptr;
  };
  void work() {
    for (Piece piece;;) {
      queue_.wait_dequeue(piece);
      if (piece.run == nullptr) return;
      piece.run(piece.argument);
      done_.fetch_add(1, std::memory_order_release);
    }
  }

  moodycamel::BlockingConcurrentQueue<Piece> queue_;
  alignas(64) std::atomic<unsigned long> given_{0};
  alignas(64) std::atomic<unsigned long> done_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace

void register_rows() { register_crowd<MoodycamelCrowd>("moodycamel", 200'000); }

}  // namespace ganger::bench
