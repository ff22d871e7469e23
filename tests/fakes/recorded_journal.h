// A journal that writes down what it is told.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "host/run/journal.h"

namespace ganger::host {

class RecordedJournal final : public RunJournal {
 public:
  void started(TaskIndex task) noexcept override { lines.push_back(std::to_string(task) + " started"); }
  void waits_again(TaskIndex task) noexcept override { lines.push_back(std::to_string(task) + " waits"); }
  void ended(TaskIndex task, TaskState outcome) noexcept override {
    lines.push_back(std::to_string(task) + " " + std::string(name_of(outcome)));
  }
  void ended_in_doubt(TaskIndex task, TaskState outcome) noexcept override {
    lines.push_back(std::to_string(task) + " " + std::string(name_of(outcome)) + " in doubt");
  }
  Result<void> keep_outputs(TaskIndex task, const Outputs& outputs) override {
    for (const auto& [name, value] : outputs) lines.push_back(std::to_string(task) + " sets " + name);
    kept[task] = outputs;
    if (is_broken) return failure(ErrorKind::io, "no space left on device");
    return {};
  }

  std::vector<std::string> lines;
  std::map<TaskIndex, Outputs> kept;
  bool is_broken = false;
};

}  // namespace ganger::host
