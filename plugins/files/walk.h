// The regular files below a folder.
#ifndef GANGER_FILES_WALK_H
#define GANGER_FILES_WALK_H

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <ganger/plugin.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ganger::files {

/// Which files a walk finds. Patterns are those of fnmatch(3), for the path below the root; `*` matches `/` too.
struct Filter {
  std::vector<std::string> include;  ///< a file must match one of these; empty = any
  std::vector<std::string> exclude;  ///< and none of these; a folder that matches is not entered
  std::uint64_t min_size_bytes = 0;
  std::optional<std::uint64_t> max_size_bytes;
  bool follow_symlinks = false;
  bool hidden = true;  ///< names that start with a dot
  bool one_file_system = false;
};

/// Walks a tree depth first, each folder in the order of its names' bytes, so that the order of the files depends on
/// nothing but the tree. A folder is visited once, however many links lead to it.
class Walk {
 public:
  using Found = std::function<void(const std::string& path, std::uint64_t size_bytes)>;

  /// Calls `found` for each file. Folders that cannot be read are logged and counted.
  Walk(const ctx& c, Filter filter, Found found) : ctx_(c), filter_(std::move(filter)), found_(std::move(found)) {}

  /// Throws ganger::error when `root` is no folder or cannot be read, ganger::stopped when the task should end.
  /// Shape: root absolute.
  void run(std::string root);
  std::uint64_t errors() const { return errors_; }

 private:
  using FolderId = std::pair<dev_t, ino_t>;

  void folder(const std::string& path);
  void entry(int folder_fd, const std::string& folder_path, const std::string& name,
             std::vector<std::string>& subfolders);
  bool is_excluded(const std::string& path) const;
  bool is_included(const std::string& path) const;
  bool fits(std::uint64_t size_bytes) const;
  // The part of an absolute path that patterns see.
  const char* below_root(const std::string& path) const { return path.c_str() + root_.size() + 1; }
  void fail(const std::string& path, int error_number);

  const ctx& ctx_;
  Filter filter_;
  Found found_;
  std::string root_;  // without the slash at its end; empty for /
  dev_t root_device_ = 0;
  std::set<FolderId> visited_;
  std::uint64_t errors_ = 0;
};

}  // namespace ganger::files

#endif  // GANGER_FILES_WALK_H
