// What a job grants to a task that runs in a child process.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace ganger::host {

/// `[task.sandbox]`. Without it a task reads all, writes to the work directories of its run only, and uses the
/// network.
struct Sandbox {
  bool reads_all = true;                     ///< no `read` in the job
  std::vector<std::filesystem::path> read;   ///< absolute: files and folders it may read besides system libraries
  std::vector<std::filesystem::path> write;  ///< absolute: files and folders it may write
  std::uint64_t memory_bytes = 0;            ///< address space; 0 = half of the machine's memory
  bool network = true;

  friend bool operator==(const Sandbox&, const Sandbox&) = default;
};

}  // namespace ganger::host
