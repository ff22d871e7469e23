#include "host/work/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "host/cgroups.h"

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
  for (const Cgroup& group : own_cgroups()) {
    if (!group.controllers.empty() && group.controllers.find("cpu") == std::string::npos) continue;
    for (const std::string& folder : group.folders)
      if (const std::uint32_t limit = cpus_of_folder(folder); limit > 0) cpus = std::min(cpus, limit);
  }
  return cpus;
}

}  // namespace ganger::host
