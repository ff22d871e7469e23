// Which module an address is in, by the lines of /proc/PID/maps. Nothing here allocates or locks: a signal handler
// uses it too.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace ganger::host {

/// A line: "START-END RIGHTS OFFSET DEVICE INODE PATH".
struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  std::string_view path;  ///< empty = of no file
};

std::optional<Mapping> read_mapping(std::string_view line);

/// Calls `use` with every line of the memory map of this process. A line is cut where it is longer than all the room.
template <class Use>
void for_each_map_line(const Use& use) {
  const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char bytes[1024];
  std::size_t held = 0;
  for (;;) {
    const ssize_t n = read(fd, bytes + held, sizeof bytes - held);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    held += static_cast<std::size_t>(n);
    std::string_view rest(bytes, held);
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1))
      use(rest.substr(0, end));
    held = rest.size() < sizeof bytes ? rest.size() : 0;
    std::memmove(bytes, rest.data(), held);
  }
  close(fd);
}

/// Addresses, which become places as the lines of a map are added in their order.
class Places {
 public:
  static constexpr std::size_t kMost = 48;

  struct Place {
    std::uint64_t address = 0;
    std::array<char, 80> module{};  ///< cut when it is longer; "" = unknown
    std::uint64_t offset = 0;       ///< from where the module has been loaded
  };

  /// What is beyond kMost is left out.
  void add_address(std::uint64_t address);
  void add_line(std::string_view line);

  std::size_t size() const { return size_; }
  const Place& operator[](std::size_t i) const { return places_[i]; }

 private:
  std::array<Place, kMost> places_{};
  std::size_t size_ = 0;
  std::array<char, 256> path_{};  ///< of the line before
  std::uint64_t base_ = 0;        ///< where its module begins
};

}  // namespace ganger::host
