#include "host/plan/plan.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace ganger::host {

namespace {

constexpr std::ptrdiff_t kPoliciesSearched = 64;

/// Where it is among `all`, put there if need be and there is room.
template <class One>
std::optional<std::uint16_t> index_of(One one, std::vector<One>& all) {
  constexpr std::size_t kMost = 0x10000;
  const auto known = std::ranges::find(all, one);
  const auto index = static_cast<std::size_t>(known - all.begin());
  if (index == kMost) return std::nullopt;
  if (known == all.end()) all.push_back(std::move(one));
  return static_cast<std::uint16_t>(index);
}

}  // namespace

std::vector<TaskIndex> Plan::predecessors(TaskIndex i) const {
  std::vector<TaskIndex> all;
  if (graph_.predecessor_count(i) == 0) return all;
  for (TaskIndex p = 0; p < size(); ++p)
    if (std::ranges::binary_search(graph_.successors(p), i)) all.push_back(p);
  return all;
}

TaskIndex PlanBuilder::add(std::string_view name, PlannedTask task, const Policy& policy, Binding binding) {
  auto& policies = plan_.policies_;
  // A job has a handful of policies. One that has many is not searched through for every task.
  const auto oldest = policies.rbegin() + std::min<std::ptrdiff_t>(kPoliciesSearched, std::ssize(policies));
  const auto known = std::find(policies.rbegin(), oldest, policy);
  task.policy = static_cast<std::uint32_t>(known == oldest ? std::ssize(policies) : policies.rend() - known - 1);
  if (known == oldest) policies.push_back(policy);

  auto& bindings = plan_.bindings_;
  if (bindings.empty()) bindings.emplace_back();  // the empty one, which all tasks without parameters share
  task.binding = 0;
  if (!binding.empty()) {
    task.binding = static_cast<std::uint32_t>(bindings.size());
    bindings.push_back(std::move(binding));
  }

  plan_.tasks_.push_back(task);
  plan_.names_ += name;
  plan_.names_ += '\0';
  plan_.name_ends_.push_back(static_cast<std::uint32_t>(plan_.names_.size()));
  return plan_.size() - 1;
}

std::optional<std::uint16_t> PlanBuilder::add(Sandbox sandbox) {
  return index_of(std::move(sandbox), plan_.sandboxes_);
}

std::optional<std::uint16_t> PlanBuilder::add(std::vector<PoolPlaces> places) {
  return index_of(std::move(places), plan_.places_);
}

Plan PlanBuilder::build() {
  if (plan_.policies_.empty()) plan_.policies_.emplace_back();
  if (plan_.bindings_.empty()) plan_.bindings_.emplace_back();
  plan_.graph_ = Graph(plan_.size(), std::move(edges_));
  edges_ = {};
  return std::move(plan_);
}

}  // namespace ganger::host
