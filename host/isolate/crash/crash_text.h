// Text for a descriptor out of a signal handler: no heap, no lock, no stdio.
#pragma once
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ganger::host {

/// First line of a note, so that other bytes are not taken for one.
inline constexpr std::string_view kCrashNoteHead = "ganger crash 1";

struct Hex {
  std::uint64_t value;
};

/// Collects and writes; what cannot be written is lost, for there is nobody to tell.
class CrashText {
 public:
  explicit CrashText(int fd) : fd_(fd) {}

  CrashText& operator<<(std::string_view text) {
    for (const char c : text) {
      if (size_ == bytes_.size()) flush();
      bytes_[size_++] = c;
    }
    return *this;
  }
  CrashText& operator<<(std::uint64_t number) { return add_number(number, 10); }
  CrashText& operator<<(Hex number) { return (*this << "0x").add_number(number.value, 16); }

  void flush() {
    for (std::size_t at = 0; at < size_;) {
      const ssize_t n = ::write(fd_, bytes_.data() + at, size_ - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
    }
    size_ = 0;
  }

 private:
  CrashText& add_number(std::uint64_t number, int base) {
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, base);
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }

  int fd_;
  std::array<char, 1024> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace ganger::host
