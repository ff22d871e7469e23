#include "host/job/job_warnings.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>

#include "host/job/read_job.h"
#include "host/job/template_reading.h"
#include "host/text.h"

namespace ganger::host {
namespace {

/// What the texts of a job refer to.
struct References {
  std::unordered_set<std::string> params;
  bool has_task = false;

  void add(const JobValue& value) {
    if (const JobValue::List* list = value.list(); list != nullptr)
      for (const JobValue& element : *list) add(element);
    if (value.text() == nullptr || !may_have_references(*value.text())) return;
    const TemplateReading reading = read_template(*value.text());
    has_task |= reading.result.has_task_reference();
    for (const auto& piece : reading.result.pieces)
      if (const auto* r = std::get_if<Reference>(&piece); r != nullptr && r->kind == Reference::Kind::param)
        params.insert(r->name);
  }
  void add(const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) add(setting.value);
  }
};

Error remark(const Job& job, std::string message, Position where) {
  return {.kind = ErrorKind::bad_job, .message = std::move(message), .where = job.where(where)};
}

}  // namespace

Errors warnings_of(const Job& job) {
  Errors warnings;
  References all;
  for (const PoolEntry& pool : job.pools) all.add(pool.with);
  for (const TaskEntry& task : job.tasks) {
    References own;
    own.add(task.with);
    if (task.when == When::failed && task.after.empty() && !own.has_task)
      warnings.push_back(remark(
          job,
          fmt::format("task '{}' never runs: when = \"failed\" means after a failure of a task it depends on, and it "
                      "depends on none; add after = [...]",
                      task.name),
          task.where));
    if (task.sandbox != nullptr) own.add(*task.sandbox);
    all.params.merge(own.params);
  }
  for (const Setting& param : job.params)
    if (!all.params.contains(param.key))
      warnings.push_back(
          remark(job,
                 fmt::format("parameter '{0}' is not used; write ${{params.{0}}} where it is meant, or "
                             "remove it",
                             excerpt(param.key)),
                 param.where));
  sort_by_place(warnings);
  return warnings;
}

}  // namespace ganger::host
