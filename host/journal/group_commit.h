// Many threads, one transaction at a time.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "host/journal/database.h"

namespace ganger::host {

/// What arrives while one thread commits is committed together by the next. Nothing is tried after a failure.
/// Thread: every member from any thread.
class GroupCommit {
 public:
  using Write = std::function<Result<void>(Database&)>;

  explicit GroupCommit(Database& database) : database_(database) {}

  /// Has `write` done in a transaction, on this thread or another one. Returns when it is committed.
  Result<void> commit(const Write& write);
  /// The first failure.
  std::optional<Error> trouble() const;

 private:
  struct Request {
    const Write* write;
    bool is_over = false;
    Result<void> result = {};
  };
  void lead(std::unique_lock<std::mutex>& lock);

  Database& database_;  // used by the thread that commits
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::vector<Request*> requests_;
  bool is_committing_ = false;
  std::optional<Error> trouble_;
};

}  // namespace ganger::host
