// One byte a task: where it stands. In a file that is mapped, so that a store is all it costs, and survives any death
// of this process.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host/error.h"
#include "host/journal/run_lock.h"
#include "host/plan/task_state.h"
#include "host/shared_map.h"

namespace ganger::host {

/// What a ledger says of a task. The numbers of TaskState are those of the file.
struct Standing {
  TaskState state = TaskState::waiting;
  bool has_outputs = false;  ///< they are in its log, or the database
  bool is_in_doubt = false;  ///< it has ended, and nobody knows how much of it was done

  friend bool operator==(const Standing&, const Standing&) = default;
};

/// A ledger that this process writes.
class Ledger {
 public:
  /// Takes the file of the lock. What it says of tasks stays; those that it does not know are waiting. A new one, or
  /// one that makes no sense, says `initial`.
  /// Errors: cannot_create  no room for it, among others
  static Result<Ledger> open(RunLock lock, std::uint32_t tasks, const std::vector<Standing>& initial = {});
  /// As it is now, whoever writes it. Nothing when there is none, or none that makes sense.
  static std::optional<std::vector<Standing>> read(const std::filesystem::path& file);
  /// The same from its bytes().
  static std::optional<std::vector<Standing>> decode(std::string_view bytes);

  Ledger(Ledger&& other) noexcept = default;
  Ledger& operator=(Ledger&&) = delete;

  /// Thread: any, one at a time for a task.
  void set(std::uint32_t task, Standing standing) noexcept;
  Standing get(std::uint32_t task) const noexcept;
  /// All of them, for decode().
  std::string_view bytes() const;
  /// Is what it says in its file? Not any more when that was removed, replaced or cut short. Thread: any
  bool is_in_place() const;
  const std::filesystem::path& file() const { return lock_.file(); }

 private:
  Ledger(RunLock lock, SharedMap map, std::uint32_t tasks)
      : lock_(std::move(lock)), map_(std::move(map)), tasks_(tasks) {}
  std::uint8_t* entries() const;

  RunLock lock_;
  SharedMap map_;
  std::uint32_t tasks_;
};

}  // namespace ganger::host
