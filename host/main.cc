#include <cstdio>
#include <exception>
#include <new>

#include "host/check/sudden_end.h"
#include "host/cli/verbs.h"
#include "host/completion/completion.h"
#include "host/out_of_memory.h"
#include "host/secrets.h"
#include "host/session/arguments.h"

int main(int argc, char** argv) {
  ganger::host::note_arguments(argc, argv);
  int code = ganger::host::kExitBug;
  try {
    const bool is_asked_by_a_shell = argc > 1 && argv[1] == ganger::host::kCompleteWord;
    code = is_asked_by_a_shell ? ganger::host::run_complete(argc, argv) : ganger::host::run_cli(argc, argv);
  } catch (const std::bad_alloc&) {
    ganger::host::leave_out_of_memory();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ganger: a bug in this program: %s\n",
                 ganger::host::secrets_of_process().masked(e.what()).c_str());
  } catch (...) {
    std::fprintf(stderr, "ganger: a bug in this program\n");
  }
  ganger::host::SuddenEnd::main_returns(code);
  return code;
}
