// What plugins describe, as JSON.
#pragma once
#include "host/plugin/types.h"
#include "host/report/json_text.h"

namespace ganger::host {

/// What the flags mean, a sentence each, for people.
std::vector<std::string> flag_texts(const TaskType& type);
std::vector<std::string> flag_texts(const PoolKind& kind);

/// id, name, summary, heavy, idempotent, isolate, exclusive, params, needs.
Json json_of(const TaskType& type);
/// id, name, summary, interface, thread_bound, host_only, params.
Json json_of(const PoolKind& kind);
/// id, version, license, file, abi, warnings; without its types.
Json json_of(const Plugin& plugin);

}  // namespace ganger::host
