#include "host/plan/one_task.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace ganger::host {

Job one_task_job(const std::string& type, const TaskType& described, const std::vector<std::string>& arguments) {
  Job job;
  job.name = type;
  TaskEntry task;
  task.name = described.name;
  task.uses = type;
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    JobValue element;
    element.value = argument.substr(equals + 1);
    const auto param = described.find_param(key);
    const bool is_list = param && described.params[*param].is_list();
    const auto known = std::ranges::find_if(task.with, [&](const Setting& s) { return s.key == key; });
    if (!is_list) {
      if (known != task.with.end())
        known->value = std::move(element);
      else
        task.with.push_back({key, std::move(element), {}});
      continue;
    }
    if (known == task.with.end()) {
      JobValue list;
      list.value = JobValue::List{std::move(element)};
      task.with.push_back({key, std::move(list), {}});
    } else {
      std::get<JobValue::List>(known->value.value).push_back(std::move(element));
    }
  }
  job.tasks.push_back(std::move(task));
  return job;
}

std::string literally(std::string text) {
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) text.insert(at, "$");
  return text;
}

}  // namespace ganger::host
