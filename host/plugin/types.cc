#include "host/plugin/types.h"

namespace ganger::host {

namespace {

std::optional<std::size_t> index_of(const std::vector<Param>& params, std::string_view name) {
  for (std::size_t i = 0; i < params.size(); ++i)
    if (params[i].name == name) return i;
  return std::nullopt;
}

template <class T>
const T* named(const std::vector<std::unique_ptr<T>>& all, std::string_view name) {
  for (const auto& one : all)
    if (one->name == name) return one.get();
  return nullptr;
}

}  // namespace

std::optional<std::size_t> TaskType::find_param(std::string_view param_name) const {
  return index_of(params, param_name);
}

std::optional<std::size_t> PoolKind::find_param(std::string_view param_name) const {
  return index_of(params, param_name);
}

const TaskType* Plugin::find_task_type(std::string_view name) const { return named(task_types, name); }

const PoolKind* Plugin::find_pool_kind(std::string_view name) const { return named(pool_kinds, name); }

}  // namespace ganger::host
