#include "capture.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <ganger/utf8.hpp>
#include <ganger/value.hpp>

namespace ganger::exec {

namespace {

constexpr mode_t kOnlyOwner = 0600;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

void Capture::add(std::string_view bytes) {
  total_ += bytes.size();
  if (to_.is_open()) write_to_file(bytes);
  const bool is_new_file = !to_.is_open() && total_ > cap_;
  if (is_new_file) write_to_file(kept_);
  if (is_new_file) write_to_file(bytes);
  if (kept_.size() < keep_) kept_ += bytes.substr(0, keep_ - kept_.size());
}

void Capture::write_to_file(std::string_view bytes) {
  if (!to_.is_open()) {
    file_ = folder_() / name_;
    to_ = Descriptor(open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOnlyOwner));
    if (!to_.is_open())
      throw error("cannot create '" + file_.string() + "' for the command's output: " + text_of_errno(errno));
  }
  while (!bytes.empty()) {
    const ssize_t n = write(to_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      throw error("cannot write the command's output to '" + file_.string() + "': " + text_of_errno(errno));
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Capture::finish() {
  make_text();
  to_.reset();
}

void Capture::make_text() {
  std::string_view rest = std::string_view(kept_).substr(0, cap_);
  const bool is_all = total_ <= cap_;
  bool is_exact = true;
  text_.reserve(rest.size());
  while (!rest.empty()) {
    const auto n = utf8_length(rest);
    const bool is_text = n > 0 && rest[0] != '\0';
    // A character that the cap cuts in two is no reason for a replacement.
    if (n == 0 && !is_all && rest.size() < 4) break;
    const std::string_view next = is_text ? rest.substr(0, n) : kReplacement;
    is_exact = is_exact && is_text;
    if (text_.size() + next.size() > cap_) break;
    text_ += next;
    rest.remove_prefix(n == 0 ? 1 : n);
  }
  if (!is_exact && is_all) write_to_file(kept_);
  if (is_all && rest.empty()) text_.erase(text_.find_last_not_of('\n') + 1);
}

}  // namespace ganger::exec
