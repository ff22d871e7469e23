// The task type files.scan: writes a list of the files below a folder.
#ifndef GANGER_FILES_SCAN_H
#define GANGER_FILES_SCAN_H

#include <ganger/plugin.hpp>

namespace ganger::files {

struct Scan {
  static constexpr const char* name = "scan";
  static constexpr const char* summary = "Lists the regular files below a folder";
  static constexpr std::uint32_t flags = idempotent;
  static constexpr param params[] = {
      {"root", GANGER_PATH, "the folder", nullptr, required},
      {"to", GANGER_PATH, "the list to write, paths that each end with a NUL; empty: files.list in the work folder"},
      {"include", GANGER_STR, "patterns; a file must match one; * matches / too", "[]", list},
      {"exclude", GANGER_STR, "patterns; a file that matches is left out, a folder not entered", "[]", list},
      {"min_size", GANGER_SIZE, "leave out smaller files", "0"},
      {"max_size", GANGER_SIZE, "leave out larger files; 0: none is too large", "0"},
      {"follow_symlinks", GANGER_BOOL, "take links for what they lead to, instead of leaving them out", "false"},
      {"hidden", GANGER_BOOL, "names that start with a dot, too", "true"},
      {"one_file_system", GANGER_BOOL, "do not enter what is mounted below", "false"}};

  /// Outputs: list (the path of the list), count, bytes, errors (folders that could not be read).
  void run(const ctx& c);
};

}  // namespace ganger::files

#endif  // GANGER_FILES_SCAN_H
