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
  enum class Absence : unsigned char {
    refused,
    fine_where_nobody_else_makes_it,
    fine,
  };

  /// Shape: subject = the beginning of messages; or_else = their end: what can be done instead of mending it
  Walk(std::string subject, std::string_view or_else, uid_t user, const LookAt& look, Absence absence)
      : subject_(std::move(subject)), or_else_(or_else), user_(user), look_(look), absence_(absence) {}

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
      if (absence_ == Absence::refused) return failure(ErrorKind::not_found, path.string() + " does not exist");
      if (is_sticky_ && absence_ != Absence::fine)
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
    return failure(ErrorKind::refused, subject_ + why + "; " + fix + std::string(or_else_));
  }

  const std::string subject_;
  const std::string_view or_else_;
  const uid_t user_;
  const LookAt& look_;
  const Absence absence_;
  std::deque<std::string> todo_;
  fs::path here_ = "/";
  bool is_sticky_ = false;  // here_ is a sticky folder that others may write to
  bool is_absent_ = false;
  int links_ = 0;
};

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

const fs::path& this_program() {
  static const fs::path program = [] {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored);
  }();
  return program;
}

Result<void> check_trust(const fs::path& file, uid_t user, const LookAt& look) {
  return Walk(file.string() + " is not trusted: ", kOrUnsafe, user, look, Walk::Absence::refused).go(file);
}

Result<void> check_kept(const std::string& what, std::string_view or_else, const fs::path& path, uid_t user,
                        const LookAt& look) {
  return Walk(what + " is not trusted: ", or_else, user, look, Walk::Absence::fine).go(path);
}

Result<void> check_if_there(const std::string& subject, const fs::path& path, uid_t user, const LookAt& look) {
  return Walk(subject, kOrUnsafe, user, look, Walk::Absence::fine_where_nobody_else_makes_it).go(path);
}

namespace {

FileIdentity identity_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .changed_ns = std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

}  // namespace

std::optional<FileIdentity> identity_of(const fs::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? std::optional(identity_of(status)) : std::nullopt;
}

std::optional<FileIdentity> identity_of(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? std::optional(identity_of(status)) : std::nullopt;
}

}  // namespace ganger::host
