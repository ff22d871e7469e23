#include <cstdio>
#include <exception>

#include "host/cli/verbs.h"

int main(int argc, char** argv) {
  try {
    return ganger::host::run_cli(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ganger: a bug in this program: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "ganger: a bug in this program\n");
  }
  return ganger::host::kExitBug;
}
