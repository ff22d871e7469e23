// Any bytes may be given as a job file, with the plugins that ship: planning must end, with a plan that holds
// together or with errors that can be shown. Nothing of it runs.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "host/call/services.h"
#include "host/error.h"
#include "host/job/read_job.h"
#include "host/plan/make_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using namespace ganger::host;

/// A registry remembers every name that it was asked for, so there is a new one now and then.
Registry& registry() {
  constexpr int kPlansOfOne = 2000;
  static int left = 0;
  static std::unique_ptr<Registry> current;
  if (left-- == 0) {
    const SearchPath path({}, {std::filesystem::path(GANGER_BINARY_DIR) / "lib/ganger/plugins"}, {});
    current = std::make_unique<Registry>(path, host_table(), Admission{.trusts_all = true});
    left = kPlansOfOne;
  }
  return *current;
}

Facts facts() {
  Facts facts;
  facts.overrides = {{"n", "7"}};
  facts.run_id = "run";
  facts.run_dir = "/state/runs/run";
  facts.current_dir = "/somewhere";
  facts.env = [](const std::string& name) { return name == "HOME" ? "/home/fuzz" : nullptr; };
  return facts;
}

void check(const PlannedJob& planned) {
  const Plan& plan = planned.plan;
  if (!plan.graph().find_cycle().empty() || plan.graph().size() != plan.size()) __builtin_trap();
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const PlannedTask& task = plan.task(i);
    if (task.type == nullptr || plan.binding(i).size() != task.type->params.size()) __builtin_trap();
    if (plan.name(i).empty() || plan.predecessors(i).size() != plan.graph().predecessor_count(i)) __builtin_trap();
  }
  for (const PlannedPool& pool : planned.pools)
    if (pool.kind == nullptr || pool.values.size() != pool.kind->params.size()) __builtin_trap();
}

void plan(const JobReading& reading, const PlanWishes& wishes) {
  const auto planned = make_plan(reading, registry(), facts(), wishes);
  if (planned) return check(*planned);
  if (planned.error().empty()) __builtin_trap();
  for (const Error& error : planned.error())
    if (error.message.empty() || describe(error).empty()) __builtin_trap();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const JobReading reading = parse_job(std::string(reinterpret_cast<const char*>(bytes), size), "fuzz.toml");
  plan(reading, {});
  if (!reading.ok()) return 0;
  plan(reading, {.only = {}, .isolates_all = true});
  if (!reading.job.tasks.empty()) plan(reading, {.only = {reading.job.tasks.back().name}});
  return 0;
}
