#include "host/plugin/trust.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <deque>
#include <system_error>
#include <utility>

#include "host/text.h"

namespace fs = std::filesystem;

namespace ganger::host {

namespace {

constexpr int kMostLinks = 40;  // as many as Linux follows
constexpr std::string_view kOrUnsafe = ", or trust it all the same with --unsafe-plugins";

std::string user_text(uid_t user) {
  const passwd* known = getpwuid(user);
  return known != nullptr ? std::string(known->pw_name) + " (uid " + std::to_string(user) + ")"
                          : "uid " + std::to_string(user);
}

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
  return text.data();
}

std::string name_of(const fs::path& path, mode_t mode) {
  return (S_ISDIR(mode) ? "the folder " : S_ISLNK(mode) ? "the link " : "the file ") + path.string();
}

/// Goes down from the root as the kernel would, and looks at everything on the way. What was found good above cannot
/// be changed by others any more, so that looking by name is as good as holding descriptors.
class Walk {
 public:
  /// Shape: subject = the beginning of messages; allows_absence: what does not exist is fine in a folder where only
  ///        root and the user could make it
  Walk(std::string subject, uid_t user, const LookAt& look, bool allows_absence)
      : subject_(std::move(subject)), user_(user), look_(look), allows_absence_(allows_absence) {}

  Result<void> go(const fs::path& path) {
    put_in_front(path);
    if (auto good = step_into("/"); !good) return good;
    while (!todo_.empty()) {
      const std::string name = std::move(todo_.front());
      todo_.pop_front();
      if (auto good = step_into(name == ".." ? here_.parent_path() : here_ / name); !good) return good;
      if (is_absent_) return {};
    }
    return {};
  }

 private:
  void put_in_front(const fs::path& path) {
    auto at = todo_.begin();
    for (const fs::path& part : path.relative_path()) {
      if (part.empty() || part == ".") continue;
      at = todo_.insert(at, part.string()) + 1;
    }
  }

  Result<void> step_into(const fs::path& path) {
    const auto facts = look_(path);
    if (!facts) {
      const int problem = errno;
      if (problem != ENOENT && problem != ENOTDIR)
        return failure(ErrorKind::io,
                       path.string() + " cannot be looked at: " + std::generic_category().message(problem));
      if (!allows_absence_) return failure(ErrorKind::not_found, path.string() + " does not exist");
      if (is_sticky_)
        return refused("would be made in " + here_.string() + ", where everybody may make files",
                       "use a folder of your own");
      is_absent_ = true;
      return {};
    }
    // Nobody can remove or rename what another user has in a sticky folder. That makes a folder in it as good as its
    // owner; files and links in it are refused all the same, there is no good reason to have one there.
    if (is_sticky_ && !S_ISDIR(facts->mode))
      return refused(name_of(path, facts->mode) + " lies in a folder where everybody may put files",
                     "move it into a folder of your own");
    if (auto good = check(path, *facts); !good) return good;
    if (S_ISLNK(facts->mode)) return follow(path, facts->link_target);
    here_ = path;
    is_sticky_ = is_open_folder(*facts);
    return {};
  }

  Result<void> follow(const fs::path& link, const std::string& target) {
    if (++links_ > kMostLinks) return failure(ErrorKind::io, link.string() + " leads through too many links");
    put_in_front(target);
    if (!target.starts_with('/')) return {};
    return step_into("/");
  }

  static bool is_open_folder(const PathFacts& facts) {
    return S_ISDIR(facts.mode) && (facts.mode & S_ISVTX) != 0 && (facts.mode & (S_IWGRP | S_IWOTH)) != 0;
  }

