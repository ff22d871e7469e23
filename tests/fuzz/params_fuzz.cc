// Values come as text from command lines, job files and outputs of tasks: reading any must end, and what is shown of
// a value reads back as the same.
#include <ganger/plugin.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "host/job/interpolate.h"
#include "host/plan/convert.h"
#include "host/plugin/value.h"
#include "host/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using namespace ganger::host;

constexpr std::uint32_t kTypes[] = {GANGER_BOOL,        GANGER_I64,  GANGER_F64,  GANGER_STR,
                                    GANGER_DURATION_NS, GANGER_SIZE, GANGER_PATH, GANGER_SECRET};

void read_units(std::string_view text) {
  if (const auto ns = parse_duration(text)) {
    if (*ns < 0 || parse_duration(format_duration(*ns)) != ns || human_time(*ns).empty()) __builtin_trap();
  }
  if (const auto size = parse_size(text)) {
    if (*size < 0 || parse_size(format_size(*size)) != size) __builtin_trap();
  }
}

void read_values(std::string_view text) {
  for (const std::uint32_t type : kTypes) {
    Value value;
    if (!parse_value(text, type, value)) continue;
    const std::string text_again = shown(value);
    if (type != GANGER_SECRET) {
      Value again;
      if (!parse_value(text_again, type, again) || shown(again) != text_again) __builtin_trap();
    }
    for (const std::uint32_t other : kTypes) {
      Value converted;
      std::string why;
      if (convert(value, other, converted, why) ? converted.type != other : why.empty()) __builtin_trap();
    }
  }
}

void read_template(std::string_view text) {
  const auto parsed = parse_template(text);
  if (!parsed) {
    if (parsed.error().empty()) __builtin_trap();
    for (const TemplateError& error : parsed.error())
      if (error.message.empty() || error.offset > text.size() || error.length > text.size() - error.offset)
        __builtin_trap();
    return;
  }
  for (const auto& piece : parsed->pieces) {
    const Reference* reference = std::get_if<Reference>(&piece);
    if (reference == nullptr) continue;
    if (reference->offset > text.size() || reference->length > text.size() - reference->offset) __builtin_trap();
    if (text.substr(reference->offset, 2) != "${") __builtin_trap();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  read_units(text);
  read_values(text);
  read_template(text);
  return 0;
}
