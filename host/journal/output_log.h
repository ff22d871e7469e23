// What the tasks of a run have set, until the run ends and the database has it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "host/descriptor.h"
#include "host/error.h"
#include "host/plugin/context.h"

namespace ganger::host {

/// A file beside the ledger with a record for each task that has set something. Why not the database: a transaction
/// costs a task 15 us and thirteen system calls, a record one call, and both survive any death of this process.
class OutputLog {
 public:
  using All = std::map<std::uint32_t, Outputs>;

  /// The file is made with the first record. One that is there goes on.
  explicit OutputLog(std::filesystem::path file) : file_(std::move(file)) {}

  /// In the place of those that the task had. Values that are secret are not written.
  /// Errors: cannot_create;  io, then the file is as it was. Thread: any
  Result<void> append(std::uint32_t task, const Outputs& outputs);
  const std::filesystem::path& file() const { return file_; }

  /// All there is in a file, up to a record that is not whole; nothing where there is no file.
  static All read(const std::filesystem::path& file);

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  Descriptor descriptor_;  // guarded by mutex_
  off_t size_ = 0;         // guarded by mutex_
};

}  // namespace ganger::host
