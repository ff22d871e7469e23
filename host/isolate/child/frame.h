// What goes over the channel between host and child: frames of a fixed header and a payload.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "host/error.h"

namespace ganger::host {

enum class FrameKind : std::uint16_t {
  // to the child
  setup = 1,
  call = 2,
  reply = 3,
  stop = 4,
  // to the host
  ready = 33,
  refused = 34,
  log = 35,
  progress = 36,
  input = 37,
  work_dir = 38,
  place = 39,
  place_filled = 40,
  place_back = 41,
  result = 42,
  secret_output = 43
};

/// Who sends frames of that kind.
enum class Side : std::uint8_t { host, child };
constexpr Side sender_of(FrameKind kind) { return kind < FrameKind::ready ? Side::host : Side::child; }

struct FrameView {
  FrameKind kind{};
  std::uint32_t call = 0;    ///< the number of the call it belongs to; 0 = none
  std::string_view payload;  ///< valid until the decoder is fed again
};

inline constexpr std::size_t kFrameHeaderBytes = 16;
inline constexpr std::size_t kMostPayloadBytes = 16u << 20;

/// Appends a frame to `out`. Shape: payload of at most kMostPayloadBytes
void append_frame(std::string& out, FrameKind kind, std::uint32_t call, std::string_view payload);

/// Cuts a stream of bytes into frames. The other side may send anything: what is kept is never more than what has
/// arrived, and the first thing that is wrong is final.
class FrameDecoder {
 public:
  /// Shape: sender = the other side; a frame of a kind that only this one may send is wrong
  explicit FrameDecoder(Side sender) : sender_(sender) {}
  void feed(std::string_view bytes);
  /// The next frame; nothing until more bytes come.
  /// Errors: io, what is wrong with the bytes
  Result<std::optional<FrameView>> next();
  /// Is there the beginning of a frame?
  bool has_part() const { return at_ < bytes_.size(); }

 private:
  const Side sender_;
  std::string bytes_;
  std::size_t at_ = 0;  // what comes before has been handed out
  std::string broken_;
};

/// Numbers and texts one after another, in the byte order of the machine: both sides are the same program.
class PayloadWriter {
 public:
  template <class Number>
  void number(Number value) {
    static_assert(std::is_arithmetic_v<Number>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// The other way. Once something is missing, or is not what it may be, everything reads as 0 or empty, and is_whole()
/// is false: whoever has read a whole payload need not ask of any part of it whether it is in range.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number number() {
    static_assert(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>);
    Number value{};
    const std::string_view bytes = take(sizeof(value));
    if (!bytes.empty()) bytes.copy(reinterpret_cast<char*>(&value), sizeof(value));
    return value;
  }
  /// Shape: least = what is read as well where it is none of these
  template <class Number>
  Number number(Number least, Number most) {
    const auto value = number<Number>();
    if (value >= least && value <= most) return value;
    refuse();
    return least;
  }
  bool boolean() { return number<std::uint8_t>(0, 1) != 0; }
  template <class Enumerator>
  Enumerator enumerator(Enumerator last) {
    return static_cast<Enumerator>(number<std::uint8_t>(0, static_cast<std::uint8_t>(last)));
  }
  std::string_view text(std::size_t most_bytes = kMostPayloadBytes) {
    const auto bytes = number<std::uint32_t>();
    if (bytes > most_bytes) refuse();
    return take(is_good_ ? bytes : 0);
  }
  /// What was read is not what it may be.
  void refuse() {
    is_good_ = false;
    rest_ = {};
  }
  /// How many elements follow; 0 when so many of `least_bytes` each cannot be there.
  std::size_t count(std::size_t least_bytes);
  /// Everything was there, and there is nothing else.
  bool is_whole() const { return is_good_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t bytes);
  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace ganger::host
