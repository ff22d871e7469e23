#include "host/cli/left_folders.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/journal/run_lock.h"
#include "host/report/summary.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

// Each costs a look into the journal.
constexpr std::size_t kMostAtATime = 32;

/// "20261122-043055-7f3a9c", as make_run_id() makes them.
bool is_run_id(std::string_view name) {
  constexpr std::string_view kForm = "00000000-000000-ffffff";
  const auto fits = [](char c, char form) {
    if (form == '-') return c == '-';
    return (c >= '0' && c <= '9') || (form == 'f' && c >= 'a' && c <= 'f');
  };
  return name.size() == kForm.size() && std::ranges::equal(name, kForm, fits);
}

/// The ids of runs that began more than an hour ago and have a folder.
std::vector<std::string> old_runs(const fs::path& runs) {
  const auto an_hour_ago = std::chrono::system_clock::now() - std::chrono::hours(1);
  const std::string newest = fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(an_hour_ago));
  std::vector<std::string> all;
  std::error_code problem;
  for (fs::directory_iterator each(runs, problem), end; !problem && each != end; each.increment(problem))
    if (std::string name = each->path().filename().string(); is_run_id(name) && name < newest)
      all.push_back(std::move(name));
  return all;
}

/// Will no process ever need the folder?
bool is_left(const fs::path& folder, const std::string& run, Journal& journal) {
  const fs::path ledger = folder / "ledger";
  if (RunLock::is_held(ledger)) return false;
  const auto known = journal.find(run);
  if (known) return known->header.run == run && known->end == name_of(RunEnd::finished);
  std::error_code problem;
  // Without a ledger it may be one that has no record, and whose tasks are at work.
  return known.error().kind == ErrorKind::not_found && fs::exists(ledger, problem);
}

}  // namespace

void remove_left_folders(const fs::path& state, Journal& journal) {
  const fs::path runs = state / "runs";
  const std::vector<std::string> old = old_runs(runs);
  if (old.empty()) return;
  // Others each time: those of runs that may be resumed stay, and must not be in the way of the rest.
  std::vector<std::string> some;
  std::ranges::sample(old, std::back_inserter(some), kMostAtATime, std::mt19937(std::random_device{}()));
  for (const std::string& run : some) {
    std::error_code problem;
    if (is_left(runs / run, run, journal))
      fs::remove_all(runs / run, problem);
    else
      fs::remove(runs / run, problem);  // when it is empty
  }
}

}  // namespace ganger::host
