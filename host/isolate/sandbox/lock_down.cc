#include "host/isolate/sandbox/lock_down.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "host/isolate/sandbox/landlock.h"
#include "host/isolate/sandbox/memory_size.h"
#include "host/isolate/sandbox/network.h"
#include "host/isolate/sandbox/other_processes.h"
#include "host/units.h"

namespace ganger::host {

namespace {

using Lines = std::vector<std::string>;

/// Enough for any task, and few enough that a leak is seen before the machine has none left.
constexpr rlim_t kMostDescriptors = 4096;

constexpr std::uint64_t kMiB = 1 << 20;
/// Stacks of the two threads that watch the host, and a plugin with its libraries.
constexpr std::uint64_t kLeastForPlugins = 24 * kMiB;

// A sanitizer's shadow takes terabytes of addresses.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsAddresses = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kLimitsAddresses = false;
#else
constexpr bool kLimitsAddresses = true;
#endif
#else
constexpr bool kLimitsAddresses = true;
#endif

/// Readable besides what the job grants, for without it hardly a program runs or a host name is found. All of /proc:
/// what a task starts has a number of its own there, and what is secret of other processes Landlock refuses by
/// itself.
constexpr const char* kReadableBySystem[] = {"/usr",
                                             "/bin",
                                             "/sbin",
                                             "/lib",
                                             "/lib32",
                                             "/lib64",
                                             "/libx32",
                                             "/etc/alternatives",
                                             "/etc/gai.conf",
                                             "/etc/group",
                                             "/etc/host.conf",
                                             "/etc/hosts",
                                             "/etc/ld.so.cache",
                                             "/etc/ld.so.conf",
                                             "/etc/ld.so.conf.d",
                                             "/etc/ld.so.preload",
                                             "/etc/locale.alias",
                                             "/etc/localtime",
                                             "/etc/nsswitch.conf",
                                             "/etc/passwd",
                                             "/etc/protocols",
                                             "/etc/resolv.conf",
                                             "/etc/services",
                                             "/etc/ssl/certs",
                                             "/etc/ssl/openssl.cnf",
                                             "/etc/timezone",
                                             "/proc",
                                             "/sys/devices/system/cpu",
                                             "/dev/null",
                                             "/dev/zero",
                                             "/dev/full",
                                             "/dev/random",
                                             "/dev/urandom"};

void add(Lines& lines, Lines more) {
  lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Never above what is allowed already; `what` for the line if it cannot be.
Lines limit(__rlimit_resource resource, rlim_t most, const char* what) {
  rlimit now{};
  getrlimit(resource, &now);
  const rlimit wanted{std::min(now.rlim_cur, most), std::min(now.rlim_max, most)};
  if (setrlimit(resource, &wanted) == 0) return {};
  return {fmt::format("{} cannot be limited: {}", what, std::strerror(errno))};
}

Lines limit_resources(const Sandbox& sandbox) {
  Lines lines = limit(RLIMIT_CORE, 0, "core files");
  add(lines, limit(RLIMIT_NOFILE, kMostDescriptors, "descriptors"));
  if (!kLimitsAddresses) return lines;
  const std::uint64_t memory = sandbox.memory_bytes != 0 ? sandbox.memory_bytes : usable_memory() / 2;
  add(lines, limit(RLIMIT_AS, memory, "memory"));
  return lines;
}

Lines grant(const Landlock& landlock, const std::filesystem::path& path, Access access) {
  if (landlock.allow(path, access)) return {};
  if (errno == ENOENT)
    return {fmt::format("'{}' does not exist, so nothing was granted for it: create it, or grant its folder",
                        path.string())};
  return {fmt::format("{} '{}' cannot be granted: {}; correct it in the sandbox of the job",
                      access == Access::read ? "reading" : "writing", path.string(), std::strerror(errno))};
}

LockDownGaps restrict_files(const LockDown& rules) {
  LockDownGaps gaps{.missing = Landlock::missing(), .ungranted = {}};
  const Landlock landlock(!rules.sandbox.reads_all);
  if (!landlock.is_open()) return gaps;
  if (!rules.sandbox.reads_all) {
    for (const char* path : kReadableBySystem) landlock.allow(path, Access::read);
    for (const auto& path : rules.sandbox.read) add(gaps.ungranted, grant(landlock, path, Access::read));
  }
  landlock.allow("/dev/null", Access::write);
  if (!rules.writable.empty()) add(gaps.ungranted, grant(landlock, rules.writable, Access::write));
  for (const auto& path : rules.sandbox.write) add(gaps.ungranted, grant(landlock, path, Access::write));
  if (!landlock.enforce())
    gaps.missing.push_back(fmt::format(
        "Landlock cannot be used: {}; tasks can read and write all that their user can", std::strerror(errno)));
  return gaps;
}

std::string cannot_filter_calls(const std::string& problem) {
  return "system calls cannot be filtered here (" + problem +
         "); tasks can change limits and priorities of other processes of their user";
}

}  // namespace

LockDownGaps lock_down(const LockDown& rules) {
  Lines lines;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    lines.push_back(fmt::format("new privileges cannot be given up: {}", std::strerror(errno)));
  // A library is loaded for it, wherever that lies: so before files and memory are limited.
  if (!rules.sandbox.network)
    if (const std::string problem = give_up_network(); !problem.empty())
      lines.push_back("the network cannot be given up: " + problem +
                      "; tasks with network = false have it all the same");
  if (const std::string problem = give_up_other_processes(); !problem.empty())
    lines.push_back(cannot_filter_calls(problem));
  add(lines, limit_resources(rules.sandbox));
  LockDownGaps gaps = restrict_files(rules);
  add(lines, std::move(gaps.missing));
  gaps.missing = std::move(lines);
  return gaps;
}

std::string too_little_memory(const Sandbox& sandbox) {
  if (!kLimitsAddresses || sandbox.memory_bytes == 0) return {};
  unsigned long pages = 0;
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
  if (!file || std::fscanf(file.get(), "%lu", &pages) != 1) return {};
  const std::uint64_t least = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + kLeastForPlugins;
  if (sandbox.memory_bytes >= least) return {};
  return fmt::format(
      "the sandbox of this task allows {} of memory, which is too little to open a plugin in: `memory` limits "
      "addresses, "
      "of which its process needs {}; raise it",
      format_size(static_cast<std::int64_t>(sandbox.memory_bytes)),
      format_size(static_cast<std::int64_t>((least + kMiB - 1) / kMiB * kMiB)));
}

std::string perhaps_too_little(std::uint64_t memory_bytes) {
  return fmt::format("; perhaps `memory` of its sandbox, {}, is too little",
                     format_size(static_cast<std::int64_t>(memory_bytes)));
}

std::vector<std::string> missing_locks() {
  Lines lines = Landlock::missing();
  add(lines, missing_network_lock());
  if (const std::string problem = missing_filter_of_calls(); !problem.empty())
    lines.push_back(cannot_filter_calls(problem));
  return lines;
}

}  // namespace ganger::host
