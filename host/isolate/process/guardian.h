// A process that ends what a killed host and its killed children can no longer end themselves.
#pragma once
#include <sys/types.h>

#include <string>

namespace ganger::host {

/// A child looks after what its tasks have started when the host is killed, and the host when a child is. Nobody does
/// when both are killed together, as by the kernel when memory runs out. So this process, which has nothing to do
/// before, waits for the end of the host and then kills everything that has the mark of the host's children in its
/// environment, with all that descends from it, however long that takes.
///
/// It is a child that no ordinary wait sees (is_helper() in process_tree.h).
class Guardian {
 public:
  /// Makes the process, or does without where none can be made. Shape: mark  what the variable of every child begins
  /// with ("NAME=VALUE"); 1 to 60 bytes
  explicit Guardian(const std::string& mark);
  /// The host ends its children itself.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

 private:
  pid_t pid_ = -1;
};

}  // namespace ganger::host
