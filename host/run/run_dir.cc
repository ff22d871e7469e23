#include "host/run/run_dir.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <optional>
#include <random>
#include <system_error>
#include <vector>

#include "host/private_folder.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

// Of a second, in the last part of an id: six hexadecimal digits.
constexpr std::int64_t kParts = std::int64_t{1} << 24;
// About 4 ms: runs that are started at once after the same one must not all get the next moment.
constexpr std::int64_t kMostAfter = kParts / 256;

std::string id_at(std::int64_t moment) {
  return fmt::format("{:%Y%m%d-%H%M%S}-{:06x}", fmt::gmtime(static_cast<std::time_t>(moment / kParts)),
                     moment % kParts);
}

/// Of an id in our form; nothing for others.
std::optional<std::int64_t> moment_of(const std::string& id) {
  std::tm time{};
  const char* rest = strptime(id.c_str(), "%Y%m%d-%H%M%S-", &time);
  if (rest == nullptr) return std::nullopt;
  std::int64_t part = 0;
  const char* const end = id.c_str() + id.size();
  if (const auto [at, error] = std::from_chars(rest, end, part, 16); error != std::errc{} || at != end)
    return std::nullopt;
  const std::int64_t moment = std::int64_t{timegm(&time)} * kParts + part;
  return id_at(moment) == id ? std::optional(moment) : std::nullopt;
}

}  // namespace

std::string make_run_id(const std::string& last, std::chrono::system_clock::time_point now) {
  using std::chrono::nanoseconds;
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t ns = std::chrono::duration_cast<nanoseconds>(now.time_since_epoch()).count();
  std::string by_clock = id_at(ns / kSecond * kParts + ns % kSecond * kParts / kSecond);
  const auto before = by_clock > last ? std::nullopt : moment_of(last);
  if (!before) return by_clock;
  // The clock was set back.
  return id_at(*before + 1 + static_cast<std::int64_t>(std::random_device()() % kMostAfter));
}

Result<void> RunDir::create() {
  const std::lock_guard lock(mutex_);
  if (is_made_) return {};
  // What tasks keep there is nobody else's business.
  if (auto made = make_private_folder(path_); !made) return made;
  is_made_ = true;
  return {};
}

Result<fs::path> RunDir::create_work() { return create_for({}); }

Result<fs::path> RunDir::create_for(std::string_view task) {
  if (auto made = create(); !made) return tl::unexpected(std::move(made).error());
  fs::path dir = path_ / "work";
  if (!task.empty()) dir /= task;
  std::error_code ec;
  fs::create_directories(dir, ec);
  if (ec) return failure(ErrorKind::cannot_create, fmt::format("cannot create {}: {}", dir.string(), ec.message()));
  return dir;
}

void RunDir::clean_up(Keep keep) {
  const std::lock_guard lock(mutex_);
  if (!is_made_) return;
  std::error_code ec;
  if (keep == Keep::nothing) {
    fs::remove_all(path_, ec);
  } else if (keep == Keep::everything) {
    for (const fs::path& folder : {path_ / "work", path_}) fs::remove(folder, ec);  // where no task has made anything
  } else {
    std::vector<fs::path> folders{path_};
    for (fs::recursive_directory_iterator it(path_, ec), end; !ec && it != end; it.increment(ec))
      if (it->is_directory(ec) && !it->is_symlink(ec)) folders.push_back(it->path());
    // The deepest first; remove() leaves a folder alone that is not empty.
    for (auto f = folders.rbegin(); f != folders.rend(); ++f) fs::remove(*f, ec);
  }
  fs::remove(path_.parent_path(), ec);  // "runs", when this was the only one
}

}  // namespace ganger::host
