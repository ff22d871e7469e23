#include "host/out_of_memory.h"

#include <unistd.h>

#include <exception>
#include <new>
#include <string_view>

namespace ganger::host {

namespace {

int code = 1;
std::terminate_handler terminate_before = nullptr;

// Of this thread. Not only the exception in flight tells: where a destructor calls terminate() on its way there is
// none to ask for.
thread_local bool has_run_out = false;

[[noreturn]] void note_and_throw() {
  has_run_out = true;
  throw std::bad_alloc();
}

/// Is it the reason of a call of terminate()?
bool is_reason() {
  const std::exception_ptr thrown = std::current_exception();
  if (!thrown) return has_run_out;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

[[noreturn]] void on_terminate() {
  if (is_reason()) leave_out_of_memory();
  terminate_before();
  _exit(code);  // for the compiler: it does not return
}

}  // namespace

void leave_when_out_of_memory(int exit_code) {
  code = exit_code;
  std::set_new_handler(note_and_throw);
  terminate_before = std::set_terminate(on_terminate);
}

void leave_out_of_memory() {
  // Nothing that allocates.
  constexpr std::string_view kText =
      "ganger: error: out of memory; raise the limit (ulimit -v) or free some, then try again\n";
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, kText.data(), kText.size());
  _exit(code);
}

}  // namespace ganger::host
