#include "digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace ganger::files {

namespace {

void check(int result) {
  if (result != 1) throw error("SHA-256 is not to be had from OpenSSL");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

// Without naming the algorithm again, which OpenSSL 3 would look up each time.
void Digest::start() { check(EVP_DigestInit_ex(context_.get(), nullptr, nullptr)); }

void Digest::add(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Digest::finish() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned length = 0;
  check(EVP_DigestFinal_ex(context_.get(), raw.data(), &length));
  std::string text;
  text.reserve(std::size_t{2} * length);
  for (const unsigned char byte : std::span(raw).first(length)) text += {kHex[byte >> 4], kHex[byte & 15]};
  return text;
}

FileRow hash_file(const ctx& c, std::string_view path, Digest& digest, std::span<std::byte> buffer) {
  FileRow row;
  row.path = path;
  const auto failed = [&](std::string why) {
    row.error = std::move(why);
    return row;
  };

  // Not to wait for the other end of a fifo that took the file's name.
  const Descriptor file(open(path.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  const int open_error = errno;
  struct stat status {};
  if ((file.get() >= 0 ? fstat(file.get(), &status) : stat(path.data(), &status)) == 0) {
    if (!S_ISREG(status.st_mode)) return failed("not a regular file");
    row.size_bytes = status.st_size;
    row.mtime_s = status.st_mtim.tv_sec;
  }
  if (file.get() < 0) return failed(std::strerror(open_error));

  std::int64_t read_bytes = 0;
  digest.start();
  for (;;) {
    c.throw_if_stopped();
    const auto n = read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(std::strerror(errno));
    if (n == 0) break;
    digest.add(buffer.first(static_cast<std::size_t>(n)));
    read_bytes += n;
  }
  row.size_bytes = read_bytes;
  row.sha256 = digest.finish();
  return row;
}

}  // namespace ganger::files
