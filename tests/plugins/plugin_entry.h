// The plugins that ship, as the tests get at them: through their entry and nothing else.
#pragma once
#include <dlfcn.h>
#include <ganger/plugin.h>

#include <ganger/testing.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

/// The entry of plugin `id` of this build tree, opened as the program does.
inline ganger::testing::host::entry plugin_entry(const std::string& id) {
  const std::string file = GANGER_BINARY_DIR "/lib/ganger/plugins/" + id + ".so";
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = library ? dlsym(library, "ganger_plugin_v1") : nullptr;
  if (!entry) throw std::runtime_error(dlerror());
  return reinterpret_cast<ganger::testing::host::entry>(entry);
}

inline const ganger_pool_kind& pool_kind(const std::string& plugin, std::string_view name) {
  for (const auto* const* kind = plugin_entry(plugin)(ganger::testing::host::table())->pool_kinds; *kind; ++kind)
    if (name == (*kind)->name) return **kind;
  throw std::runtime_error(plugin + " has no such pool kind");
}
