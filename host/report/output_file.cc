#include "host/report/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/report/terminal.h"

namespace ganger::host {

Result<OutputFile> OutputFile::create(std::string option, std::string path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return failure(ErrorKind::cannot_create,
                   fmt::format("{}: cannot create {}: {}", option, path, std::strerror(errno)));
  return OutputFile(std::move(option), std::move(path), fd);
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

void OutputFile::write(std::string_view text) {
  if (problem_ == 0 && !write_all(fd_, text)) problem_ = errno;
}

Result<void> OutputFile::close() {
  // Some file systems say only now that they are full.
  if (::close(std::exchange(fd_, -1)) != 0 && problem_ == 0) problem_ = errno;
  if (problem_ == 0) return {};
  return failure(ErrorKind::io, fmt::format("{}: cannot write {}: {}", option_, path_, std::strerror(problem_)));
}

}  // namespace ganger::host
