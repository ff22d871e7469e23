#include "walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ganger/utf8.hpp>
#include <memory>

namespace ganger::files {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

// Null, with errno, when it cannot be read.
Folder open_folder(const std::string& path, bool follow_symlinks) {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow_symlinks ? 0 : O_NOFOLLOW);
  const int fd = open(path.c_str(), flags);
  if (fd < 0) return nullptr;
  Folder folder(fdopendir(fd));
  if (!folder) close(fd);
  return folder;
}

// In the order of their bytes. False, with errno, when the folder cannot be read to its end.
bool read_names(DIR* folder, std::vector<std::string>& names) {
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(folder);
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error_number = errno;
  std::sort(names.begin(), names.end());
  errno = error_number;
  return error_number == 0;
}

bool matches_one(const std::vector<std::string>& patterns, const char* path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fnmatch(pattern.c_str(), path, 0) == 0; });
}

}  // namespace

void Walk::run(std::string root) {
  while (!root.empty() && root.back() == '/') root.pop_back();
  root_ = std::move(root);
  const std::string path = root_ + '/';
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    throw error("cannot scan '" + printable(root_.empty() ? path : root_) + "': " + std::strerror(errno));
  root_device_ = status.st_dev;
  if (!open_folder(path, true))
    throw error("cannot scan '" + printable(root_.empty() ? path : root_) + "': " + std::strerror(errno));
  folder(root_);
}

// A level of recursion is at least two bytes of a path, and no path that can be opened is longer than PATH_MAX.
void Walk::folder(const std::string& path) {
  ctx_.throw_if_stopped();
  std::vector<std::string> subfolders;
  {
    // The root may be a link even where links are not followed: it was named by the user.
    const bool is_root = path.size() == root_.size();
    const Folder open = open_folder(is_root ? path + '/' : path, is_root || filter_.follow_symlinks);
    if (!open) return fail(path, errno);
    struct stat status {};
    if (fstat(dirfd(open.get()), &status) != 0) return fail(path, errno);
    if (filter_.one_file_system && status.st_dev != root_device_) return;
    if (!visited_.insert({status.st_dev, status.st_ino}).second) return;

    std::vector<std::string> names;
    if (!read_names(open.get(), names)) fail(path, errno);
    for (const auto& name : names) {
      ctx_.throw_if_stopped();
      if (filter_.hidden || name.front() != '.') entry(dirfd(open.get()), path, name, subfolders);
    }
  }  // closed before the next level: a deep tree must not use up the descriptors
  for (const auto& subfolder : subfolders) folder(subfolder);
}

void Walk::entry(int folder_fd, const std::string& folder_path, const std::string& name,
                 std::vector<std::string>& subfolders) {
  std::string path = folder_path;
  path += '/';
  path += name;
  struct stat status {};
  if (fstatat(folder_fd, name.c_str(), &status, filter_.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    // Gone since the folder was read, or a link that leads nowhere: there is no file to find.
    if (errno != ENOENT && errno != ELOOP) fail(path, errno);
    return;
  }
  if (S_ISDIR(status.st_mode)) {
    if (!is_excluded(path)) subfolders.push_back(path);
  } else if (S_ISREG(status.st_mode)) {
    const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
    if (fits(size_bytes) && is_included(path) && !is_excluded(path)) found_(path, size_bytes);
  }
}

bool Walk::is_excluded(const std::string& path) const { return matches_one(filter_.exclude, below_root(path)); }

bool Walk::is_included(const std::string& path) const {
  return filter_.include.empty() || matches_one(filter_.include, below_root(path));
}

bool Walk::fits(std::uint64_t size_bytes) const {
  return size_bytes >= filter_.min_size_bytes && (!filter_.max_size_bytes || size_bytes <= *filter_.max_size_bytes);
}

void Walk::fail(const std::string& path, int error_number) {
  ++errors_;
  ctx_.warn("cannot read '" + printable(path) + "': " + std::strerror(error_number));
}

}  // namespace ganger::files
