// JSON as this program writes it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace ganger::host {

using Json = nlohmann::ordered_json;

/// Bytes that are not UTF-8 become U+FFFD instead of an exception. indent -1 = one line.
inline std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ganger::host
