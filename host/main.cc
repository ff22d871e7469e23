#include <cstdio>
#include <exception>
#include <new>

#include "host/cli/sudden_end.h"
#include "host/cli/verbs.h"
#include "host/out_of_memory.h"

int main(int argc, char** argv) {
  int code = ganger::host::kExitBug;
  try {
    code = ganger::host::run_cli(argc, argv);
  } catch (const std::bad_alloc&) {
    ganger::host::leave_out_of_memory();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ganger: a bug in this program: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "ganger: a bug in this program\n");
  }
  ganger::host::SuddenEnd::main_returns(code);
  return code;
}
