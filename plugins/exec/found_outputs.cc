#include "found_outputs.h"

#include <algorithm>
#include <array>
#include <ganger/utf8.hpp>
#include <ganger/value.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

namespace ganger::exec {

namespace {

constexpr std::size_t kMostNameBytes = 63;
constexpr int kDeepest = 100;  // of JSON: what is in it is written by a function that calls itself

/// Those that exec.run sets itself.
constexpr std::array<std::string_view, 5> kOwnNames = {"code", "stdout", "stderr", "stdout_file", "stderr_file"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_variable(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

/// In lower case, with '_' for what no output may have in its name.
std::string output_name(std::string_view name) {
  std::string all;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool fits = is_letter(c) || is_digit(c) || c == '_' || c == '-';
    all += is_upper ? static_cast<char>(c - 'A' + 'a') : fits ? c : '_';
  }
  return all;
}

/// Takes what is found, the last of a name.
class Finds {
 public:
  void add(std::string_view name, decltype(FoundOutput::value) value);
  FoundOutputs take() { return std::move(found_); }

 private:
  FoundOutputs found_;
  std::unordered_map<std::string, std::size_t> places_;  // in found_.all, by name
};

void Finds::add(std::string_view name, decltype(FoundOutput::value) value) {
  std::string as_output = output_name(name);
  const auto leave_out = [&](const std::string& why) {
    found_.left_out.push_back("'" + printable(name.substr(0, kMostNameBytes)) +
                              "' is left out of the outputs: " + why);
  };
  if (as_output.empty() || as_output.size() > kMostNameBytes)
    return leave_out("a name has 1 to " + std::to_string(kMostNameBytes) + " bytes");
  if (std::find(kOwnNames.begin(), kOwnNames.end(), as_output) != kOwnNames.end())
    return leave_out("exec.run sets an output of that name itself");
  const auto [place, is_new] = places_.try_emplace(as_output, found_.all.size());
  if (is_new)
    found_.all.push_back({std::move(as_output), std::move(value)});
  else
    found_.all[place->second].value = std::move(value);
}

std::string_view without_quotes(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

/// As UTF-8, which is all that an output may be.
std::string valid(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const auto n = utf8_length(text);
    all += n == 0 || text[0] == '\0' ? "\xEF\xBF\xBD" : text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return all;
}

decltype(FoundOutput::value) value_of(const nlohmann::json& member) {
  if (member.is_boolean()) return member.get<bool>();
  const bool is_too_large =
      member.is_number_unsigned() && member.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  if (member.is_number_integer() && !is_too_large) return member.get<std::int64_t>();
  if (member.is_number_float()) return member.get<double>();
  if (member.is_string()) return valid(member.get_ref<const std::string&>());
  return member.dump();
}

}  // namespace

FoundOutputs outputs_of_lines(std::string_view text) {
  Finds found;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (constexpr std::string_view kExport = "export "; line.substr(0, kExport.size()) == kExport)
      line.remove_prefix(kExport.size());
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !is_variable(line.substr(0, equals))) continue;
    found.add(line.substr(0, equals), valid(without_quotes(line.substr(equals + 1))));
  }
  return found.take();
}

FoundOutputs outputs_of_json(std::string_view text) {
  nlohmann::json object;
  const nlohmann::json::parser_callback_t not_too_deep = [](int depth, auto, const auto&) {
    if (depth > kDeepest)
      throw error("stdout is JSON that is nested more than " + std::to_string(kDeepest) + " deep");
    return true;
  };
  try {
    object = nlohmann::json::parse(text, not_too_deep);
  } catch (const nlohmann::json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": what is in brackets says nothing here.
    const std::string_view what = e.what();
    throw error("stdout is no JSON object, as outputs = \"json\" wants it: " +
                printable(what.substr(std::min(what.find("] ") + 2, what.size()))));
  }
  if (!object.is_object())
    throw error("stdout is no JSON object, as outputs = \"json\" wants it, but of type " +
                std::string(object.type_name()));
  Finds found;
  for (const auto& [name, member] : object.items())
    if (!member.is_null()) found.add(name, value_of(member));
  return found.take();
}

}  // namespace ganger::exec
