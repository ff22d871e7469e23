#include "host/plugin/elf_note.h"

#include <array>
#include <cstring>

namespace ganger::host {

namespace {

/// Sizes of owner and content, type; what follows them is padded.
using Head = std::array<std::uint32_t, 3>;
constexpr std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

}  // namespace

std::optional<ElfNote> take_note(std::string_view& bytes) {
  Head head{};
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(head.data(), bytes.data(), sizeof head);
  const auto [owner_size, content_size, type] = head;
  const std::uint64_t content = sizeof head + padded(owner_size);
  const std::uint64_t end = content + padded(content_size);
  // The padding of the last one may be missing.
  if (content > bytes.size() || content_size > bytes.size() - content) return std::nullopt;
  ElfNote note{bytes.substr(sizeof head, owner_size), type, bytes.substr(content, content_size)};
  if (note.owner.ends_with('\0')) note.owner.remove_suffix(1);
  bytes.remove_prefix(end < bytes.size() ? end : bytes.size());
  return note;
}

std::string note_section(const ElfNote& note) {
  const Head head = {static_cast<std::uint32_t>(note.owner.size() + 1),
                     static_cast<std::uint32_t>(note.content.size()), note.type};
  std::string bytes(reinterpret_cast<const char*>(head.data()), sizeof head);
  bytes += note.owner;
  bytes.resize(sizeof head + padded(head[0]));
  bytes += note.content;
  bytes.resize(padded(bytes.size()));
  return bytes;
}

}  // namespace ganger::host
