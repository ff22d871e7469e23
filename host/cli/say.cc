#include "host/cli/say.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "host/report/streams.h"
#include "host/report/terminal.h"
#include "host/warning.h"

namespace ganger::host {

namespace {

bool is_lost = false;

void say_each(const Errors& errors, std::string (*describe_one)(const Error&)) {
  std::string text;
  for (const Error& e : errors) text += (e.where.file.empty() ? "ganger: " : "") + describe_one(e) + "\n";
  write_all(streams().log, text);
}

}  // namespace

void say(std::string_view line) { write_all(streams().log, "ganger: " + std::string(line) + "\n"); }

void say(const Errors& errors) { say_each(errors, describe); }
void say_warnings(const Errors& warnings) { say_each(warnings, describe_warning); }

void answer(std::string_view text) {
  if (write_all(streams().answer, text) || errno == EPIPE) return;
  say(fmt::format("error: cannot write to stdout: {}", std::strerror(errno)));
  is_lost = true;
}

bool is_answer_lost() { return is_lost; }

}  // namespace ganger::host
