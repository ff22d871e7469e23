// What plugins describe, copied out of their memory and checked: plain data that the rest of the host works with.
#pragma once
#include <ganger/plugin.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/value.h"

namespace ganger::host {

struct Plugin;

/// A parameter of a task type or pool kind.
struct Param {
  std::string name, help;
  std::uint32_t type = GANGER_NONE;
  std::uint32_t flags = 0;           ///< GANGER_PARAM_...
  std::vector<std::string> choices;  ///< empty = any
  std::string default_text;          ///< as the plugin wrote it; for show
  Values default_values;             ///< parsed; empty for an empty list or a required one
  bool has_default = false;

  bool is_required() const { return (flags & GANGER_PARAM_REQUIRED) != 0; }
  bool is_list() const { return (flags & GANGER_PARAM_LIST) != 0; }
};

/// Something a task borrows while it runs.
struct Need {
  std::string interface;  ///< "ganger.sql/1"
  std::string param;      ///< the parameter that names the pool; empty = the only pool that offers it
  std::uint32_t count = 1;
};

/// What the needs of a task come to in one pool of its job, by its place among them.
struct PoolPlaces {
  std::uint32_t pool = 0;
  std::uint32_t places = 0;

  friend bool operator==(const PoolPlaces&, const PoolPlaces&) = default;
};

/// A task type: `uses = "PLUGIN.NAME"`.
struct TaskType {
  const Plugin* plugin = nullptr;
  std::string id;  ///< "PLUGIN.NAME"
  std::string name, summary;
  std::uint32_t flags = 0;  ///< GANGER_TASK_...
  std::vector<Param> params;
  std::vector<Need> needs;
  void* user = nullptr;
  decltype(ganger_task::check) check = nullptr;  ///< may be null
  decltype(ganger_task::run) run = nullptr;
  std::string unusable;  ///< why this host cannot run it (it is listed all the same); empty = it can

  bool is_heavy() const { return (flags & GANGER_TASK_HEAVY) != 0; }
  bool is_exclusive() const { return (flags & GANGER_TASK_EXCLUSIVE) != 0; }
  /// Its index in params, or nothing.
  std::optional<std::size_t> find_param(std::string_view param_name) const;
};

/// A pool kind: `kind = "PLUGIN.NAME"`.
struct PoolKind {
  const Plugin* plugin = nullptr;
  std::string id;  ///< "PLUGIN.NAME"
  std::string name, summary, interface;
  std::uint32_t flags = 0;  ///< GANGER_POOL_...
  std::vector<Param> params;
  const void* api = nullptr;
  void* user = nullptr;
  decltype(ganger_pool_kind::open) open = nullptr;
  decltype(ganger_pool_kind::check) check = nullptr;  ///< may be null
  decltype(ganger_pool_kind::reset) reset = nullptr;  ///< may be null
  decltype(ganger_pool_kind::close) close = nullptr;
  std::string unusable;  ///< as for a task type

  std::optional<std::size_t> find_param(std::string_view param_name) const;
};

/// A loaded plugin. Its library is never unloaded, so the function pointers stay good until the process ends.
/// Lifetime: owned by the Registry; does not move.
struct Plugin {
  std::string id, version, license;
  std::filesystem::path file;
  bool is_open = true;  ///< its code is in this process; else it is only described, and its functions are null
  std::uint32_t abi_minor = 0, min_host_minor = 0;
  std::vector<std::unique_ptr<TaskType>> task_types;
  std::vector<std::unique_ptr<PoolKind>> pool_kinds;
  decltype(ganger_plugin::init) init = nullptr;      ///< may be null
  decltype(ganger_plugin::deinit) deinit = nullptr;  ///< may be null
  std::vector<std::string> warnings;                 ///< unknown flags and the like

  const TaskType* find_task_type(std::string_view name) const;
  const PoolKind* find_pool_kind(std::string_view name) const;
};

}  // namespace ganger::host
