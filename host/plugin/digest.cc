#include "host/plugin/digest.h"

#include <fcntl.h>
#include <sha2.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "host/descriptor.h"

namespace ganger::host {

namespace {

Error cannot_read(const std::filesystem::path& file, int problem) {
  const bool is_gone = problem == ENOENT || problem == ENOTDIR;
  return {is_gone ? ErrorKind::not_found : ErrorKind::io,
          is_gone ? file.string() + " does not exist"
                  : file.string() + " cannot be read: " + std::generic_category().message(problem),
          {}};
}

}  // namespace

Result<std::string> sha256_of(const std::filesystem::path& file) {
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!opened.is_open()) return tl::unexpected(cannot_read(file, errno));
  return sha256_of(opened.get(), file);
}

Result<std::string> sha256_of(int descriptor, const std::filesystem::path& name) {
  SHA2_CTX context;
  SHA256Init(&context);
  std::vector<std::uint8_t> block(std::size_t{256} * 1024);
  int problem = 0;
  off_t at = 0;
  for (ssize_t got = 1; got != 0 && problem == 0;) {
    got = pread(descriptor, block.data(), block.size(), at);
    if (got > 0) SHA256Update(&context, block.data(), static_cast<std::size_t>(got));
    if (got > 0) at += got;
    if (got < 0 && errno != EINTR) problem = errno;
  }
  if (problem != 0) return tl::unexpected(cannot_read(name, problem));
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256Final(digest.data(), &context);
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace ganger::host
