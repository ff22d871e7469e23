#include "host/report/value_json.h"

namespace ganger::host {

namespace {

/// type_name() without its article.
std::string word_of(std::uint32_t type) {
  const std::string_view name = type_name(type);
  const auto space = name.find(' ');
  return std::string(space == std::string_view::npos ? name : name.substr(space + 1));
}

Json default_of(const Param& param) {
  if (!param.has_default) return nullptr;
  if (!param.is_list()) return param.default_values.empty() ? Json() : json_of(param.default_values.front());
  Json all = Json::array();
  for (const Value& value : param.default_values) all.push_back(json_of(value));
  return all;
}

}  // namespace

Json json_of(const Value& value) {
  switch (value.type) {
    case GANGER_BOOL:
      return value.i != 0;
    case GANGER_I64:
    case GANGER_SIZE:
      return value.i;
    case GANGER_F64:
      return value.f;
    case GANGER_STR:
    case GANGER_PATH:
      return value.text;
    default:
      return shown(value);
  }
}

std::string type_word(const Param& param) { return (param.is_list() ? "list of " : "") + word_of(param.type); }

Json json_of(const Param& param) {
  return {{"name", param.name},
          {"type", word_of(param.type)},
          {"list", param.is_list()},
          {"required", param.is_required()},
          {"default", default_of(param)},
          {"choices", param.choices},
          {"help", param.help}};
}

}  // namespace ganger::host
