// Lists of paths: each ends with a NUL, the one byte that is in no path.
#ifndef GANGER_FILES_PATH_LIST_H
#define GANGER_FILES_PATH_LIST_H

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::files {

/// Writes a list under a temporary name; commit() gives it its own, and without it nothing is left: a list that was
/// cut short would look like a whole one. What goes wrong is thrown as ganger::error.
class PathListWriter {
 public:
  /// Makes the folder when it is not there.
  explicit PathListWriter(std::filesystem::path file);
  ~PathListWriter();
  PathListWriter(const PathListWriter&) = delete;
  PathListWriter& operator=(const PathListWriter&) = delete;

  void add(std::string_view path);
  /// Once.
  void commit();

 private:
  [[noreturn]] void fail() const;
  std::filesystem::path file_, temporary_;
  std::ofstream out_;
  bool is_committed_ = false;
};

/// A list, read whole.
class PathList {
 public:
  explicit PathList(const std::filesystem::path& file);
  /// In the order of the file; empty ones are left out. Lifetime: that of the list. Shape: each is followed by a NUL.
  const std::vector<std::string_view>& paths() const { return paths_; }

 private:
  std::string text_;
  std::vector<std::string_view> paths_;
};

}  // namespace ganger::files

#endif  // GANGER_FILES_PATH_LIST_H
