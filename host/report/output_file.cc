#include "host/report/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace ganger::host {

namespace {

// How often it is asked whether a reader who takes nothing is still waited for.
constexpr int kLookAgainMs = 50;

bool is_named_pipe(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && S_ISFIFO(about.st_mode);
}

bool has_room(int fd, int wait_ms) {
  pollfd reader{fd, POLLOUT, 0};
  return poll(&reader, 1, wait_ms) > 0;
}

}  // namespace

void Patience::limit(Duration idle, TimePoint until) {
  until_ = until;
  idle_ = idle;
}

bool Patience::lasts(TimePoint last, TimePoint now) const { return now < until_.load() && now - last < idle_.load(); }

Result<OutputFile> OutputFile::create(std::string option, std::string path, const Waiting* waiting) {
  // Else open() would wait for the reader of a pipe, and write() for its reading, deaf to signals and deadlines.
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (waiting != nullptr ? O_NONBLOCK : 0);
  int fd = open(path.c_str(), flags, 0666);
  while (fd < 0 && waiting != nullptr && errno == ENXIO && is_named_pipe(path)) {
    if (!waiting->keep_waiting())
      return failure(ErrorKind::cannot_create, fmt::format("{}: nobody has opened the pipe {} for reading; nothing "
                                                           "was run",
                                                           option, path));
    fd = open(path.c_str(), flags, 0666);
  }
  if (fd < 0)
    return failure(ErrorKind::cannot_create,
                   fmt::format("{}: cannot create {}: {}", option, path, std::strerror(errno)));
  return OutputFile(std::move(option), std::move(path), fd, Kind::own,
                    waiting != nullptr ? waiting->patience : nullptr);
}

OutputFile OutputFile::of_descriptor(std::string option, std::string name, int fd,
                                     std::shared_ptr<const Patience> patience) {
  struct stat about {};
  const bool is_known = fstat(fd, &about) == 0;
  // O_NONBLOCK would change it for everybody who shares it.
  const Kind kind = is_known && S_ISFIFO(about.st_mode)   ? Kind::shared_pipe
                    : is_known && S_ISSOCK(about.st_mode) ? Kind::shared_socket
                                                          : Kind::shared;
  return OutputFile(std::move(option), std::move(name), fd, kind, std::move(patience));
}

OutputFile::~OutputFile() {
  if (fd_ >= 0 && kind_ == Kind::own) ::close(fd_);
}

ssize_t OutputFile::write_now(std::string_view text) const {
  if (kind_ == Kind::own) return ::write(fd_, text.data(), text.size());
  if (kind_ == Kind::shared_socket) return send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (!has_room(fd_, 0)) {
    errno = EAGAIN;
    return -1;
  }
  // A pipe that has room has room for that much.
  return ::write(fd_, text.data(),
                 kind_ == Kind::shared_pipe ? std::min<std::size_t>(text.size(), PIPE_BUF) : text.size());
}

void OutputFile::write(std::string_view text) {
  if (problem_ != 0) return;
  TimePoint last = std::chrono::steady_clock::now();
  while (!text.empty()) {
    const ssize_t n = write_now(text);
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
      last = std::chrono::steady_clock::now();
    } else if (errno == EAGAIN) {
      if (patience_ != nullptr && !patience_->lasts(last, std::chrono::steady_clock::now())) {
        problem_ = kNobodyReads;
        return;
      }
      has_room(fd_, kLookAgainMs);
    } else if (errno != EINTR) {
      problem_ = errno;
      return;
    }
  }
}

Result<void> OutputFile::close() {
  // Some file systems say only now that they are full.
  if (const int fd = std::exchange(fd_, -1); kind_ == Kind::own && ::close(fd) != 0 && problem_ == 0)
    problem_ = errno;
  if (problem_ == 0) return {};
  return failure(ErrorKind::io, text_of(option_, path_, problem_));
}

std::string OutputFile::text_of(std::string_view option, std::string_view path, int problem) {
  if (problem == kNobodyReads)
    return fmt::format("{}: {} is not read any more; the rest was not written", option, path);
  return fmt::format("{}: cannot write {}: {}", option, path, std::strerror(problem));
}

}  // namespace ganger::host
