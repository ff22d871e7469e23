#include "host/plan/check_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "host/call/context.h"
#include "host/call/services.h"
#include "host/text.h"

namespace ganger::host {

namespace {

/// There is no run yet: nothing is heard, and there is nothing to read or to write.
class NoRun final : public CallScope {
 public:
  void log(int, std::string_view) override {}
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool input(std::string_view, std::string_view, Value&) override { return false; }
  void output_set(std::string_view, const Value&) override {}
  std::string work_dir() override { return {}; }
  void lease_event(LeaseEvent, const std::string&, std::uint64_t, Duration) override {}
};

/// Why the plugin does not want to run the task so; empty when it has nothing against it.
std::string objection(const TaskType& type, const Binding& binding, const Registry& registry) {
  std::vector<const Values*> values;
  for (const BoundParam& bound : binding) values.push_back(&bound.values);
  NoRun scope;
  const auto stop = std::make_shared<StopSource>();
  PluginCall ctx;
  ctx.begin({.scope = &scope, .params = &type.params, .values = &values, .stop = stop.get()});
  std::string why;
  ganger_status status = GANGER_BUG;
  registry.call(*type.plugin, "check()", [&] {
    status = guarded(
        [&] {
          const CallHandle handle(ctx);
          return type.check(host_table(), handle.get(), type.user);
        },
        why);
  });
  if (why.empty()) why = ctx.take_why();
  ctx.end();
  if (status == GANGER_OK) return {};
  return why.empty() ? fmt::format("{} refuses these parameters (status {})", type.id, status)
                     : shortened(std::move(why));
}

}  // namespace

Errors check_tasks(const PlannedJob& planned, const Job& job, Registry& registry) {
  Errors errors;
  const Plan& plan = planned.plan;
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const TaskType& type = *plan.task(i).type;
    const Binding& binding = plan.binding(i);
    const bool is_known = std::ranges::all_of(binding, [](const BoundParam& b) { return b.deferred.empty(); });
    if (type.check == nullptr || !is_known) continue;
    if (auto started = registry.start(*type.plugin); !started) return {started.error()};
    std::string why = objection(type, binding, registry);
    if (why.empty()) continue;
    const auto entry = std::ranges::find(job.tasks, plan.name(i), &TaskEntry::name);
    Where where = entry == job.tasks.end() ? Where{} : job.where(entry->where);
    // One that was typed has no name of its own.
    const std::string who = job.source ? fmt::format("task '{}'", plan.name(i)) : type.id;
    errors.push_back({ErrorKind::bad_job, fmt::format("{}: {}", who, why), std::move(where)});
  }
  return errors;
}

}  // namespace ganger::host
