// Where the plugins of these tests are.
#pragma once
#include <filesystem>

namespace ganger::host {

inline const std::filesystem::path kPlugins = std::filesystem::path(GANGER_BINARY_DIR) / "tests/plugin";

}  // namespace ganger::host
