// What this process has started since some moment, ended in a way that a signal handler may, too.
#pragma once
#include <sys/types.h>

#include <set>

namespace ganger::host {

/// The children that there were are known when it is made; those that come later are new.
/// Shape: this process adopts orphans (adopt_orphans()), or end() does not find what a child has started and left
class NewChildren {
 public:
  NewChildren();

  /// Kills and reaps the new ones, and what they leave behind in turn; gives up after half a second. Allocates
  /// nothing and takes no lock. Thread: any, also in a signal handler
  void end() const noexcept;

 private:
  const std::set<pid_t> known_;
};

}  // namespace ganger::host
