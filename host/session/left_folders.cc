#include "host/session/left_folders.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

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
  for (fs::directory_iterator each(runs, problem), end; !problem && each != end; each.increment(problem)) {
    std::string name = each->path().filename().string();
    std::error_code unreadable;
    if (is_run_id(name) && name < newest && each->symlink_status(unreadable).type() == fs::file_type::directory)
      all.push_back(std::move(name));
  }
  return all;
}

/// Of a run that the journal does not know, and may have known before it was damaged and moved aside: only where
/// there is nothing but a ledger and what tasks had set, which say nothing without the journal.
void remove_if_bare(const fs::path& folder) {
  std::error_code problem;
  for (fs::directory_iterator each(folder, problem), end; !problem && each != end; each.increment(problem)) {
    const fs::path name = each->path().filename();
    if ((name != "ledger" && name != "outputs") || each->symlink_status(problem).type() != fs::file_type::regular)
      return;
  }
  if (problem) return;
  const auto lock = RunLock::take(folder / "ledger");
  if (!lock) return;
  ::unlink((folder / "outputs").c_str());
  ::unlink(lock->file().c_str());
  ::rmdir(folder.c_str());
}

void remove_if_left(const fs::path& folder, const std::string& run, Journal& journal) {
  // Without a ledger it may be of one that has no record, and whose tasks are at work; its lock is held by a run that
  // has.
  std::error_code problem;
  const bool has_ledger = fs::symlink_status(folder / "ledger", problem).type() == fs::file_type::regular;
  if (has_ledger && RunLock::is_held(folder / "ledger")) return;
  const auto known = journal.find(run);
  if (known && known->header.run == run) {
    if (known->end == name_of(RunEnd::finished)) fs::remove_all(folder, problem);
  } else if (has_ledger && (known || known.error().kind == ErrorKind::not_found)) {
    remove_if_bare(folder);
  }
}

}  // namespace

void remove_left_folders(const fs::path& state, Journal& journal) {
  const fs::path runs = state / "runs";
  const std::vector<std::string> old = old_runs(runs);
  if (old.empty()) return;
  // Others each time: those of runs that may be resumed stay, and must not be in the way of the rest.
  std::vector<std::string> some;
  std::ranges::sample(old, std::back_inserter(some), kMostAtATime, std::mt19937(std::random_device{}()));
  for (const std::string& run : some) remove_if_left(runs / run, run, journal);
}

}  // namespace ganger::host
