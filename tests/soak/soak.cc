// soak PROGRAM [SECONDS [SEED]]: kills ganger and its workers at random for a while, runs very many tasks, and prints
// figures. Whether promises held is judged by what tasks have written themselves, not by what ganger says.
#include "soak.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

namespace fs = std::filesystem;

namespace soak {

std::vector<std::string> Settings::command(std::vector<std::string> words, const fs::path& state) const {
  words.insert(words.begin(), program);
  words.insert(words.end(), {"--state-dir", state});
  return words;
}

void broken_in_round(const char* part, std::uint64_t seed, std::uint64_t round, const fs::path& dir,
                     const std::string& why) {
  throw Broken(
      fmt::format("{}: round {} of seed {}: {}\nwhat it left is in {}", part, round, seed, why, dir.string()));
}

void soak(const Settings& settings) {
  fmt::print("soak of {}, {} s, seed {}\n", settings.program.string(), settings.length.count(), settings.seed);
  std::fflush(stdout);
  // What the many tasks take depends on the machine; the rest is for the kills.
  const auto start = Clock::now();
  soak_many_tasks(settings);
  const auto left = std::max<Clock::duration>(settings.length / 2, settings.length - (Clock::now() - start));
  soak_kills_of_hosts(settings, left * 6 / 10);
  soak_kills_of_workers(settings, left * 3 / 10);
  soak_idle_workers(settings, left / 10);
  fmt::print("every promise held\n");
}

}  // namespace soak

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fputs("usage: soak PROGRAM [SECONDS [SEED]]\n", stderr);
    return 64;
  }
  soak::Settings settings;
  settings.program = fs::absolute(argv[1]);
  if (argc > 2) settings.length = soak::seconds(std::strtol(argv[2], nullptr, 10));
  settings.seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
  settings.dir = fs::temp_directory_path() / fmt::format("ganger-soak-{}", getpid());
  fs::create_directories(settings.dir);
  soak::adopt_orphans();
  try {
    soak::soak(settings);
  } catch (const soak::Broken& broken) {
    std::fflush(stdout);
    fmt::print(stderr, "soak: broken: {}\n", broken.what());
    return 1;
  }
  fs::remove_all(settings.dir);
  return 0;
}