  Result<void> check(const fs::path& path, const PathFacts& facts) const {
    if (facts.owner != 0 && facts.owner != user_)
      return refused(name_of(path, facts.mode) + " belongs to " + user_text(facts.owner) + ", who is " +
                         (user_ == 0 ? "not root" : "neither root nor " + user_text(user_)),
                     "chown it to " + std::string(user_ == 0 ? "root" : "one of them"));
    if (S_ISLNK(facts.mode) || is_open_folder(facts)) return {};  // a link has no permissions of its own
    const bool group = (facts.mode & S_IWGRP) != 0, others = (facts.mode & S_IWOTH) != 0;
    if (!group && !others) return {};
    return refused(name_of(path, facts.mode) +
                       (others ? " may be written by everybody" : " may be written by its group") + " (mode " +
                       octal(facts.mode) + ", owner " + user_text(facts.owner) + ")",
                   std::string("chmod ") + (group ? "g" : "") + (others ? "o" : "") + "-w " + path.string());
  }

  tl::unexpected<Error> refused(const std::string& why, const std::string& fix) const {
    return failure(ErrorKind::refused, subject_ + why + "; " + fix + std::string(kOrUnsafe));
  }

  const std::string subject_;
  const uid_t user_;
  const LookAt& look_;
  const bool allows_absence_;
  std::deque<std::string> todo_;
  fs::path here_ = "/";
  bool is_sticky_ = false;  // here_ is a sticky folder that others may write to
  bool is_absent_ = false;
  int links_ = 0;
};

/// The folder with $ORIGIN put in, and cut off at any other variable.
fs::path expanded(std::string folder, const fs::path& file) {
  for (const std::string_view variable : {"${ORIGIN}", "$ORIGIN"}) {
    if (!folder.starts_with(variable)) continue;
    std::error_code problem;
    const fs::path real = fs::canonical(file, problem);
    folder = (problem ? file : real).parent_path().string() + folder.substr(variable.size());
    break;
  }
  return folder.substr(0, folder.find('$'));
}

}  // namespace

std::optional<PathFacts> look_at(const fs::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return std::nullopt;
  PathFacts facts{.owner = status.st_uid, .mode = status.st_mode, .link_target = {}};
  if (!S_ISLNK(status.st_mode)) return facts;
  std::array<char, PATH_MAX> target;
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return std::nullopt;
  facts.link_target.assign(target.data(), static_cast<std::size_t>(length));
  return facts;
}

LookAt look_beside(fs::path program) {
  return [program = std::move(program)](const fs::path& path) {
    auto facts = look_at(path);
    const auto [at, ignored] = std::mismatch(path.begin(), path.end(), program.begin(), program.end());
    if (facts && at == path.end() && S_ISDIR(facts->mode)) {
      facts->owner = 0;
      facts->mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH);
    }
    return facts;
  };
}

Result<void> check_trust(const fs::path& file, uid_t user, const LookAt& look) {
  return Walk(file.string() + " is not trusted: ", user, look, false).go(file);
}

Result<void> check_library_folders(const ElfFile& elf, const fs::path& file, uid_t user, const LookAt& look) {
  const std::string subject = file.string() + " is not trusted: ";
  for (const std::string& library : elf.needed) {
    if (library.find('/') == std::string::npos) continue;
    if (library.front() != '/')
      return failure(ErrorKind::refused, subject + "it needs the library '" + excerpt(library) +
                                             "', a path that depends on the current directory; link that library "
                                             "with -Wl,-soname" +
                                             std::string(kOrUnsafe));
    Walk walk(subject + "it needs the library " + printable(library) + ", and ", user, look, true);
    if (auto good = walk.go(library); !good) return good;
  }
  for (const std::string& folder : elf.library_folders) {
    const fs::path path = expanded(folder, file);
    if (!path.is_absolute())
      return failure(ErrorKind::refused, subject + "it looks for libraries in '" + excerpt(folder) +
                                             "', which depends on the current directory; write $ORIGIN/... in its "
                                             "RUNPATH" +
                                             std::string(kOrUnsafe));
    Walk walk(subject + "it looks for libraries in " + path.string() + ", and ", user, look, true);
    if (auto good = walk.go(path); !good) return good;
  }
  return {};
}

std::optional<FileIdentity> identity_of(const fs::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{.device = status.st_dev,
                      .inode = status.st_ino,
                      .size = static_cast<std::uint64_t>(status.st_size),
                      .changed_ns = std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

}  // namespace ganger::host
