// May this user's process run the code in a file? Who else could have put it there decides.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/error.h"

namespace ganger::host {

/// How an error about something that is not trusted ends.
inline constexpr std::string_view kOrUnsafe = ", or trust it all the same with --unsafe-plugins";

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

/// The real path of this program; empty where it cannot be told.
const std::filesystem::path& this_program();

/// Nobody but root and `user` may be able to change what `file` is: the file, every folder above it, and every link
/// on the way and the folders that hold it belong to root or `user` and are not writable by group or others. A sticky
/// folder such as /tmp may be on the way where what lies in it is a folder of root or `user`, since nobody else can
/// move that away; the file itself may not lie in one.
/// Shape:  file absolute
/// Errors: refused names what is wrong, why, and the fix;  not_found, io it cannot be looked at
Result<void> check_trust(const std::filesystem::path& file, uid_t user, const LookAt& look = look_at);

/// The same for what this program keeps and believes later: its state directory, and a job file that it runs because
/// a record says so. What is not there yet is fine; who makes it looks once more.
/// Shape:  what = the beginning of messages: "state directory /home/me/state"; or_else = their end, what can be done
///         instead of mending it: ", or choose another ..."; path absolute
/// Errors: refused, io
Result<void> check_kept(const std::string& what, std::string_view or_else, const std::filesystem::path& path,
                        uid_t user, const LookAt& look = look_at);

/// The same for what may not be there, where nobody else could put it.
/// Shape:  subject = the beginning of messages, which goes on "the folder /x belongs to ..."
/// Errors: refused, io
Result<void> check_if_there(const std::string& subject, const std::filesystem::path& path, uid_t user,
                            const LookAt& look = look_at);

/// Which file it is and when it last changed: two that are equal are the same content.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_ns = 0;  ///< ctime, which nobody can set back

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
/// Nothing when it is not there.
std::optional<FileIdentity> identity_of(const std::filesystem::path& file);
/// Of an open file.
std::optional<FileIdentity> identity_of(int descriptor);

}  // namespace ganger::host
