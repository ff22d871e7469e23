#include "output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ganger/plugin.hpp>
#include <string>
#include <system_error>
#include <utility>

namespace ganger::sqlite {

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code failed;
  std::filesystem::create_directories(path_.parent_path(), failed);
  if (failed) throw error("cannot make folder '" + path_.parent_path().string() + "': " + failed.message());
  // Not mkstemp(), which would give the file to its owner alone. A name in use is that of another task or was left
  // by a process that was killed.
  for (int i = 0; fd_ < 0; ++i) {
    temporary_ = path_;
    temporary_ += ".part-" + std::to_string(getpid()) + "-" + std::to_string(i);
    fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && errno != EEXIST) fail("create");
  }
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) unlink(temporary_.c_str());
  close();
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) fail("write");
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void OutputFile::commit() {
  // Without this, a crash of the machine may leave the new name with nothing in it. Some kinds of file have no disk.
  if (fsync(fd_) != 0 && errno != EINVAL) fail("write");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("create");
  close();
}

void OutputFile::fail(const char* what) const {
  throw error(std::string("cannot ") + what + " '" + path_.string() + "': " + std::strerror(errno));
}

void OutputFile::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace ganger::sqlite
