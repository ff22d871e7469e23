#include "host/cli/say.h"

#include <unistd.h>

#include <string>

#include "host/report/terminal.h"

namespace ganger::host {

void say(std::string_view line) { write_all(STDERR_FILENO, "ganger: " + std::string(line) + "\n"); }

void say(const Errors& errors) {
  std::string text;
  for (const Error& e : errors) text += (e.where.file.empty() ? "ganger: " : "") + describe(e) + "\n";
  write_all(STDERR_FILENO, text);
}

void answer(std::string_view text) { write_all(STDOUT_FILENO, text); }

}  // namespace ganger::host
