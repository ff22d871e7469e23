// What the tasks of a run have set, until the run ends and the database has it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "host/call/context.h"
#include "host/descriptor.h"
#include "host/error.h"

namespace ganger::host {

/// A file beside the ledger with a record for each task that has set something. Why not the database: a transaction
/// costs a task 15 us and thirteen system calls, a record one call, and both survive any death of this process.
class OutputLog {
 public:
  using All = std::map<std::uint32_t, Outputs>;

  /// Makes the file, or goes on with the one that is there.
  /// Errors: cannot_create, io
  static Result<std::unique_ptr<OutputLog>> open(std::filesystem::path file);

  /// In the place of those that the task had. Values that are secret are not written.
  /// Errors: io, then the file is as it was. Thread: any
  Result<void> append(std::uint32_t task, const Outputs& outputs);
  /// All there is. Errors: io
  Result<All> all() const;
  /// Of a file that another process may write; nothing where there is none. Errors: io
  static Result<All> read(const std::filesystem::path& file);

 private:
  OutputLog(std::filesystem::path file, Descriptor descriptor, off_t size)
      : file_(std::move(file)), descriptor_(std::move(descriptor)), size_(size) {}

  const std::filesystem::path file_;
  const Descriptor descriptor_;
  std::mutex mutex_;
  off_t size_;            // guarded by mutex_
  bool is_torn_ = false;  // guarded by mutex_; half a record could not be taken back, and what follows it is not read
};

}  // namespace ganger::host
