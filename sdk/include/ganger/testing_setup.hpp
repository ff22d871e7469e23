// ganger/testing_setup.hpp - what a test sets up for its task: parameters, inputs, pools, faults; part of
// ganger/testing.hpp.
#ifndef GANGER_TESTING_SETUP_HPP
#define GANGER_TESTING_SETUP_HPP

#include <ganger/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ganger/testing_value.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::testing {

/// The values of a description's parameters, each filled in.
using params = std::map<std::string, values>;

/// A pool: of a fake (`kind` null, every lease has the same handle), or of a kind that is opened and closed.
struct pool {
  std::string name;
  std::string interface;
  const void* api = nullptr;
  void* handle = nullptr;  ///< of the fake
  const ganger_pool_kind* kind = nullptr;
  params with;              ///< of the kind
  std::uint64_t limit = 0;  ///< most lent at once; 0 = any number

  std::uint64_t lent = 0;
  std::vector<void*> idle;
};

struct setup {
  params given;                         ///< parameters of the task
  std::map<std::string, value> inputs;  ///< "task.output"
  std::map<std::string, pool> pools;
  std::map<std::string, const void*> interfaces;            ///< of get_interface()
  std::map<std::uint64_t, ganger_status> failing_acquires;  ///< by their number, from 1
  std::uint64_t stop_at_call = 0;                           ///< 0 = never
  std::int32_t stop_at_call_reason = GANGER_STOP_USER;
  std::int32_t stop_at_start = GANGER_RUNNING;         ///< why a run is stopped before it begins
  std::optional<std::chrono::nanoseconds> time_limit;  ///< of a run
  std::uint32_t threads = 2;                           ///< of parallel(), the caller's counted
  std::atomic<std::int64_t> now_ns{0};
  std::vector<std::filesystem::path> work_dirs;
};

/// Fills in the parameters that `declared` (NULL-terminated, or NULL) has, as the program does. Throws ganger::error
/// that says what the program would refuse.
inline params filled_in(const ganger_param* const* declared, const params& given) {
  params all;
  for (; declared != nullptr && *declared != nullptr; ++declared) {
    const ganger_param& p = **declared;
    const bool is_list = (p.flags & GANGER_PARAM_LIST) != 0;
    const auto found = given.find(p.name);
    values raw;
    if (found != given.end())
      raw = found->second;
    else if ((p.flags & GANGER_PARAM_REQUIRED) != 0)
      throw error(GANGER_BAD_PARAM, std::string("parameter '") + p.name + "' is required");
    else if (p.def != nullptr)
      raw = default_reader(p.def, p.type).read(is_list);
    else if (!is_list)
      raw.push_back(nothing_of(p.type));

    if (!is_list && raw.size() != 1)
      throw error(GANGER_BAD_PARAM, std::string("parameter '") + p.name + "' is not a list");
    values& typed = all[p.name];
    const bool is_free = p.choices == nullptr || (found == given.end() && p.def == nullptr);
    const std::string choices = is_free ? "" : std::string("|") + p.choices + "|";
    for (const value& v : raw) {
      try {
        typed.push_back(converted(v, p.type));
      } catch (const error& e) {
        throw error(e.status(), std::string("parameter '") + p.name + "': " + e.what());
      }
      if (!is_free && choices.find("|" + v.shown() + "|") == std::string::npos)
        throw error(GANGER_BAD_PARAM, std::string("parameter '") + p.name + "' is none of " + p.choices);
    }
  }
  for (const auto& [name, unused] : given)
    if (all.count(name) == 0) throw error(GANGER_BAD_PARAM, "there is no parameter '" + name + "'");
  return all;
}

}  // namespace ganger::testing

#endif  // GANGER_TESTING_SETUP_HPP
