#include "host/run/run_dir.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <system_error>
#include <vector>

namespace ganger::host {

namespace fs = std::filesystem;

std::string make_run_id() {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:06x}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())),
                     random() & 0xffffffU);
}

Result<void> RunDir::create() {
  const std::lock_guard lock(mutex_);
  if (is_made_) return {};
  std::error_code ec;
  fs::create_directories(path_, ec);
  if (ec)
    return failure(
        ErrorKind::cannot_create,
        fmt::format("cannot create the folder of the run {}: {} (see --state-dir)", path_.string(), ec.message()));
  fs::permissions(path_, fs::perms::owner_all, ec);  // what tasks keep there is nobody else's business
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

void RunDir::clean_up(bool keep_files) {
  const std::lock_guard lock(mutex_);
  if (!is_made_) return;
  std::error_code ec;
  if (!keep_files) {
    fs::remove_all(path_, ec);
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
