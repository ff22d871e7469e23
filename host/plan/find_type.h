// Names to types, with a suggestion where there is none of that name.
#pragma once
#include <string_view>

#include "host/error.h"
#include "host/plugin/registry.h"

namespace ganger::host {

/// As Registry::task_type() and pool_kind(); the message of a name that does not exist ends with "did you mean".
Result<const TaskType*> find_task_type(Registry& registry, std::string_view name, Load load = Load::open);
Result<const PoolKind*> find_pool_kind(Registry& registry, std::string_view name, Load load = Load::open);

/// The error of a plugin that is not there, with the id it may have been meant to be.
Error with_suggestion(Error error, const Registry& registry, std::string_view id);

}  // namespace ganger::host
