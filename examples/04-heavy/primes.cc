// A heavy task: it runs on the work pool instead of the serial lane, and spreads its own work over the workers that
// are free. The thread that calls parallel() helps, so it gets done even when no other worker is.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>

namespace {

constexpr std::int64_t kPart = 10'000;  // numbers looked at between two questions whether to stop

bool is_prime(std::int64_t n) {
  if (n < 2) return false;
  for (std::int64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return true;
}

struct Count {
  static constexpr const char* name = "count";
  static constexpr const char* summary = "Counts the primes below a number";
  static constexpr std::uint32_t flags = ganger::heavy | ganger::idempotent;
  static constexpr ganger::param params[] = {{"below", GANGER_I64, "the number", nullptr, ganger::required}};

  void run(const ganger::ctx& c) {
    const auto below = std::max<std::int64_t>(c.get<std::int64_t>("below"), 0);
    const auto parts = static_cast<std::uint64_t>((below + kPart - 1) / kPart);
    std::atomic<std::int64_t> primes{0};
    std::atomic<std::uint64_t> done{0};

    c.parallel(parts, [&](std::uint64_t part) {
      c.throw_if_stopped();
      const auto first = static_cast<std::int64_t>(part) * kPart;
      const auto last = std::min(first + kPart, below);
      std::int64_t found = 0;
      for (auto n = first; n < last; ++n) found += is_prime(n) ? 1 : 0;
      primes += found;
      c.progress(++done, parts, "parts");
    });

    c.info(std::to_string(primes) + " primes below " + std::to_string(below));
    c.out("primes", primes.load());
  }
};

}  // namespace

GANGER_PLUGIN("primes", "1.0.0", Count)
