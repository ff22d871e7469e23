// Started by the tests of crash notes: crash_subject note|report HOW. Crashes as HOW says, and tells of it on stdout.
// A first line says where crash_here() begins, as an offset.
#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <barrier>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "host/isolate/crash/crash_note.h"

namespace {

using namespace ganger::host;

// Outside of the functions and volatile, for compilers and checkers that refuse what never ends or leads nowhere.
volatile int deepest = -1;
volatile int* volatile nowhere = nullptr;
void (*volatile nothing)() = nullptr;

__attribute__((noinline, no_sanitize("undefined", "address", "thread"))) void crash_here() { *nowhere = 1; }

__attribute__((noinline, no_sanitize("undefined", "address", "thread"))) int overflow(int depth) {
  if (depth == deepest) return 0;
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return overflow(depth + 1) + room[0];
}

__attribute__((noinline, no_sanitize("undefined", "address", "thread"))) void call_nothing() { nothing(); }

void crash_twice_at_once() {
  std::barrier both(2);
  const auto crash = [&](const char* task) {
    use_crash_stack();
    note_current_task(task, "demo");
    both.arrive_and_wait();
    crash_here();
  };
  std::thread other(crash, "one");
  crash("two");
  other.join();
}

void overflow_in_thread() {
  std::thread([] {
    use_crash_stack();
    overflow(0);
  }).join();
}

/// Threads that come and go leave nothing behind that the next crash would trip over.
void crash_after_threads() {
  for (int i = 0; i < 20; ++i) std::thread([] { use_crash_stack(); }).join();
  crash_here();
}

void crash(const std::string& how) {
  if (how == "segv") crash_here();
  if (how == "abort") std::abort();
  if (how == "terminate") std::thread([] { throw 1; }).join();
  if (how == "ill") raise(SIGILL);
  if (how == "fpe") raise(SIGFPE);
  if (how == "trap") raise(SIGTRAP);
  if (how == "kill") kill(getpid(), SIGBUS);
  if (how == "stack") overflow(0);
  if (how == "stack in thread") overflow_in_thread();
  if (how == "nothing") call_nothing();
  if (how == "twice") crash_twice_at_once();
  if (how == "after threads") crash_after_threads();
  if (how == "not") std::puts("fine");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  Dl_info program{};
  dladdr(reinterpret_cast<void*>(&crash_here), &program);
  std::printf("%lld\n", static_cast<long long>(reinterpret_cast<std::uintptr_t>(&crash_here) -
                                               reinterpret_cast<std::uintptr_t>(program.dli_fbase)));
  std::fflush(stdout);
  if (std::string(argv[1]) == "note")
    write_crash_notes_to(1);
  else
    report_crashes_to(1);
  note_current_task("import", "demo");
  crash(argv[2]);
}
