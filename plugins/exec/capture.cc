#include "capture.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ganger/utf8.hpp>
#include <ganger/value.hpp>
#include <system_error>

namespace ganger::exec {

namespace {

constexpr mode_t kOnlyOwner = 0600;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
/// Of text(), for the mark between beginning and end.
constexpr std::size_t kRoomForMark = 128;
constexpr std::size_t kCaptureBytes = 65536;

/// A host takes secrets out of what it shows, and knows by the dots where one may have been cut.
std::string mark_of(std::uint64_t left_out) {
  return "...\n[exec.run leaves out " + std::to_string(left_out) + " bytes here]\n...";
}

/// As UTF-8 without NULs. `is_exact` becomes false where it is not the same.
std::string valid_text(std::string_view bytes, bool& is_exact) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto n = utf8_length(bytes);
    const bool is_text = n > 0 && bytes[0] != '\0';
    text += is_text ? bytes.substr(0, n) : kReplacement;
    is_exact = is_exact && is_text;
    bytes.remove_prefix(n == 0 ? 1 : n);
  }
  return text;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// At most so many bytes of the beginning: whole lines if that is not less than half of them, else whole characters.
std::string_view beginning(std::string_view bytes, std::size_t most) {
  std::size_t end = std::min(bytes.size(), most);
  if (const auto line = bytes.substr(0, end).rfind('\n'); line != std::string_view::npos && line >= end / 2)
    return bytes.substr(0, line + 1);
  for (int i = 0; i < 3 && end > 0 && end < bytes.size() && continues_character(bytes[end]); ++i) --end;
  return bytes.substr(0, end);
}

/// The same of the end.
std::string_view ending(std::string_view bytes, std::size_t most) {
  std::string_view end = bytes.substr(bytes.size() - std::min(bytes.size(), most));
  if (const auto line = end.find('\n'); line != std::string_view::npos && line < end.size() / 2)
    return end.substr(line + 1);
  for (int i = 0; i < 3 && !end.empty() && continues_character(end[0]); ++i) end.remove_prefix(1);
  return end;
}

}  // namespace

void Capture::add(std::string_view bytes) {
  const bool is_new_file = !to_.is_open() && total_ + bytes.size() > limits_.text;
  total_ += bytes.size();
  if (is_new_file) write_to_file(kept_);
  if (to_.is_open()) write_to_file(bytes);
  const std::size_t most = std::max(limits_.text, limits_.search);
  if (kept_.size() < most) kept_ += bytes.substr(0, most - kept_.size());
  last_ += bytes.substr(bytes.size() - std::min(bytes.size(), limits_.text));
  if (last_.size() > 2 * limits_.text) last_.erase(0, last_.size() - limits_.text);
}

void Capture::write_to_file(std::string_view bytes) {
  if (!to_.is_open()) {
    file_ = folder_() / name_;
    to_ = Descriptor(open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kOnlyOwner));
    if (!to_.is_open())
      throw error("cannot create '" + file_.string() + "' for the command's output: " + text_of_errno(errno));
  }
  while (!bytes.empty()) {
    const std::uint64_t half = half_file(), ring = limits_.file - half;
    const std::uint64_t at = in_file_ < half ? in_file_ : half + (in_file_ - half) % ring;
    const std::uint64_t room = at < half ? half - at : limits_.file - at;
    const std::string_view now = bytes.substr(0, std::min<std::uint64_t>(room, bytes.size()));
    write_at(at, now);
    in_file_ += now.size();
    bytes.remove_prefix(now.size());
  }
}

void Capture::write_at(std::uint64_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(to_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) {
      const int why = errno;
      // A part is of no use, and a disk that it has filled is needed for what the host writes down.
      std::error_code ignored;
      std::filesystem::remove(file_, ignored);
      to_.reset();
      throw error("cannot write the command's output to '" + file_.string() + "': " + text_of_errno(why));
    }
    if (n <= 0) continue;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

/// Its end went round in its second half; a new file has the beginning, the mark, and the end as it came.
void Capture::put_file_in_order() {
  const Descriptor from = std::move(to_);
  const std::uint64_t half = half_file(), ring = limits_.file - half, turn = half + (in_file_ - half) % ring;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);  // its descriptor still has it
  to_ = Descriptor(open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOnlyOwner));
  if (!to_.is_open())
    throw error("cannot create '" + file_.string() + "' for the command's output: " + text_of_errno(errno));
  std::uint64_t at = 0;
  const auto put = [&](std::string_view bytes) {
    write_at(at, bytes);
    at += bytes.size();
  };
  const auto copy = [&](std::uint64_t begin, std::uint64_t end) {
    std::array<char, kCaptureBytes> block;
    while (begin < end) {
      const ssize_t n = pread(from.get(), block.data(), std::min<std::uint64_t>(block.size(), end - begin),
                              static_cast<off_t>(begin));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw error("cannot read the command's output back: " + text_of_errno(n < 0 ? errno : EIO));
      put({block.data(), static_cast<std::size_t>(n)});
      begin += static_cast<std::uint64_t>(n);
    }
  };
  copy(0, half);
  put(mark_of(total_ - limits_.file));
  copy(turn, limits_.file);
  copy(half, turn);
}

void Capture::finish() {
  if (to_.is_open() && !is_file_whole()) put_file_in_order();
  make_text();
  to_.reset();
}

void Capture::make_text() {
  bool is_exact = true;
  if (total_ <= limits_.text) {
    text_ = valid_text(kept_, is_exact);
    if (!is_exact) write_to_file(kept_);
  }
  if (total_ > limits_.text || text_.size() > limits_.text) {
    // What is no text may need three times the room.
    std::size_t each = (limits_.text - kRoomForMark) / 2;
    for (std::string head, tail;; each -= each / 8 + 1) {
      const std::string_view first = beginning(kept_, each), last = ending(last_, each);
      head = valid_text(first, is_exact);
      tail = valid_text(last, is_exact);
      if (head.size() + tail.size() + kRoomForMark > limits_.text) continue;
      text_ = head + mark_of(total_ - first.size() - last.size()) + tail;
      break;
    }
  }
  text_.erase(text_.find_last_not_of('\n') + 1);
}

}  // namespace ganger::exec
