#include "host/job/job_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/job/suggest.h"
#include "host/text.h"

namespace ganger::host {
namespace {

using Zero = FieldReader::Zero;

constexpr std::string_view kNoTasks = "the job has no tasks; add a [[task]] with a name and what it uses";
constexpr std::uint32_t kMostWorkers = 4096;
constexpr std::uint32_t kMostRetries = 1000;
constexpr std::uint32_t kMostResources = 1'000'000;  // of one pool

const std::vector<std::string_view> kJobKeys = {"name",    "timeout", "grace", "workers",
                                                "plugins", "params",  "pools", "task"};
const std::vector<std::string_view> kPoolKeys = {"kind",         "size",         "limit", "wait",
                                                 "idle_timeout", "max_lifetime", "with"};
const std::vector<std::string_view> kTaskKeys = {"name",    "uses",    "after",   "with",    "heavy", "isolate",
                                                 "sandbox", "timeout", "retries", "backoff", "when"};

/// Null where the table has no such key.
const TomlEntry* find(const TomlTable& table, std::string_view key) {
  const auto entry = std::ranges::find(table, key, &TomlEntry::key);
  return entry == table.end() ? nullptr : &*entry;
}

/// Is `key` in the table neither as it should be nor misspelt? A misspelt one is reported as that and no more.
bool is_missing(const TomlTable& table, std::string_view key, const std::vector<std::string_view>& known) {
  return std::ranges::none_of(table, [&](const TomlEntry& entry) {
    if (entry.key == key) return true;
    return std::ranges::find(known, entry.key) == known.end() && closest(entry.key, known) == key;
  });
}

}  // namespace

void JobReader::read(const TomlTable& document) {
  for (const TomlEntry& entry : document) {
    if (!read_job_key(entry)) fields_.unknown_key(entry, kJobKeys);
  }
  if (is_missing(document, "task", kJobKeys)) errors_.add(std::string(kNoTasks));
}

bool JobReader::read_job_key(const TomlEntry& entry) {
  const std::string& key = entry.key;
  if (key == "name") {
    read_job_name(entry);
  } else if (key == "timeout") {
    job_.timeout = fields_.duration(entry, Zero::refused);
  } else if (key == "grace") {
    job_.grace = fields_.duration(entry, Zero::allowed).value_or(job_.grace);
  } else if (key == "workers") {
    job_.workers = fields_.count(entry, 1, kMostWorkers);
  } else if (key == "plugins") {
    read_plugins(entry);
  } else if (key == "params") {
    job_.params = fields_.settings(entry);
  } else if (key == "pools") {
    read_pools(entry);
  } else if (key == "task") {
    read_tasks(entry);
  } else {
    return false;
  }
  return true;
}

void JobReader::read_job_name(const TomlEntry& entry) {
  std::optional<std::string> name = fields_.text(entry);
  if (!name) return;
  if (name->empty() || printable(*name) != *name) {
    errors_.add(entry.node.where, "name must not be empty and holds no control characters");
    return;
  }
  job_.name = std::move(*name);
}

void JobReader::read_plugins(const TomlEntry& entry) {
  for (const NameAt& folder : fields_.strings(entry, "directories", "[\"../lib\"]")) {
    if (folder.name.find('\0') != std::string::npos) {
      errors_.add(folder.where, "a path must not contain a NUL byte (\\u0000)");
      continue;
    }
    job_.plugins.push_back((job_.dir / folder.name).lexically_normal());
  }
}

void JobReader::read_pools(const TomlEntry& entry) {
  const TomlTable* pools = fields_.table(entry, "[pools.db]");
  if (pools == nullptr) return;
  for (const TomlEntry& pool : *pools) read_pool(pool);
}

void JobReader::read_pool(const TomlEntry& entry) {
  const bool is_named = fields_.check_name(entry.key, entry.where);
  const TomlTable* table = fields_.table(entry, "[pools.db]");
  if (!is_named || table == nullptr) return;

  PoolEntry pool;
  pool.name = entry.key;
  pool.where = entry.where;
  for (const TomlEntry& each : *table) read_pool_key(each, pool);
  if (is_missing(*table, "kind", kPoolKeys)) {
    errors_.add(pool.where, fmt::format("pool '{}' has no kind; add kind = \"PLUGIN.KIND\"", pool.name));
  }
  fit_size_to_limit(*table, pool);
  job_.pools.push_back(std::move(pool));
}

void JobReader::read_pool_key(const TomlEntry& entry, PoolEntry& pool) {
  const std::string& key = entry.key;
  if (key == "kind") {
    pool.kind = fields_.type_id(entry, "sqlite.connection").value_or("");
    pool.kind_where = entry.node.where;
  } else if (key == "size") {
    read_pool_size(entry, pool);
  } else if (key == "limit") {
    pool.limit = fields_.count(entry, 0, kMostResources).value_or(pool.limit);
  } else if (key == "wait") {
    pool.wait = fields_.duration(entry, Zero::allowed).value_or(pool.wait);
  } else if (key == "idle_timeout") {
    pool.idle_timeout = fields_.duration(entry, Zero::refused);
  } else if (key == "max_lifetime") {
    pool.max_lifetime = fields_.duration(entry, Zero::refused);
  } else if (key == "with") {
    pool.with = fields_.settings(entry);
  } else {
    fields_.unknown_key(entry, kPoolKeys);
  }
}

void JobReader::read_pool_size(const TomlEntry& entry, PoolEntry& pool) {
  const auto* size = std::get_if<std::int64_t>(&entry.node.value);
  if (size != nullptr && *size == 0) {
    errors_.add(entry.node.where, "size 0 would keep nothing for the next task; write 1 or more");
    pool.size = 1;
    return;
  }
  pool.size = fields_.count(entry, 1, kMostResources).value_or(1);
}

void JobReader::fit_size_to_limit(const TomlTable& table, PoolEntry& pool) {
  if (pool.limit == 0 || pool.size <= pool.limit) return;
  if (find(table, "size") != nullptr) {
    errors_.add(
        find(table, "limit")->node.where,
        fmt::format("limit {0} is less than size {1}: of {0} open ones {1} cannot be kept; raise limit or lower "
                    "size",
                    pool.limit, pool.size));
  }
  pool.size = pool.limit;
}

void JobReader::read_tasks(const TomlEntry& entry) {
  const auto* list = std::get_if<TomlList>(&entry.node.value);
  if (list == nullptr) {
    const bool is_table = std::holds_alternative<TomlTable>(entry.node.value);
    errors_.add(entry.node.where, is_table ? "write [[task]] with two brackets: a job is a list of tasks"
                                           : fmt::format("task must be a list of tables, each under [[task]], not {}",
                                                         type_name(entry.node)));
    return;
  }
  if (list->empty()) errors_.add(entry.node.where, std::string(kNoTasks));
  job_.tasks.reserve(list->size());
  names_.lines.reserve(list->size());
  for (const TomlNode& node : *list) read_task(node);
}

void JobReader::read_task(const TomlNode& node) {
  const auto* table = std::get_if<TomlTable>(&node.value);
  if (table == nullptr) {
    errors_.add(node.where, fmt::format("a task must be a table, written under [[task]], not {}", type_name(node)));
    return;
  }
  TaskEntry task;
  task.where = node.where;
  for (const TomlEntry& entry : *table) read_task_key(entry, task);
  if (is_missing(*table, "name", kTaskKeys)) errors_.add(node.where, "a task has no name; add name = \"...\"");
  if (is_missing(*table, "uses", kTaskKeys)) {
    const std::string which = task.name.empty() ? "a task" : "task '" + task.name + "'";
    errors_.add(task.where, which + " uses nothing; add uses = \"PLUGIN.TYPE\"");
  }
  job_.tasks.push_back(std::move(task));
}

void JobReader::read_task_key(const TomlEntry& entry, TaskEntry& task) {
  const std::string& key = entry.key;
  if (key == "name") {
    read_task_name(entry, task);
  } else if (key == "uses") {
    task.uses = fields_.type_id(entry, "files.hash").value_or("");
    task.uses_where = entry.node.where;
  } else if (key == "after") {
    task.after = fields_.strings(entry, "task names", "[\"scan\"]");
  } else if (key == "with") {
    task.with = fields_.settings(entry);
  } else if (key == "heavy") {
    task.heavy = fields_.flag(entry);
  } else if (key == "isolate") {
    read_isolate(entry, task);
  } else if (key == "sandbox") {
    task.sandbox = std::make_unique<const std::vector<Setting>>(fields_.settings(entry));
  } else if (key == "timeout") {
    task.timeout = fields_.duration(entry, Zero::refused);
  } else if (key == "retries") {
    task.retries = static_cast<std::uint16_t>(fields_.count(entry, 0, kMostRetries).value_or(0));
  } else if (key == "backoff") {
    task.backoff = fields_.duration(entry, Zero::allowed).value_or(task.backoff);
  } else if (key == "when") {
    read_when(entry, task);
  } else {
    fields_.unknown_key(entry, kTaskKeys);
  }
}

void JobReader::read_task_name(const TomlEntry& entry, TaskEntry& task) {
  task.where = entry.node.where;
  std::optional<std::string> name = fields_.text(entry);
  if (!name) return;
  if (!fields_.check_name(*name, task.where)) {
    names_.misnamed.insert(std::move(*name));
    return;
  }
  const auto [taken, is_free] = names_.lines.try_emplace(*name, task.where.line);
  if (!is_free) {
    errors_.add(task.where,
                fmt::format("the task in line {} is called '{}' already; names are unique", taken->second, *name));
    return;
  }
  task.name = std::move(*name);
}

void JobReader::read_when(const TomlEntry& entry, TaskEntry& task) {
  const std::optional<std::string> when = fields_.text(entry);
  if (!when) return;
  if (*when == "ok") {
    task.when = When::ok;
  } else if (*when == "failed") {
    task.when = When::failed;
  } else if (*when == "always") {
    task.when = When::always;
  } else {
    errors_.add(entry.node.where, fmt::format("when must be \"ok\", \"failed\" or \"always\", not \"{}\"{}",
                                              excerpt(*when), did_you_mean(*when, {"ok", "failed", "always"})));
  }
}

void JobReader::read_isolate(const TomlEntry& entry, TaskEntry& task) {
  const std::optional<std::string> isolate = fields_.text(entry);
  if (!isolate) return;
  if (*isolate == "thread") {
    task.isolate = Isolate::thread;
  } else if (*isolate == "process") {
    task.isolate = Isolate::process;
  } else {
    errors_.add(entry.node.where, fmt::format("isolate must be \"thread\" or \"process\", not \"{}\"{}",
                                              excerpt(*isolate), did_you_mean(*isolate, {"thread", "process"})));
  }
}

}  // namespace ganger::host
