#include "host/report/say.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "host/report/streams.h"
#include "host/report/terminal.h"
#include "host/secrets.h"
#include "host/warning.h"

namespace ganger::host {

namespace {

bool is_lost = false;

/// A line of the job file that holds a secret is not shown: masked, it would not fit what is marked in it.
Error masked(Error error) {
  secrets_of_process().mask(error.message);
  if (secrets_of_process().are_in(error.where.source)) error.where.source.clear();
  return error;
}

void say_each(const Errors& errors, std::string (*describe_one)(const Error&)) {
  std::string text;
  for (const Error& e : errors) text += (e.where.file.empty() ? "ganger: " : "") + describe_one(masked(e)) + "\n";
  write_all(streams().log, text);
}

void write_answer(const std::string& text) {
  if (write_all(streams().answer, text) || errno == EPIPE) return;
  say(fmt::format("error: cannot write to stdout: {}", std::strerror(errno)));
  is_lost = true;
}

}  // namespace

void say(std::string_view line) {
  write_all(streams().log, "ganger: " + secrets_of_process().masked(std::string(line)) + "\n");
}

void say(const Errors& errors) { say_each(errors, describe); }
void say_warnings(const Errors& warnings) { say_each(warnings, describe_warning); }

void answer(std::string_view text) { write_answer(secrets_of_process().masked(std::string(text))); }

void mask_strings(Json& json) {
  if (!secrets_of_process().any()) return;
  if (json.is_string())
    secrets_of_process().mask(json.get_ref<std::string&>());
  else if (json.is_object())
    for (const auto& [key, value] : json.items()) {
      if (key != "schema") mask_strings(value);
    }
  else if (json.is_array())
    for (Json& element : json) mask_strings(element);
}

void answer_json(Json json) {
  mask_strings(json);
  write_answer(json_text(json) + "\n");
}

bool is_answer_lost() { return is_lost; }

}  // namespace ganger::host
