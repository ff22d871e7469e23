#include "process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "descriptor.h"

namespace ganger::exec {

namespace {

/// "/proc/PID/FILE"
class ProcPath {
 public:
  ProcPath(pid_t pid, std::string_view file) {
    char* to = std::copy_n("/proc/", 6, text_.data());
    to = std::to_chars(to, text_.data() + text_.size(), pid).ptr;
    *to++ = '/';
    to = std::copy(file.begin(), file.end(), to);
    *to = '\0';
  }
  const char* text() const { return text_.data(); }

 private:
  std::array<char, 40> text_{};
};

ssize_t read_some(const Descriptor& from, char* to, std::size_t most) {
  for (;;)
    if (const ssize_t n = read(from.get(), to, most); n >= 0 || errno != EINTR) return n;
}

/// The number at the front, which is taken off with the blank after it.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(std::min<std::size_t>(static_cast<std::size_t>(end - text.data()) + 1, text.size()));
  return failed == std::errc() ? number : -1;
}

/// As getdents64(2) gives it.
struct FolderEntry {
  std::uint64_t number;
  std::int64_t next;
  std::uint16_t bytes;
  std::uint8_t type;
  char name[1];
};

}  // namespace

std::uint64_t ticks_before_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(std::max<time_t>(now.tv_sec - 1, 0)) *
         static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
}

ProcessNumbers::ProcessNumbers() : folder_(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

ProcessNumbers::~ProcessNumbers() {
  if (folder_ >= 0) close(folder_);
}

pid_t ProcessNumbers::next() {
  for (;;) {
    if (at_ >= end_) {
      const long n = folder_ < 0 ? 0 : syscall(SYS_getdents64, folder_, block_, kBlockBytes);
      if (n <= 0) return 0;
      at_ = 0;
      end_ = static_cast<std::size_t>(n);
    }
    const auto* entry = reinterpret_cast<const FolderEntry*>(block_ + at_);
    at_ += entry->bytes;
    const std::string_view name = entry->name;
    pid_t pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed == std::errc() && end == name.data() + name.size() && pid > 0) return pid;
  }
}

// Source: proc(5), /proc/pid/stat; the name in parentheses may hold anything.
std::optional<ProcessEntry> find_process(pid_t pid) {
  const Descriptor from(open(ProcPath(pid, "stat").text(), O_RDONLY | O_CLOEXEC));
  if (!from.is_open()) return std::nullopt;
  std::array<char, 1024> block;  // more than all its numbers and the longest name
  const ssize_t n = read_some(from, block.data(), block.size());
  std::string_view text(block.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  const auto name_end = text.rfind(')');
  constexpr std::size_t kBeforeParent = 4;  // ") S "
  if (name_end == std::string_view::npos || text.size() < name_end + kBeforeParent) return std::nullopt;
  const char state = text[name_end + 2];
  text.remove_prefix(name_end + kBeforeParent);
  ProcessEntry entry{.pid = pid, .parent = 0, .group = 0, .is_zombie = state == 'Z' || state == 'X', .started = 0};
  entry.parent = static_cast<pid_t>(take_number(text));
  entry.group = static_cast<pid_t>(take_number(text));
  constexpr int kFieldsBeforeStart = 16;  // from session to itrealvalue
  for (int i = 0; i < kFieldsBeforeStart; ++i) take_number(text);
  const std::int64_t started = take_number(text);
  if (started < 0) return std::nullopt;
  entry.started = static_cast<std::uint64_t>(started);
  return entry;
}

std::vector<ProcessEntry> list_processes() {
  std::vector<ProcessEntry> all;
  ProcessNumbers numbers;
  while (const pid_t pid = numbers.next())
    if (const auto found = find_process(pid)) all.push_back(*found);
  return all;
}

std::optional<bool> has_in_environment(pid_t pid, std::string_view part) {
  const ProcPath file(pid, "environ");
  const Descriptor from(open(file.text(), O_RDONLY | O_CLOEXEC));
  if (!from.is_open()) return false;
  std::array<char, 8192> block;
  bool is_empty = true;
  for (std::size_t kept = 0;;) {
    const ssize_t n = read_some(from, block.data() + kept, block.size() - kept);
    if (n <= 0) {
      // One that has just ended has none either.
      if (n == 0 && is_empty) return std::nullopt;
      return false;
    }
    is_empty = false;
    const std::size_t size = kept + static_cast<std::size_t>(n);
    if (memmem(block.data(), size, part.data(), part.size()) != nullptr) return true;
    // It may begin in this block and end in the next one.
    kept = std::min(part.size() - 1, size);
    std::memmove(block.data(), block.data() + size - kept, kept);
  }
}

}  // namespace ganger::exec
