#include "host/report/plugin_json.h"

#include <fmt/format.h>

#include "host/report/value_json.h"

namespace ganger::host {

namespace {

template <class Type>
Json common(const Type& type) {
  Json json;
  json["id"] = type.id;
  json["name"] = type.name;
  json["summary"] = type.summary;
  return json;
}

template <class Type>
void add_params(Json& json, const Type& type) {
  json["params"] = Json::array();
  for (const Param& param : type.params) json["params"].push_back(json_of(param));
  if (!type.unusable.empty()) json["unusable"] = type.unusable;
}

}  // namespace

std::vector<std::string> flag_texts(const TaskType& type) {
  std::vector<std::string> texts;
  texts.emplace_back(type.is_heavy() ? "heavy: runs on the work pool" : "light: runs on the serial lane");
  if ((type.flags & GANGER_TASK_IDEMPOTENT) != 0) texts.emplace_back("idempotent: may be run again after a crash");
  if ((type.flags & GANGER_TASK_ISOLATE) != 0) texts.emplace_back("isolate: would rather run in a child process");
  if (type.is_exclusive()) texts.emplace_back("exclusive: at most one at a time in a process");
  return texts;
}

std::vector<std::string> flag_texts(const PoolKind& kind) {
  std::vector<std::string> texts;
  if ((kind.flags & GANGER_POOL_THREAD_BOUND) != 0)
    texts.emplace_back("thread bound: used and closed only on the thread that opened it");
  if ((kind.flags & GANGER_POOL_HOST_ONLY) != 0) texts.emplace_back("host only: cannot live in a child process");
  return texts;
}

Json json_of(const TaskType& type) {
  Json json = common(type);
  json["heavy"] = type.is_heavy();
  json["idempotent"] = (type.flags & GANGER_TASK_IDEMPOTENT) != 0;
  json["isolate"] = (type.flags & GANGER_TASK_ISOLATE) != 0;
  json["exclusive"] = type.is_exclusive();
  add_params(json, type);
  json["needs"] = Json::array();
  for (const Need& need : type.needs) {
    Json one;
    one["interface"] = need.interface;
    one["param"] = need.param.empty() ? Json() : Json(need.param);
    one["count"] = need.count;
    json["needs"].push_back(std::move(one));
  }
  return json;
}

Json json_of(const PoolKind& kind) {
  Json json = common(kind);
  json["interface"] = kind.interface;
  json["thread_bound"] = (kind.flags & GANGER_POOL_THREAD_BOUND) != 0;
  json["host_only"] = (kind.flags & GANGER_POOL_HOST_ONLY) != 0;
  add_params(json, kind);
  return json;
}

Json json_of(const Plugin& plugin) {
  Json json;
  json["id"] = plugin.id;
  json["version"] = plugin.version;
  json["license"] = plugin.license.empty() ? Json() : Json(plugin.license);
  json["file"] = plugin.file.string();
  json["abi"] = fmt::format("{}.{}", GANGER_ABI_MAJOR, plugin.abi_minor);
  json["warnings"] = plugin.warnings;
  return json;
}

}  // namespace ganger::host
