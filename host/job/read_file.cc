#include "host/job/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "host/descriptor.h"

namespace ganger::host {

tl::expected<std::string, int> read_file(const std::filesystem::path& file, std::size_t most) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!opened.is_open()) return tl::unexpected(errno);
  std::string text;
  std::array<char, 64 * 1024> block;
  int problem = 0;
  for (ssize_t n = 1; n != 0 && problem == 0;) {
    n = ::read(opened.get(), block.data(), block.size());
    if (n > 0) text.append(block.data(), static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR) problem = errno;
    if (text.size() > most) problem = EFBIG;
  }
  if (problem != 0) return tl::unexpected(problem);
  return text;
}

}  // namespace ganger::host
