// The pool kind files.buffer: blocks of memory for reading and writing.
#ifndef GANGER_FILES_BUFFER_H
#define GANGER_FILES_BUFFER_H

#include <ganger/buffer.h>

#include <cstddef>
#include <ganger/plugin.hpp>
#include <memory>

namespace ganger::files {

/// A block of memory, aligned to a page.
class Buffer {
 public:
  explicit Buffer(std::size_t size_bytes);
  std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  std::size_t size_;
};

struct BufferKind {
  static constexpr const char* name = "buffer";
  static constexpr const char* summary = "A block of memory for I/O, aligned to a page";
  static constexpr const char* interface = GANGER_BUFFER_INTERFACE;
  static constexpr param params[] = {{"size", GANGER_SIZE, "how large each is", "\"256KiB\""}};

  static const ganger_buffer_api* api();
  static Buffer* open(const ctx& c);
  static void close(Buffer* buffer) { delete buffer; }
};

}  // namespace ganger::files

#endif  // GANGER_FILES_BUFFER_H
