#include "host/cli/say.h"

#include <string>

#include "host/report/streams.h"
#include "host/report/terminal.h"

namespace ganger::host {

void say(std::string_view line) { write_all(streams().log, "ganger: " + std::string(line) + "\n"); }

void say(const Errors& errors) {
  std::string text;
  for (const Error& e : errors) text += (e.where.file.empty() ? "ganger: " : "") + describe(e) + "\n";
  write_all(streams().log, text);
}

void answer(std::string_view text) { write_all(streams().answer, text); }

}  // namespace ganger::host
