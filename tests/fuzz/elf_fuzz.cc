// Any file may lie in a plugin folder: looking at it must end, and what is said of it can be shown.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "host/error.h"
#include "host/plugin/description_json.h"
#include "host/plugin/elf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, size, 0) != static_cast<ssize_t>(size)) return 0;
  const auto elf = ganger::host::read_elf_file(path);
  if (!elf) {
    if (elf.error().message.empty()) __builtin_trap();
    return 0;
  }
  for (const std::string& remark : ganger::host::hygiene(*elf))
    if (remark.empty()) __builtin_trap();
  if (!elf->description) return 0;
  if (const auto plugin = ganger::host::parse_description(*elf->description, path);
      !plugin && plugin.error().message.empty())
    __builtin_trap();
  return 0;
}
