// A job file as plain data: what it says, with the place of everything a later stage may have to complain about.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/job/source_text.h"

namespace ganger::host {

/// A value as the job file writes it: untyped text such as "10m" or "${params.root}" stays text until the plan stage
/// knows what type it fills. std::monostate = it was wrong and that has been reported; later stages pass it over.
struct JobValue {
  using List = std::vector<JobValue>;  ///< of plain values; a list holds no lists

  std::variant<std::monostate, bool, std::int64_t, double, std::string, List> value;
  Position where;

  bool was_wrong() const { return value.index() == 0; }
  const std::string* text() const { return std::get_if<std::string>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
};

/// `key = value`: a parameter of the job, or what a task or pool gives its type in `with`.
struct Setting {
  std::string key;
  JobValue value;
  Position where;  ///< of the key
};

/// A name that refers to something, and where it does.
struct NameAt {
  std::string name;
  Position where;
};

/// When a task runs, seen from the tasks it comes after.
enum class When : std::uint8_t {
  ok,      ///< all are done
  failed,  ///< one is not done
  always   ///< in any case, also after a timeout or an interrupt
};

constexpr std::string_view name_of(When w) {
  constexpr std::string_view kNames[] = {"ok", "failed", "always"};
  return kNames[static_cast<std::size_t>(w)];
}

/// Where a task runs.
enum class Isolate : std::uint8_t {
  by_type,  ///< as its type asks for
  thread,   ///< in this process, whatever the type asks for
  process   ///< in a child process
};

/// `[[task]]`. A job may hold a million.
struct TaskEntry {
  std::string name;           ///< unique, [a-z0-9_-]{1,63}; empty = it was wrong and that has been reported
  std::string uses;           ///< "PLUGIN.TYPE"; empty = as above
  std::vector<NameAt> after;  ///< tasks of this job, no duplicates; those that `${tasks...}` implies are not in it
  std::vector<Setting> with;  ///< in the order of the file
  std::unique_ptr<const std::vector<Setting>> sandbox;  ///< `[task.sandbox]`; null = none, as in most tasks
  std::optional<std::chrono::nanoseconds> timeout;      ///< of one attempt; above 0
  std::chrono::nanoseconds backoff = std::chrono::seconds(1);
  std::optional<bool> heavy;  ///< nothing = as the plugin says
  std::uint16_t retries = 0;
  When when = When::ok;
  Isolate isolate = Isolate::by_type;
  Position where;       ///< of its name; of [[task]] where that is missing
  Position uses_where;  ///< of the value of `uses`
};

/// `[pools.NAME]`.
struct PoolEntry {
  static constexpr std::uint32_t kDefaultSize = 4;

  std::string name;
  std::string kind;                   ///< "PLUGIN.KIND"; empty = it was wrong and that has been reported
  std::uint32_t size = kDefaultSize;  ///< idle ones kept; at least 1, at most `limit` if there is one
  std::uint32_t limit = 0;            ///< most open at once; 0 = no limit, never wait
  std::chrono::nanoseconds wait = std::chrono::seconds(30);  ///< longest wait for one at the limit; 0 = try once
  std::optional<std::chrono::nanoseconds> idle_timeout;      ///< above 0
  std::optional<std::chrono::nanoseconds> max_lifetime;      ///< above 0
  std::vector<Setting> with;
  Position where;       ///< of its name
  Position kind_where;  ///< of the value of `kind`
};

/// A whole job file, defaults filled in.
struct Job {
  std::filesystem::path file;  ///< absolute
  std::filesystem::path dir;   ///< the folder it is in; ${job.dir}
  std::string name;
  std::optional<std::chrono::nanoseconds> timeout;  ///< of the run; above 0
  std::chrono::nanoseconds grace = std::chrono::seconds(10);
  std::optional<std::uint32_t> workers;        ///< nothing = as many as this process may use CPUs
  std::vector<std::filesystem::path> plugins;  ///< further search directories, absolute
  std::vector<Setting> params;                 ///< with their defaults, in the order of the file
  std::vector<PoolEntry> pools;                ///< in the order of the file
  std::vector<TaskEntry> tasks;                ///< in the order of the file, which is the order of the serial lane
  std::shared_ptr<const SourceText> source;    ///< null in a job that was not read from a file

  /// For an Error about what was read there; nowhere when the job has no source.
  Where where(Position position) const { return source ? source->where(position) : Where{}; }
  /// `length` bytes from byte `offset` of a string, for what is wrong inside it.
  Where where_in(const JobValue& string, std::size_t offset, std::size_t length) const {
    if (!source || string.text() == nullptr) return where(string.where);
    return where(source->inside(string.where, *string.text(), offset, length));
  }
};

}  // namespace ganger::host
