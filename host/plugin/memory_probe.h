// Reads memory of this process that somebody else described, without dying of a bad pointer.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ganger::host {

/// Asks the kernel to copy, which answers "bad address" where a plain read would be a SIGSEGV. Each page is copied
/// once: what is read is as it was then.
/// Thread: one at a time.
class MemoryProbe {
 public:
  enum class Way : std::uint8_t {
    kernel_copy,  ///< process_vm_readv() on ourselves
    pipe          ///< write() into a pipe; where a seccomp filter forbids the other
  };
  enum class Found : std::uint8_t { whole, unreadable, unterminated };
  using Range = std::pair<std::uintptr_t, std::uintptr_t>;  ///< of addresses: from, to

  struct Text {
    Found found = Found::unreadable;
    std::string text;  ///< what was read before it went wrong, too
  };
  struct Pointers {
    Found found = Found::unreadable;
    std::vector<const void*> pointers;
  };

  /// Takes the way that works here.
  MemoryProbe();
  explicit MemoryProbe(Way way);
  ~MemoryProbe();
  MemoryProbe(const MemoryProbe&) = delete;
  MemoryProbe& operator=(const MemoryProbe&) = delete;

  /// Copies `size` bytes; false when one of them cannot be read. `out` may be partly written then.
  bool read(const void* from, void* out, std::size_t size);
  /// A NUL-terminated text of at most `longest` bytes.
  Text text(const char* from, std::size_t longest = 65536);
  /// A NULL-terminated array of at most `most` pointers.
  Pointers pointers(const void* from, std::size_t most = 1024);
  /// Is there code at this address?
  bool is_code(const void* address);

 private:
  using Page = std::array<char, 4096>;

  /// Null when it cannot be read.
  const Page* page(std::uintptr_t begin);
  bool copy_by_pipe(const void* from, void* out, std::size_t size);
  void open_pipe();
  using Ranges = std::vector<Range>;
  const Ranges& mappings();

  Way way_;
  int pipe_[2] = {-1, -1};
  std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages_;  ///< by where they begin; null = unreadable
  std::optional<Range> library_;  ///< where code was found last: most of what is asked for is in one library
  std::optional<Ranges> code_;    ///< executable mappings, once they were asked for
};

}  // namespace ganger::host
