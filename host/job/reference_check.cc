#include "host/job/reference_check.h"

#include <fmt/format.h>

#include <string_view>
#include <variant>
#include <vector>

#include "host/job/suggest.h"
#include "host/job/template_reading.h"
#include "host/text.h"

namespace ganger::host {
namespace {

/// In what the reference stands; not everything is known everywhere.
enum class Place : std::uint8_t { params, pool, task, sandbox };

class ReferenceCheck {
 public:
  ReferenceCheck(const Job& job, const TaskNames& names, ErrorList& errors)
      : job_(job), names_(names), errors_(errors) {
    for (const Setting& param : job.params) param_names_.push_back(param.key);
    params_.insert(param_names_.begin(), param_names_.end());
  }

  void check_after(TaskEntry& task) {
    std::erase_if(task.after, [&](const NameAt& before) {
      const std::string problem = problem_with_task(before.name, task.name);
      if (problem.empty()) return names_.misnamed.contains(before.name) && !names_.lines.contains(before.name);
      errors_.add(before.where, "after: " + problem);
      return true;
    });
  }

  void check_settings(const std::vector<Setting>& settings, Place place, std::string_view task = {}) {
    for (const Setting& setting : settings) {
      check_value(setting.value, place, task);
      const JobValue::List* list = setting.value.list();
      if (list == nullptr) continue;
      for (const JobValue& element : *list) check_value(element, place, task);
    }
  }

 private:
  void check_value(const JobValue& value, Place place, std::string_view task) {
    const std::string* text = value.text();
    if (text == nullptr || !may_have_references(*text)) return;
    TemplateReading reading = read_template(*text);
    std::vector<TemplateError>& problems = reading.errors;
    for (const auto& piece : reading.result.pieces) {
      if (const auto* reference = std::get_if<Reference>(&piece)) check(*reference, place, task, problems);
    }
    for (TemplateError& problem : problems) {
      if (problem.message.empty()) continue;  // reported where the task is
      const Position where = errors_.source().inside(value.where, *text, problem.offset, problem.length);
      errors_.add(where, std::move(problem.message));
    }
  }

  void check(const Reference& reference, Place place, std::string_view task, std::vector<TemplateError>& problems) {
    const auto add = [&](std::string message) {
      problems.push_back({std::move(message), reference.offset, reference.length});
    };
    if (reference.kind == Reference::Kind::param) {
      if (place == Place::params) {
        add("a default cannot refer to another parameter; write it out");
      } else if (!params_.contains(reference.name)) {
        add(fmt::format("the job has no parameter '{}'{}", excerpt(reference.name),
                        suggestion(reference.name, param_names_, "; add it to [params]")));
      }
    } else if (reference.kind == Reference::Kind::task_output) {
      if (place != Place::task) {
        add(place == Place::sandbox
                ? "what a task may do is decided before anything runs; write a value, '${params...}' or '${env...}'"
                : "only a task can use the output of a task; write a value, '${params...}' or '${env...}'");
      } else if (std::string problem = problem_with_task(reference.name, task); !problem.empty()) {
        add(std::move(problem));
      } else if (!names_.lines.contains(reference.name)) {
        add({});
      }
    }
  }

  /// What is wrong with `task` referring to `name`; nothing also when `name` is misnamed and so has been reported.
  std::string problem_with_task(const std::string& name, std::string_view task) {
    if (name == task) return fmt::format("task '{}' cannot come after itself", name);
    if (names_.lines.contains(name) || names_.misnamed.contains(name)) return {};
    return fmt::format("the job has no task '{}'{}", excerpt(name), suggestion(name, task_names(), ""));
  }

  std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& names,
                         std::string_view otherwise) {
    // Comparing with every name is too slow for errors that are not shown.
    std::string meant = errors_.is_full() ? "" : did_you_mean(wrong, names);
    return meant.empty() ? std::string(otherwise) : meant;
  }

  /// In the order of the job. Most jobs refer to no task that is not there.
  const std::vector<std::string_view>& task_names() {
    if (!task_names_.empty()) return task_names_;
    for (const TaskEntry& task : job_.tasks) {
      if (!task.name.empty()) task_names_.push_back(task.name);
    }
    return task_names_;
  }

  const Job& job_;
  const TaskNames& names_;
  ErrorList& errors_;
  std::vector<std::string_view> param_names_, task_names_;
  std::unordered_set<std::string_view> params_;
};

}  // namespace

void check_references(Job& job, const TaskNames& names, ErrorList& errors) {
  ReferenceCheck check(job, names, errors);
  check.check_settings(job.params, Place::params);
  for (const PoolEntry& pool : job.pools) check.check_settings(pool.with, Place::pool);
  for (TaskEntry& task : job.tasks) {
    check.check_after(task);
    check.check_settings(task.with, Place::task, task.name);
    if (task.sandbox != nullptr) check.check_settings(*task.sandbox, Place::sandbox);
  }
}

}  // namespace ganger::host
