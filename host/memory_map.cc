#include "host/memory_map.h"

#include <algorithm>
#include <charconv>

namespace ganger::host {

namespace {

constexpr std::string_view kDeleted = " (deleted)";

/// Takes the next word off the line.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

bool read_hex(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

template <std::size_t n>
void copy(std::string_view text, std::array<char, n>& to) {
  to[text.copy(to.data(), n - 1)] = '\0';
}

}  // namespace

std::optional<Mapping> read_mapping(std::string_view line) {
  Mapping mapping;
  const std::string_view range = next_word(line);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  next_word(line);
  if (!read_hex(range.substr(0, dash), mapping.start) || !read_hex(range.substr(dash + 1), mapping.end) ||
      !read_hex(next_word(line), mapping.offset))
    return std::nullopt;
  next_word(line);
  next_word(line);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (line.ends_with(kDeleted)) line.remove_suffix(kDeleted.size());
  mapping.path = line;
  return mapping;
}

void Places::add_address(std::uint64_t address) {
  if (size_ < kMost) places_[size_++] = {.address = address, .offset = address};
}

void Places::add_line(std::string_view line) {
  const auto mapping = read_mapping(line);
  if (!mapping) return;
  const std::string_view path = mapping->path.substr(0, path_.size() - 1);
  // The first part of a file tells where it was loaded; the others of the same file follow it.
  if (mapping->offset == 0 || path != path_.data()) base_ = mapping->start - mapping->offset;
  copy(path, path_);
  if (path.empty()) return;
  for (std::size_t i = 0; i < size_; ++i) {
    Place& place = places_[i];
    if (place.address < mapping->start || place.address >= mapping->end) continue;
    copy(mapping->path.substr(mapping->path.rfind('/') + 1), place.module);
    place.offset = place.address - base_;
  }
}

}  // namespace ganger::host
