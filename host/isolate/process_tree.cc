#include "host/isolate/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "host/isolate/process.h"

namespace ganger::host {

namespace {

constexpr int kMostRounds = 100;

/// "PID (NAME) STATE PPID PGRP ...": a name may hold anything, also parentheses.
bool read_entry(const char* folder_of_pid, ProcessEntry& entry) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%.20s/stat", folder_of_pid);
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  char text[512];
  ssize_t n = 0;
  do n = read(file.get(), text, sizeof text - 1);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  text[n] = '\0';
  const char* after_name = std::strrchr(text, ')');
  char state = '?';
  if (after_name == nullptr || std::sscanf(after_name + 1, " %c %d %d", &state, &entry.parent, &entry.group) != 3)
    return false;
  entry.has_ended = state == 'Z' || state == 'X';
  return true;
}

bool is_among(const std::vector<pid_t>& sorted, pid_t pid) {
  return std::binary_search(sorted.begin(), sorted.end(), pid);
}

/// What runs in the group of `root` or descends from it or from one of those; sorted, without itself.
std::vector<pid_t> others_of_tree(pid_t root) {
  const std::vector<ProcessEntry> all = all_processes();
  std::vector<pid_t> found{root};
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const ProcessEntry& entry : all) {
      if (entry.has_ended || is_among(found, entry.pid)) continue;
      if (entry.group != root && !is_among(found, entry.parent)) continue;
      found.insert(std::upper_bound(found.begin(), found.end(), entry.pid), entry.pid);
      has_grown = true;
    }
  }
  std::erase(found, root);
  return found;
}

/// Stops them all, from the top: who is stopped starts nobody, and who has not ended keeps its place in the tree.
std::vector<pid_t> stop_others_of_tree(pid_t root) {
  // Who goes on starting others through all rounds is one that we may not stop, such as a program of another user.
  std::vector<pid_t> stopped;
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<pid_t> found = others_of_tree(root);
    bool is_new = false;
    for (const pid_t pid : found) {
      if (is_among(stopped, pid)) continue;
      is_new = true;
      kill(pid, SIGSTOP);
    }
    if (!is_new) break;
    stopped = std::move(found);
  }
  return stopped;
}

}  // namespace

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> all;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return all;
  while (const dirent* item = readdir(proc)) {
    ProcessEntry entry;
    const std::string_view name = item->d_name;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), entry.pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (read_entry(item->d_name, entry)) all.push_back(entry);
  }
  closedir(proc);
  return all;
}

std::size_t kill_with_descendants(pid_t root) {
  kill(-root, SIGSTOP);
  kill(root, SIGSTOP);
  const std::vector<pid_t> stopped = stop_others_of_tree(root);
  for (const pid_t pid : stopped) kill(pid, SIGKILL);
  kill(-root, SIGKILL);
  kill(root, SIGKILL);
  return stopped.size();
}

void end_with_descendants() {
  try {
    if (!own_children().empty())
      for (const pid_t pid : stop_others_of_tree(getpid())) kill(pid, SIGKILL);
  } catch (const std::bad_alloc&) {
    kill(-getpid(), SIGKILL);
  }
  _exit(0);
}

WatchedChildren& WatchedChildren::instance() {
  // Never destroyed: a Process may outlive the statics.
  static auto* const children = new WatchedChildren;
  return *children;
}

void WatchedChildren::add(pid_t pid) {
  const std::lock_guard lock(mutex_);
  pids_.insert(pid);
}

bool WatchedChildren::contains(pid_t pid) {
  const std::lock_guard lock(mutex_);
  return pids_.contains(pid);
}

}  // namespace ganger::host
