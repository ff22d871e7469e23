// pool.tT.size25: ns for an acquire and its release by each of T threads on a pool of 25 resources that all exist.
#include "host/pools/pool.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/measure.h"

namespace ganger::bench {
namespace {

class MemoryProvider final : public host::Provider {
 public:
  host::Result<void*> open(void* /*borrower*/) noexcept override { return std::malloc(8); }
  void close(void* handle) noexcept override { std::free(handle); }
};

void fill(host::Pool& pool, std::uint32_t size) {
  std::vector<host::Lease> leases;
  for (std::uint32_t i = 0; i < size; ++i) leases.push_back(pool.acquire(0).lease);
  for (const host::Lease& lease : leases) pool.release(0, lease.id);
}

double acquire_and_release_ns(host::Pool& pool, int threads, int total) {
  std::atomic<bool> started{false};
  std::vector<std::jthread> borrowers;
  for (int borrower = 0; borrower < threads; ++borrower) {
    borrowers.emplace_back([&, owner = static_cast<host::OwnerId>(borrower + 1)] {
      while (!started) std::this_thread::yield();
      for (int i = 0; i < total / threads; ++i) pool.release(owner, pool.acquire(owner).lease.id);
    });
  }
  const double begin = now_ns();
  started = true;
  borrowers.clear();
  return (now_ns() - begin) / total;
}

}  // namespace

void measure_pool() {
  constexpr std::uint32_t kSize = 25;
  constexpr int kTotal = 1'000'000;
  for (const int threads : {1, 2, 4, 25}) {
    std::vector<double> times;
    for (int round = 0; round < 3; ++round) {
      host::SteadyClock clock;
      const auto pool = host::Pool::make({.name = "bench", .size = kSize}, std::make_unique<MemoryProvider>(), clock);
      if (!pool) {
        std::fprintf(stderr, "anchors: %s\n", pool.error().message.c_str());
        std::exit(EXIT_FAILURE);
      }
      fill(**pool, kSize);
      times.push_back(acquire_and_release_ns(**pool, threads, kTotal));
      (*pool)->close();
    }
    print_row("pool.t" + std::to_string(threads) + ".size25", kProject, median(times), "ns");
  }
}

}  // namespace ganger::bench
