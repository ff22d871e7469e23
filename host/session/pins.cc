#include "host/session/pins.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

fs::path lock_file(const RunOptions& options, const fs::path& job_dir) {
  if (!options.plugins_lock.empty()) return options.plugins_lock;
  return job_dir.empty() ? fs::path() : job_dir / kPinsFile;
}

bool is_there(const fs::path& file) {
  std::error_code problem;
  // A link that leads nowhere is there: whoever made it meant pins to hold.
  return fs::symlink_status(file, problem).type() != fs::file_type::not_found;
}

std::set<const Plugin*> plugins_of(const PlannedJob& job) {
  std::set<const Plugin*> used;
  for (TaskIndex task = 0; task < job.plan.size(); ++task) used.insert(job.plan.task(task).type->plugin);
  for (const auto& pool : job.pools) used.insert(pool.kind->plugin);
  return used;
}

}  // namespace

tl::expected<std::optional<Pins>, Errors> pins_for(const RunOptions& options, const fs::path& job_dir) {
  const fs::path file = lock_file(options, job_dir);
  if (file.empty() || options.pin || (options.plugins_lock.empty() && !is_there(file))) return std::nullopt;
  auto pins = read_pins(file);
  if (!pins) return tl::unexpected(std::move(pins).error());
  return std::move(*pins);
}

tl::expected<std::size_t, Errors> pin_plugins(const RunOptions& options, const Prepared& prepared) {
  const fs::path file = lock_file(options, prepared.reading.job.dir);
  Pins pins{.file = file, .pins = {}};
  if (is_there(file)) {
    auto old = read_pins(file);
    if (!old) return tl::unexpected(std::move(old).error());
    pins = std::move(*old);
  }
  const auto used = plugins_of(prepared.job);
  for (const Plugin* plugin : used) {
    const auto sha256 = prepared.registry->digest_of(*plugin);
    if (!sha256) return tl::unexpected(Errors{sha256.error()});
    std::erase_if(pins.pins, [&](const Pin& pin) { return pin.id == plugin->id; });
    pins.pins.push_back({plugin->id, plugin->version, *sha256});
  }
  std::ranges::sort(pins.pins, {}, &Pin::id);
  if (auto written = write_pins(pins); !written) return tl::unexpected(Errors{written.error()});
  return used.size();
}

}  // namespace ganger::host
