// That only one process is at a run.
#pragma once
#include <filesystem>
#include <utility>

#include "host/error.h"

namespace ganger::host {

/// The lock of a run: on its ledger's file, and gone with the process that holds it, however it ends.
class RunLock {
 public:
  /// Makes the file where there is none.
  /// Errors: refused        another process has it
  ///         cannot_create
  static Result<RunLock> take(const std::filesystem::path& file);
  /// Does a process hold it? Does not take it, not even for a moment.
  static bool is_held(const std::filesystem::path& file);

  RunLock(RunLock&& other) noexcept : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)) {}
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

  const std::filesystem::path& file() const { return file_; }
  int descriptor() const { return fd_; }

 private:
  RunLock(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}

  std::filesystem::path file_;
  int fd_;
};

/// Has a child that this process forks close the descriptor at once: a lock on an open file would else outlive this
/// process when a plugin leaves a child behind. Those that execute something close it anyway. Thread: any
void close_in_forks(int fd);

}  // namespace ganger::host
