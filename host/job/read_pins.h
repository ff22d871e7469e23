// plugins.lock: which builds of plugins the jobs of a folder may use.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"

namespace ganger::host {

/// `[[plugin]]` of the file.
struct Pin {
  std::string id, version;
  std::string sha256;  ///< of the plugin's file, lower-case hex
};

struct Pins {
  std::filesystem::path file;  ///< as the user named it
  std::vector<Pin> pins;       ///< ids are unique

  const Pin* find(std::string_view id) const;
};

/// The name of the file beside a job.
inline constexpr const char* kPinsFile = "plugins.lock";

/// Errors: not_found, io;  bad_job, with all that is wrong in it
tl::expected<Pins, Errors> read_pins(const std::filesystem::path& file);
/// The same from text in memory. Any bytes may come in.
tl::expected<Pins, Errors> parse_pins(std::string text, const std::filesystem::path& file);

/// Replaces the file as a whole or not at all.
/// Errors: cannot_create
Result<void> write_pins(const Pins& pins);

/// Is this the plugin that is pinned? An empty version is not compared.
/// Errors: refused, with both digests and the fix
Result<void> check_pin(const Pins& pins, const std::string& id, const std::string& version,
                       const std::string& sha256);

}  // namespace ganger::host
