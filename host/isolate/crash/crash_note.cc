#include "host/isolate/crash/crash_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>

#include "host/isolate/crash/crash_text.h"
#include "host/memory_map.h"
#include "host/plugin/elf_file.h"
#include "host/text.h"

namespace ganger::host {

namespace {

/// More than a note ever has. The rest of a longer one is not looked at.
constexpr std::size_t kMostBytes = 4U << 20U;
// abort() and std::terminate() alone are eight before the plugin is seen.
constexpr std::size_t kMostFramesTold = 16;

/// Takes the next line off the text; what does not end in a line end has been cut short and is none.
std::optional<std::string_view> next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, is_hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "WORD VALUE", into what it means.
void read_field(std::string_view line, CrashNote& note, Places& places) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return;
  const std::string_view word = line.substr(0, blank);
  const std::string_view value = line.substr(blank + 1);
  if (word == "signal") note.signal = read_number<int>(value).value_or(0);
  if (word == "address") note.address = read_number<std::uint64_t>(value).value_or(0);
  if (word == "task") note.task = excerpt(value);
  if (word == "plugin") note.plugin = excerpt(value);
  if (word != "frame") return;
  if (const auto address = read_number<std::uint64_t>(value)) places.add_address(*address);
}

}  // namespace

std::optional<CrashNote> read_crash_note(std::string_view bytes) {
  bytes = bytes.substr(0, kMostBytes);
  if (next_line(bytes) != kCrashNoteHead) return std::nullopt;
  CrashNote note;
  Places places;
  std::vector<std::string_view> map;
  while (const auto line = next_line(bytes)) {
    if (read_mapping(*line))
      map.push_back(*line);
    else
      read_field(*line, note, places);
  }
  if (note.signal <= 0 || note.signal > SIGRTMAX) return std::nullopt;
  for (const std::string_view line : map) places.add_line(line);
  for (std::size_t i = 0; i < places.size(); ++i)
    note.frames.push_back({.module = printable(places[i].module.data()), .offset = places[i].offset});
  return note;
}

std::string describe(const CrashNote& note) {
  std::string text = signal_name(note.signal);
  if (note.signal == SIGSEGV || note.signal == SIGBUS) text += fmt::format(" at address {:#x}", note.address);
  const std::size_t told = std::min(note.frames.size(), kMostFramesTold);
  for (std::size_t i = 0; i < told; ++i) {
    const Frame& frame = note.frames[i];
    text += i == 0 ? ", in " : ", ";
    text += fmt::format("{}{}{:#x}", frame.module, frame.module.empty() ? "" : "+", frame.offset);
  }
  return text;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : fmt::format("signal {}", signal);
}

std::string build_id(const std::filesystem::path& file) {
  const auto elf = read_elf_file(file);
  return elf ? elf->build_id : "";
}

}  // namespace ganger::host
