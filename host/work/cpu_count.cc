#include "host/work/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace ganger::host {

namespace {

std::uint32_t cpus_of_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&mask)));
}

/// CPU time a period, rounded up; 0 = no limit there.
std::uint32_t cpus_of_quota(double quota, double period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<std::uint32_t>(std::max(1.0, (quota + period - 1) / period));
}

std::uint32_t cpus_of_folder(const std::string& folder) {
  if (std::ifstream file(folder + "/cpu.max"); file) {
    std::string quota;
    double period = 0;
    if (file >> quota >> period && quota != "max") return cpus_of_quota(std::strtod(quota.c_str(), nullptr), period);
  }
  double quota = 0, period = 0;
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  if (quota_file >> quota && period_file >> period) return cpus_of_quota(quota, period);
  return 0;
}

}  // namespace

std::uint32_t usable_cpus() {
  std::uint32_t cpus = cpus_of_mask();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // HIERARCHY:CONTROLLERS:PATH; version 2 has "0::PATH"
    std::istringstream fields(line);
    std::string hierarchy, controllers, path;
    if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, controllers, ':') ||
        !std::getline(fields, path))
      continue;
    const bool is_v2 = controllers.empty();
    if (!is_v2 && controllers.find("cpu") == std::string::npos) continue;
    const std::string root = is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controllers;
    // A limit of any group above counts too.
    for (std::string at = path;; at.erase(at.rfind('/'))) {
      if (const std::uint32_t limit = cpus_of_folder(root + (at == "/" ? "" : at)); limit > 0)
        cpus = std::min(cpus, limit);
      if (at.empty() || at == "/") break;
    }
  }
  return cpus;
}

}  // namespace ganger::host
