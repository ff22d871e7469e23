#include "host/cgroups.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace ganger::host {

std::vector<Cgroup> own_cgroups() {
  std::vector<Cgroup> all;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // HIERARCHY:CONTROLLERS:PATH; version 2 has "0::PATH"
    std::istringstream fields(line);
    std::string hierarchy, path;
    Cgroup group;
    if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, group.controllers, ':') ||
        !std::getline(fields, path) || !path.starts_with('/'))
      continue;
    const std::string root = "/sys/fs/cgroup" + (group.controllers.empty() ? "" : "/" + group.controllers);
    for (; path.size() > 1; path.erase(path.rfind('/'))) group.folders.push_back(root + path);
    group.folders.push_back(root);
    all.push_back(std::move(group));
  }
  return all;
}

}  // namespace ganger::host
