#include "host/journal/group_commit.h"

#include <utility>

#include "host/journal/journal_file.h"

namespace ganger::host {

Result<void> GroupCommit::commit(const Write& write) {
  std::unique_lock lock(mutex_);
  if (trouble_) return tl::unexpected(*trouble_);
  Request request{&write};
  requests_.push_back(&request);
  changed_.wait(lock, [&] { return request.is_over || !is_committing_; });
  if (!request.is_over) lead(lock);
  return std::move(request.result);
}

void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  is_committing_ = true;
  std::vector<Request*> group;
  group.swap(requests_);
  const std::optional<Error> before = trouble_;
  lock.unlock();
  Result<void> result;
  if (before)
    result = tl::unexpected(*before);
  else
    result = database_.in_transaction([&]() -> Result<void> {
      for (const Request* r : group)
        if (auto written = (*r->write)(database_); !written) return written;
      return {};
    });
  if (!result && !before) suspect(database_, result.error());
  lock.lock();
  // A failure takes along all that was to be committed with it, and all that comes later.
  if (!result) trouble_ = result.error();
  for (Request* r : group) {
    r->result = result;
    r->is_over = true;
  }
  is_committing_ = false;
  changed_.notify_all();
}

std::optional<Error> GroupCommit::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace ganger::host
