// The plugin `demo`, opened as a run opens it.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "host/call/services.h"
#include "host/plugin/registry.h"

namespace ganger::bench {

inline std::filesystem::path demo_file() { return GANGER_PLUGIN_DIR "/demo.so"; }

/// What a benchmark cannot do without; ends the program where it is missing.
template <class T>
T needed(host::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::exit(EXIT_FAILURE);
}

inline const host::Plugin& demo_plugin() {
  static host::Registry registry(host::SearchPath({}, {}, {}), host::host_table(), {.trusts_all = true});
  static const host::Plugin& plugin = *needed(registry.load_file(demo_file()));
  return plugin;
}

/// The rest of a run, for calls that need a CallScope: it keeps nothing.
class SilentScope final : public host::CallScope {
 public:
  void log(int, std::string_view) override {}
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool input(std::string_view, std::string_view, host::Value&) override { return false; }
  void output_set(std::string_view, const host::Value&) override {}
  std::string work_dir() override { return {}; }
  void lease_event(host::LeaseEvent, const std::string&, std::uint64_t, host::Duration) override {}
};

}  // namespace ganger::bench
