// What all parts of the soak share: where things are, how long it may take, and the figures that are printed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "process.h"

namespace soak {

using Random = std::mt19937_64;

struct Settings {
  std::filesystem::path program;  ///< ganger
  std::filesystem::path dir;      ///< for everything that is written
  std::uint64_t seed = 0;
  seconds length{300};  ///< of the whole, about

  bool is_short() const { return length < seconds(240); }
  /// `ganger VERB ... --state-dir STATE`
  std::vector<std::string> command(std::vector<std::string> words, const std::filesystem::path& state) const;
};

/// What a round did, for the message when it breaks and for who wants to repeat it.
[[noreturn]] void broken_in_round(const char* part, std::uint64_t seed, std::uint64_t round,
                                  const std::filesystem::path& dir, const std::string& why);

/// Runs rounds with seeds of their own until the time is over; at least one. Says how many.
template <class Round>
std::uint64_t repeat(const Settings& settings, const char* part, Clock::duration length, Round round) {
  std::uint64_t count = 0;
  for (const auto until = Clock::now() + length; count == 0 || Clock::now() < until; ++count) {
    const std::filesystem::path dir = settings.dir / (std::string(part) + std::to_string(count));
    std::filesystem::create_directories(dir);
    Random random(settings.seed * 1'000'003 + count);
    try {
      round(random, dir);
    } catch (const Broken& broken) {
      broken_in_round(part, settings.seed, count, dir, broken.what());
    }
    std::filesystem::remove_all(dir);
  }
  return count;
}

/// A number from `low` to `high`.
inline int pick(Random& random, int low, int high) { return std::uniform_int_distribution(low, high)(random); }

void soak_kills_of_hosts(const Settings& settings, Clock::duration length);
void soak_kills_of_workers(const Settings& settings, Clock::duration length);
void soak_idle_workers(const Settings& settings, Clock::duration length);
void soak_many_tasks(const Settings& settings);

}  // namespace soak
