// The folder of a run, and in it one for each task that asks: made when they are first needed.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "host/error.h"

namespace ganger::host {

/// An id for a run: the time to a part of a second, unlikely to meet another ("20261122-043055-7f3a9c"). As a text it
/// comes after `last`, the last one that is known of where it will be kept, also when the clock has been set back.
std::string make_run_id(const std::string& last = {},
                        std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Thread: every member from any thread.
class RunDir {
 public:
  /// Makes nothing yet. `path` is absolute; is_made: somebody else has, and it is ours to remove.
  explicit RunDir(std::filesystem::path path, bool is_made = false) : path_(std::move(path)), is_made_(is_made) {}

  const std::filesystem::path& path() const { return path_; }
  /// Makes the folder of the run.
  Result<void> create();
  /// Makes the folder that those of the tasks are in.
  Result<std::filesystem::path> create_work();
  /// Makes the folder of a task: <run>/work/<task>.
  Result<std::filesystem::path> create_for(std::string_view task);
  enum class Keep : std::uint8_t {
    nothing,
    files,      ///< but no empty folders
    everything  ///< for a run that is resumed: a task that is done does not make its folders again, empty or not
  };
  /// Removes what was made, but for what is kept.
  void clean_up(Keep keep);

 private:
  const std::filesystem::path path_;
  std::mutex mutex_;
  bool is_made_;  // guarded by mutex_
};

}  // namespace ganger::host
