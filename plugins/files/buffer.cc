#include "buffer.h"

#include <cstdint>
#include <new>
#include <string>

namespace ganger::files {

namespace {

// Of every Linux; a larger page only makes the alignment less than a whole one.
constexpr std::align_val_t kPage{4096};

// Nobody wants more; it is a slip in a job file.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;

}  // namespace

Buffer::Buffer(std::size_t size_bytes)
    : bytes_(static_cast<std::byte*>(::operator new(size_bytes, kPage))), size_(size_bytes) {}

void Buffer::Free::operator()(std::byte* bytes) const { ::operator delete(bytes, kPage); }

const ganger_buffer_api* BufferKind::api() {
  static constexpr ganger_buffer_api table = {
      sizeof(ganger_buffer_api), 0, [](void* buffer) -> void* { return static_cast<Buffer*>(buffer)->data(); },
      [](void* buffer) -> std::uint64_t { return static_cast<Buffer*>(buffer)->size(); }};
  return &table;
}

Buffer* BufferKind::open(const ctx& c) {
  const auto size = c.get<std::int64_t>("size");
  if (size < 1 || size > kMostBytes)
    throw error(GANGER_BAD_PARAM, "size of a buffer is " + std::to_string(size) + " bytes; give 1 byte to 1GiB");
  return new Buffer(static_cast<std::size_t>(size));
}

}  // namespace ganger::files
