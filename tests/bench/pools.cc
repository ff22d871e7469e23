// pool.tT.size25: ns for an acquire and its release by each of T threads, 25 resources open. Column project goes
// through the C table that plugins call, with an owner for each thread; pool_class calls the class behind it.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "host/pools/pool.h"
#include "tests/bench/rows.h"
#include "tests/bench/table_pool.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Every allocation of this program is counted, so that a pool that allocates is seen.
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace ganger::bench {

namespace {

constexpr std::uint32_t kSize = 25;

class MemoryProvider final : public host::Provider {
 public:
  host::Result<void*> open(void* /*borrower*/) noexcept override { return std::malloc(8); }
  void close(void* handle) noexcept override { std::free(handle); }
};

/// Each thread has a pair of its own, made there by make(number of the thread), and calls it. From the first call to
/// the end of the last thread, for one pair.
template <class F>
double pair_ns(int threads, F&& make) {
  const std::uint32_t each = scaled(1'000'000) / static_cast<std::uint32_t>(threads);
  std::atomic<int> ready{0};
  std::atomic<bool> started{false};
  std::vector<std::jthread> borrowers;
  for (int number = 0; number < threads; ++number) {
    borrowers.emplace_back([&, number] {
      auto&& acquire_and_release = make(number);
      ++ready;
      while (!started) std::this_thread::yield();
      for (std::uint32_t i = 0; i < each; ++i) acquire_and_release();
    });
  }
  while (ready != threads) std::this_thread::yield();
  const double begin = now_ns();
  started = true;
  borrowers.clear();
  return (now_ns() - begin) / (each * static_cast<std::uint32_t>(threads));
}

double through_table_ns(int threads) {
  TablePool pool(kSize);
  return pair_ns(threads, [&](int) {
    return [borrower = std::make_unique<Borrower>(pool.set())] { borrower->acquire_and_release(); };
  });
}

double through_class_ns(int threads) {
  host::SteadyClock clock;
  const auto pool =
      needed(host::Pool::make({.name = "bench", .size = kSize}, std::make_unique<MemoryProvider>(), clock));
  std::vector<host::Lease> leases;
  for (std::uint32_t i = 0; i < kSize; ++i) leases.push_back(pool->acquire(0).lease);
  for (const host::Lease& lease : leases) pool->release(0, lease.id);
  const double ns = pair_ns(threads, [&](int number) {
    return
        [&, owner = static_cast<host::OwnerId>(number + 1)] { pool->release(owner, pool->acquire(owner).lease.id); };
  });
  pool->close();
  return ns;
}

void count_allocations(benchmark::State& state) {
  constexpr int kTimes = 10'000;
  TablePool pool(kSize);
  Borrower borrower(pool.set());
  borrower.acquire_and_release();
  const std::uint64_t before = allocations;
  for (int i = 0; i < kTimes; ++i) borrower.acquire_and_release();
  state.counters["pool.t1.allocations per-pair"] = static_cast<double>(allocations - before) / kTimes;
}

}  // namespace

void register_rows() {
  for (const int threads : {1, 2, 4, 25}) {
    const std::string row = "pool.t" + std::to_string(threads) + ".size25";
    measure_whole(row, [=](benchmark::State& state) { state.counters[row + " ns"] = through_table_ns(threads); });
    measure_whole(row, [=](benchmark::State& state) {
      state.counters[row + " ns"] = through_class_ns(threads);
      state.SetLabel("pool_class");
    });
  }
  measure_whole("pool.t1.allocations", count_allocations, 1);
}

}  // namespace ganger::bench
