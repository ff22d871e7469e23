#include "host/isolate/sandbox/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// Newer than the headers of Debian 12; numbers of the kernel, which never change.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

namespace ganger::host {

namespace {

constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

constexpr std::uint64_t kWriteOfFirstVersion = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                               LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                               LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                               LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                               LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/// What a rule about something other than a folder may hold.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
                                   LANDLOCK_ACCESS_FS_IOCTL_DEV;

/// Rights that came later. Without the first, version 1 refuses what it is about; without the others, it is allowed.
struct LaterRight {
  std::uint64_t bit;
  int version;
  const char* not_stopped;  ///< nullptr = it is
  const char* since;
};
constexpr LaterRight kLaterRights[] = {
    {LANDLOCK_ACCESS_FS_REFER, 2, nullptr, "Linux 5.19"},
    {LANDLOCK_ACCESS_FS_TRUNCATE, 3, "truncating files", "Linux 6.2"},
    {LANDLOCK_ACCESS_FS_IOCTL_DEV, 5, "controlling devices", "Linux 6.10"},
};

/// Since when a task can be kept from sending signals to processes that are not under the same rules or stricter
/// ones.
constexpr int kVersionOfSignals = 6;

/// landlock_ruleset_attr as it is since version 6.
struct RulesetAttributes {
  std::uint64_t files = 0, network = 0, scopes = 0;
};

int create_rules(const RulesetAttributes& rules) {
  // A kernel that does not know the later members does not take them either.
  const std::size_t size = rules.scopes != 0 ? sizeof rules : sizeof rules.files;
  return static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0));
}

std::uint64_t write_rights(int version) {
  std::uint64_t rights = kWriteOfFirstVersion;
  for (const LaterRight& later : kLaterRights)
    if (version >= later.version) rights |= later.bit;
  return rights;
}

std::string why_none(int error) {
  switch (error) {
    case ENOSYS:
      return "this kernel has no Landlock (Linux 5.13 has it)";
    case EOPNOTSUPP:
      return "Landlock is switched off; add landlock to lsm= on the kernel's command line";
    case EPERM:
    case EACCES:
      return "Landlock is blocked here, likely by the rules of a container";
    default:
      return std::string("Landlock does not work here: ") + std::strerror(error);
  }
}

}  // namespace

int Landlock::version() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

std::vector<std::string> Landlock::missing() {
  // To make rules is also tried: some containers let ask for the version only.
  const Descriptor rules(create_rules({.files = kWriteOfFirstVersion}));
  if (!rules.is_open()) return {why_none(errno) + "; tasks can read and write all that their user can"};
  const int has = version();
  std::vector<std::string> lines;
  for (const LaterRight& later : kLaterRights)
    if (has < later.version && later.not_stopped != nullptr)
      lines.push_back(fmt::format("Landlock of this kernel does not keep tasks from {} elsewhere ({} does)",
                                  later.not_stopped, later.since));
  if (has < kVersionOfSignals)
    lines.emplace_back(
        "Landlock of this kernel does not keep tasks from sending signals to other processes (Linux 6.12 does)");
  return lines;
}

Landlock::Landlock(bool handles_reading)
    : handled_(write_rights(version()) | (handles_reading ? kRead : 0)),
      rules_(
          create_rules({.files = handled_, .scopes = version() >= kVersionOfSignals ? LANDLOCK_SCOPE_SIGNAL : 0})) {}

bool Landlock::allow(const std::filesystem::path& path, Access access) const {
  const Descriptor place(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place.is_open() || fstat(place.get(), &status) != 0) return false;
  std::uint64_t rights = handled_;
  if (access == Access::read) rights &= kRead;
  if (!S_ISDIR(status.st_mode)) rights &= kOfFiles;
  if (rights == 0) return true;
  const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = place.get()};
  return syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

bool Landlock::enforce() const { return syscall(SYS_landlock_restrict_self, rules_.get(), 0) == 0; }

}  // namespace ganger::host
