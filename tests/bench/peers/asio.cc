// Column asio_post: Boost.Asio's thread pool. It queues: a post returns at once.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "tests/bench/crew.h"

namespace ganger::bench {

namespace {

class AsioCrowd {
 public:
  explicit AsioCrowd(int workers) : pool_(static_cast<std::size_t>(workers)) {}
  void give(void (*run)(void*) noexcept, void* argument) {
    boost::asio::post(pool_, [run, argument] { run(argument); });
  }
  void finish() { pool_.join(); }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace

void register_rows() { register_crowd<AsioCrowd>("asio_post", 200'000); }

}  // namespace ganger::bench
