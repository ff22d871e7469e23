#include "host/isolate/child/frame.h"

#include <fmt/format.h>

#include <cstring>

namespace ganger::host {

namespace {

constexpr std::uint32_t kMagic = 0x52474e47;  // "GNGR"

struct FrameHeader {
  std::uint32_t magic = kMagic;
  std::uint16_t kind = 0;
  std::uint16_t reserved = 0;
  std::uint32_t call = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);

bool is_known(std::uint16_t kind) {
  switch (static_cast<FrameKind>(kind)) {
    case FrameKind::setup:
    case FrameKind::call:
    case FrameKind::reply:
    case FrameKind::stop:
    case FrameKind::ready:
    case FrameKind::refused:
    case FrameKind::log:
    case FrameKind::progress:
    case FrameKind::input:
    case FrameKind::work_dir:
    case FrameKind::place:
    case FrameKind::place_filled:
    case FrameKind::place_back:
    case FrameKind::result:
    case FrameKind::secret_output:
      return true;
  }
  return false;
}

/// Empty when the header can be one.
std::string wrong_with(const FrameHeader& header, Side sender) {
  if (header.magic != kMagic) return "what came is no frame";
  if (!is_known(header.kind) || header.reserved != 0) return fmt::format("a frame of unknown kind {}", header.kind);
  if (sender_of(static_cast<FrameKind>(header.kind)) != sender)
    return sender == Side::child ? "a message that only its host may send" : "a message that only a child may send";
  if (header.length > kMostPayloadBytes) return fmt::format("a frame of {} bytes, which is too long", header.length);
  return {};
}

}  // namespace

void append_frame(std::string& out, FrameKind kind, std::uint32_t call, std::string_view payload) {
  FrameHeader header;
  header.kind = static_cast<std::uint16_t>(kind);
  header.call = call;
  header.length = static_cast<std::uint32_t>(payload.size());
  out.append(reinterpret_cast<const char*>(&header), sizeof(header));
  out.append(payload);
}

void FrameDecoder::feed(std::string_view bytes) {
  if (!broken_.empty()) return;
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  } else if (at_ > bytes_.size() / 2) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
  bytes_.append(bytes);
}

Result<std::optional<FrameView>> FrameDecoder::next() {
  if (broken_.empty() && bytes_.size() - at_ >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, bytes_.data() + at_, sizeof(header));
    broken_ = wrong_with(header, sender_);
    if (broken_.empty()) {
      if (bytes_.size() - at_ - sizeof(header) < header.length) return std::nullopt;
      const std::string_view payload(bytes_.data() + at_ + sizeof(header), header.length);
      at_ += sizeof(header) + header.length;
      return FrameView{static_cast<FrameKind>(header.kind), header.call, payload};
    }
  }
  if (!broken_.empty()) return failure(ErrorKind::io, broken_);
  return std::nullopt;
}

std::size_t PayloadReader::count(std::size_t least_bytes) {
  const std::size_t n = number<std::uint32_t>();
  if (n <= rest_.size() / least_bytes) return n;
  refuse();
  return 0;
}

std::string_view PayloadReader::take(std::size_t bytes) {
  if (bytes > rest_.size()) {
    refuse();
    return {};
  }
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return taken;
}

}  // namespace ganger::host
