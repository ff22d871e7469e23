// ganger/plugin.hpp - the plugin ABI for C++17 and later: a task type is a class with a run(), a pool kind a class
// with an open() and a close(), and GANGER_PLUGIN() lists them.
//
//   #include <ganger/plugin.hpp>
//   struct Greet {
//     static constexpr const char* name = "greet";
//     static constexpr const char* summary = "Says hello";
//     static constexpr ganger::param params[] = {{"who", GANGER_STR, "whom to greet", "\"world\""}};
//     void run(ganger::ctx& c) {
//       c.info("hello, " + c.get<std::string>("who"));
//       c.out("greeted", c.get<std::string>("who"));
//     }
//   };
//   GANGER_PLUGIN("hello", "1.0.0", Greet)
//
// run() ends well by returning. It ends otherwise by throwing: ganger::error(status, why) for a failure,
// ganger::stopped when the host asked it to stop; any other exception is a failure with its what(). No exception
// leaves the plugin: each call from the host goes through guard().
//
// Optional members of a task type: flags (ganger::heavy | ...), params, needs, static void check(ganger::ctx&).
// Members of a pool kind: name, summary, interface, static const Api* api(), static T* open(ganger::ctx&),
// static void close(T*); optional: flags, params, static bool check(T*), static bool reset(T*).
//
// ctx.hpp has what a task can ask of its host, value.hpp the types of parameters and outputs, describe.hpp what
// GANGER_PLUGIN() makes of the classes.
#ifndef GANGER_PLUGIN_HPP
#define GANGER_PLUGIN_HPP

#include <ganger/plugin.h>

#include <cstdint>
#include <ganger/ctx.hpp>
#include <ganger/describe.hpp>
#include <ganger/value.hpp>
#include <string_view>

namespace ganger {

namespace GANGER_HIDDEN detail {

// The host of this plugin, for code without a ctx (a pool kind's close).
inline const ganger_host* host = nullptr;

}  // namespace detail

/// Logs where there is no ctx: in check, reset and close of a pool kind.
inline void log(std::int32_t level, std::string_view line) {
  if (detail::host) detail::host->log(nullptr, level, str(line));
}

}  // namespace ganger

/// The plugin: its id, its version, then its task types and pool kinds. Once a library.
#define GANGER_PLUGIN(id, version, ...) GANGER_PLUGIN_LICENSED(id, version, nullptr, __VA_ARGS__)
/// The same with an SPDX licence expression.
#define GANGER_PLUGIN_LICENSED(id, version, license, ...)                                           \
  extern "C" GANGER_EXPORT const ganger_plugin* ganger_plugin_v1(const ganger_host* ganger_host_) { \
    ganger::detail::host = ganger_host_;                                                            \
    return ganger::detail::describe_plugin<__VA_ARGS__>(id, version, license);                      \
  }

#endif  // GANGER_PLUGIN_HPP
