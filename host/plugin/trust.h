// May this user's process run the code in a file? Who else could have put it there decides.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "host/error.h"
#include "host/plugin/elf_file.h"

namespace ganger::host {

/// What is to be known of one name in a folder; links are not followed.
struct PathFacts {
  uid_t owner = 0;
  mode_t mode = 0;          ///< st_mode: kind and permissions
  std::string link_target;  ///< of a symbolic link
};

/// Answers for an absolute path; nothing (and errno) when there is none.
using LookAt = std::function<std::optional<PathFacts>(const std::filesystem::path& path)>;
std::optional<PathFacts> look_at(const std::filesystem::path& path);

/// As look_at(), but the folders above `program`, a real path, are taken for good: whoever can change one of them can
/// put another program there, and it is running already. So a build tree or a checkout that is shared, as those of CI
/// machines are, holds plugins that are as good as the program beside them.
LookAt look_beside(std::filesystem::path program);

/// Nobody but root and `user` may be able to change what `file` is: the file, every folder above it, and every link
/// on the way and the folders that hold it belong to root or `user` and are not writable by group or others. A sticky
/// folder such as /tmp may be on the way where what lies in it is a folder of root or `user`, since nobody else can
/// move that away; the file itself may not lie in one.
/// Shape:  file absolute
/// Errors: refused names what is wrong, why, and the fix;  not_found, io it cannot be looked at
Result<void> check_trust(const std::filesystem::path& file, uid_t user, const LookAt& look = look_at);

/// The same for the folders in which the loader would look for the libraries of `elf`, which are as much its code as
/// the file is. They may not depend on the current directory either.
/// Shape: file absolute; what `elf` was read from
Result<void> check_library_folders(const ElfFile& elf, const std::filesystem::path& file, uid_t user,
                                   const LookAt& look = look_at);

/// Which file it is and when it last changed: two that are equal are the same content.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_ns = 0;  ///< ctime, which nobody can set back

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
/// Nothing when it is not there.
std::optional<FileIdentity> identity_of(const std::filesystem::path& file);

}  // namespace ganger::host
