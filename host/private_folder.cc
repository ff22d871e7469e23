#include "host/private_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

std::error_code make(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno == ENOENT && folder.has_relative_path() && folder.parent_path() != folder) {
    if (folder.has_parent_path())
      if (auto problem = make(folder.parent_path())) return problem;
    if (mkdir(folder.c_str(), 0700) == 0) return {};
  }
  const std::error_code problem(errno, std::generic_category());
  if (problem != std::errc::file_exists) {
    // On a read-only file system, among others, what is there is not said to be.
    std::error_code ignored;
    return fs::is_directory(folder, ignored) ? std::error_code() : problem;
  }
  std::error_code unknown;
  if (fs::is_directory(folder, unknown)) return {};
  return unknown ? unknown : std::make_error_code(std::errc::not_a_directory);
}

}  // namespace

Result<void> make_private_folder(const fs::path& folder) {
  // "state/" is "state": what has no name of its own is not made.
  const auto problem = make(folder.has_filename() ? folder : folder.parent_path());
  if (!problem) return {};
  return failure(ErrorKind::cannot_create,
                 "cannot create folder " + folder.string() + ": " + problem.message() + "; see --state-dir");
}

}  // namespace ganger::host
