// Landlock by its system calls: libc has none for them, and the headers of Debian 12 know half of its rights.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/isolate/process/process.h"

namespace ganger::host {

/// What may be done below a path.
enum class Access : bool { read, write };

/// Rules for this thread and all that it starts: what is handled and not allowed is refused, for ever.
/// Source: landlock(7)
class Landlock {
 public:
  /// Version of the kernel's Landlock; 0 = none, or none for us.
  static int version();
  /// What rules cannot keep here, a line each: all of it, or what came with later versions.
  static std::vector<std::string> missing();

  /// Handles writing, reading when `handles_reading`, and signals to processes outside, which no rule allows.
  explicit Landlock(bool handles_reading);

  bool is_open() const { return rules_.is_open(); }
  /// Access::write lets read too. False with errno when the path cannot be opened or the kernel does not take it.
  bool allow(const std::filesystem::path& path, Access access) const;
  /// Needs no_new_privs. False with errno.
  bool enforce() const;

 private:
  std::uint64_t handled_ = 0;
  Descriptor rules_;
};

}  // namespace ganger::host
