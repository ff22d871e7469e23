#include "host/plugin/memory_probe.h"

#include <fcntl.h>
#include <link.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <span>
#include <string_view>

namespace ganger::host {

namespace {

// What lies before an unmapped page is still read. Where pages are larger, these are parts of them.
constexpr std::size_t kPage = 4096;

std::size_t up_to_page_end(const void* address) { return kPage - reinterpret_cast<std::uintptr_t>(address) % kPage; }

const char* ahead(const void* address, std::size_t bytes) {
  // Wild addresses may wrap; integers may, pointers may not.
  return reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(address) + bytes);
}

bool kernel_copies(const void* from, void* out, std::size_t size) {
  const iovec local{out, size};
  const iovec remote{const_cast<void*>(from), size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

/// The part of the program or of a library that is mapped to be executed and that has this address; else nothing.
std::optional<MemoryProbe::Range> code_around(std::uintptr_t address) {
  struct Search {
    const std::uintptr_t address;
    std::optional<MemoryProbe::Range> found;
  } search{address, {}};
  const auto look = [](dl_phdr_info* library, std::size_t, void* user) {
    auto& s = *static_cast<Search*>(user);
    for (const auto& part : std::span(library->dlpi_phdr, library->dlpi_phnum)) {
      const std::uintptr_t begin = library->dlpi_addr + part.p_vaddr;
      if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || s.address - begin >= part.p_memsz) continue;
      s.found.emplace(begin, begin + part.p_memsz);
      return 1;
    }
    return 0;
  };
  dl_iterate_phdr(look, &search);
  return search.found;
}

MemoryProbe::Way way_that_works() {
  const char here = 'x';
  char copy = 0;
  return kernel_copies(&here, &copy, 1) ? MemoryProbe::Way::kernel_copy : MemoryProbe::Way::pipe;
}

}  // namespace

MemoryProbe::MemoryProbe() : MemoryProbe(way_that_works()) {}

MemoryProbe::MemoryProbe(Way way) : way_(way) {
  if (way_ == Way::pipe) open_pipe();
}

MemoryProbe::~MemoryProbe() {
  for (const int end : pipe_)
    if (end >= 0) close(end);
}

void MemoryProbe::open_pipe() {
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
}

bool MemoryProbe::read(const void* from, void* out, std::size_t size) {
  if (size == 0) return true;
  if (reinterpret_cast<std::uintptr_t>(from) + size < size) return false;
  for (char* to = static_cast<char*>(out); size > 0;) {
    const std::size_t chunk = std::min(size, up_to_page_end(from));
    const std::size_t offset = kPage - up_to_page_end(from);
    const Page* const copy = page(reinterpret_cast<std::uintptr_t>(from) - offset);
    if (copy == nullptr) return false;
    std::memcpy(to, copy->data() + offset, chunk);
    from = ahead(from, chunk);
    to += chunk;
    size -= chunk;
  }
  return true;
}

const MemoryProbe::Page* MemoryProbe::page(std::uintptr_t begin) {
  const auto [known, is_new] = pages_.try_emplace(begin);
  if (is_new) {
    auto copy = std::make_unique<Page>();
    const void* const from = reinterpret_cast<const void*>(begin);
    if (way_ == Way::kernel_copy ? kernel_copies(from, copy->data(), kPage) : copy_by_pipe(from, copy->data(), kPage))
      known->second = std::move(copy);
  }
  return known->second.get();
}

bool MemoryProbe::copy_by_pipe(const void* from, void* out, std::size_t size) {
  char* to = static_cast<char*>(out);
  while (size > 0) {
    // The bare system call: AddressSanitizer's write() would look at the bytes itself.
    const long written = syscall(SYS_write, pipe_[1], from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    // What was written must come out again, or the next read would begin with it.
    if (::read(pipe_[0], to, static_cast<std::size_t>(written)) != written) return false;
    const auto done = static_cast<std::size_t>(written);
    from = ahead(from, done);
    to += done;
    size -= done;
  }
  return true;
}

MemoryProbe::Text MemoryProbe::text(const char* from, std::size_t longest) {
  Text result;
  std::array<char, kPage> buffer;
  const void* address = from;
  std::size_t left = longest + 1;  // the NUL is not counted in longest
  while (left > 0) {
    const std::size_t chunk = std::min(left, up_to_page_end(address));
    if (!read(address, buffer.data(), chunk)) return result;
    const std::size_t length = strnlen(buffer.data(), chunk);
    result.text.append(buffer.data(), length);
    if (length < chunk) {
      result.found = Found::whole;
      return result;
    }
    address = ahead(address, chunk);
    left -= chunk;
  }
  result.text.resize(longest);
  result.found = Found::unterminated;
  return result;
}

MemoryProbe::Pointers MemoryProbe::pointers(const void* from, std::size_t most) {
  Pointers result;
  for (std::size_t i = 0; i <= most; ++i) {
    const void* pointer = nullptr;
    if (!read(ahead(from, i * sizeof(void*)), &pointer, sizeof(void*))) return result;
    if (pointer == nullptr) {
      result.found = Found::whole;
      return result;
    }
    if (i < most) result.pointers.push_back(pointer);
  }
  result.found = Found::unterminated;
  return result;
}

bool MemoryProbe::is_code(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  const auto is_in = [&](const Range& range) { return wanted >= range.first && wanted < range.second; };
  if (library_ && is_in(*library_)) return true;
  if (const auto found = code_around(wanted)) {
    library_ = found;
    return true;
  }
  return std::ranges::any_of(mappings(), is_in);
}

/// For code that is in no library, such as what was made at run time. Seldom asked for: where much is loaded the
/// kernel takes longer to write all mappings down than to load one more plugin.
const MemoryProbe::Ranges& MemoryProbe::mappings() {
  if (code_) return *code_;
  code_.emplace();
  // Lines such as "7f12a000-7f12c000 r-xp 00001000 08:01 1234  /usr/lib/x.so".
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    const char* end = line.data() + line.size();
    const auto dash = std::from_chars(line.data(), end, from, 16).ptr;
    if (dash == end || *dash != '-') continue;
    const auto space = std::from_chars(dash + 1, end, to, 16).ptr;
    if (end - space > 4 && space[3] == 'x') code_->emplace_back(from, to);
  }
  return *code_;
}

}  // namespace ganger::host
