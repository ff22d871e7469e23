// A plugin is described by a process that has run its code, so any bytes may come: reading them must end, and what is
// taken must be what would be written.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/plugin/description_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace ganger::host;
  const auto plugin = parse_description({reinterpret_cast<const char*>(bytes), size}, "/fuzz.so");
  if (!plugin) {
    if (plugin.error().message.empty() || describe(plugin.error()).empty()) __builtin_trap();
    return 0;
  }
  const std::string text = description_json(**plugin);
  const auto again = parse_description(text, "/fuzz.so");
  if (!again || description_json(**again) != text) __builtin_trap();
  return 0;
}
