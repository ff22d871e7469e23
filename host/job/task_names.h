// What the tasks of a job are called, as it was read.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace ganger::host {

struct TaskNames {
  std::unordered_map<std::string, std::uint32_t> lines;  ///< where the task of each name stands
  std::unordered_set<std::string> misnamed;              ///< no names; reported as wrong
};

}  // namespace ganger::host
