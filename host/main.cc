#include <cstdio>
#include <exception>
#include <new>

#include "host/cli/verbs.h"
#include "host/out_of_memory.h"

int main(int argc, char** argv) {
  try {
    return ganger::host::run_cli(argc, argv);
  } catch (const std::bad_alloc&) {
    ganger::host::leave_out_of_memory();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ganger: a bug in this program: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "ganger: a bug in this program\n");
  }
  return ganger::host::kExitBug;
}
