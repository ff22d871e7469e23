#include "process_table.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <sstream>
#include <string>

#include "descriptor.h"

namespace ganger::exec {

namespace {

/// Empty when it cannot be read.
std::string content_of(const std::string& file) {
  const Descriptor from(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string all;
  std::array<char, 4096> block;
  while (from.is_open()) {
    const ssize_t n = read(from.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    all.append(block.data(), static_cast<std::size_t>(n));
  }
  return all;
}

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

}  // namespace

// Source: proc(5), /proc/pid/stat; the name in parentheses may hold anything.
std::optional<ProcessEntry> find_process(pid_t pid) {
  const std::string text = content_of(folder_of(pid) + "/stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  constexpr int kFieldsBeforeStart = 16;  // from session to itrealvalue
  std::istringstream fields(text.substr(name_end + 1));
  ProcessEntry entry{.pid = pid, .parent = 0, .group = 0, .is_zombie = false, .started = 0};
  char state = 0;
  fields >> state >> entry.parent >> entry.group;
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeStart; ++i) fields >> skipped;
  fields >> entry.started;
  entry.is_zombie = state == 'Z' || state == 'X';
  return fields ? std::optional(entry) : std::nullopt;
}

std::vector<ProcessEntry> list_processes() {
  std::vector<ProcessEntry> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (!folder) return all;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed != std::errc() || end != name.data() + name.size()) continue;
    if (const auto found = find_process(pid)) all.push_back(*found);
  }
  return all;
}

std::optional<bool> has_in_environment(pid_t pid, std::string_view name, std::string_view part) {
  const std::string file = folder_of(pid) + "/environ";
  const std::string all = content_of(file);
  if (all.empty() && access(file.c_str(), R_OK) == 0) return std::nullopt;
  std::string_view rest = all;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\0'), rest.size());
    const std::string_view variable = rest.substr(0, end);
    if (variable.size() > name.size() && variable.substr(0, name.size()) == name && variable[name.size()] == '=' &&
        variable.find(part, name.size()) != std::string_view::npos)
      return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace ganger::exec
