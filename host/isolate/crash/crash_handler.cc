// What runs after a crash: in a signal handler, on its own stack, with locks and the heap in any state. It calls only
// what signal-safety(7) allows and functions of ours that allocate nothing. The exception is backtrace(), which is
// safe once libgcc has been loaded (the set-up makes it so) and finds unwind tables without a lock (glibc 2.35 with
// GCC 12); for all else that comes before it is already written, and an alarm ends the process if it hangs.
#include <execinfo.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "host/isolate/crash/crash_note.h"
#include "host/isolate/crash/crash_text.h"
#include "host/memory_map.h"
#include "host/shared_map.h"

namespace ganger::host {

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
constexpr unsigned kSecondsForANote = 5;
constexpr std::size_t kStackBytes = 128 * 1024;

enum class Form : int { note, report };

// For the handlers; set before those are.
std::atomic<int> note_fd = -1;
std::atomic<Form> note_form = Form::note;
std::atomic<int> first_signal = 0;
std::atomic<pid_t> note_pid = -1;

std::atomic<const char*> opened_file = nullptr;
std::atomic<int> code_of_opening = 0;
std::atomic<void (*)()> end_of_opening = nullptr;

constinit thread_local const char* current_task = nullptr;
constinit thread_local const char* current_plugin = nullptr;

void set_default(int signal) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

void raise_here(int signal) { syscall(SYS_tgkill, getpid(), static_cast<pid_t>(syscall(SYS_gettid)), signal); }

extern "C" void end_late_note(int) {
  if (opened_file.load() != nullptr) _exit(code_of_opening);
  const int signal = first_signal;
  set_default(signal);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  raise_here(signal);
}

void limit_time() {
  struct sigaction action {};
  action.sa_handler = end_late_note;
  sigaction(SIGALRM, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  alarm(kSecondsForANote);
}

struct Registers {
  std::uint64_t instruction = 0;
  std::uint64_t return_address = 0;  ///< where a call to nowhere came from, if it is one; else anything
};

Registers registers_of(const ucontext_t& context) {
  Registers registers;
#if defined(__x86_64__)
  registers.instruction = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  // The stack may be what is broken: read as a stranger's memory, an error is none of ours.
  iovec to{&registers.return_address, sizeof registers.return_address};
  iovec from{reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RSP]), sizeof registers.return_address};
  if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0) registers.return_address = 0;
#elif defined(__aarch64__)
  registers.instruction = context.uc_mcontext.pc;
  registers.return_address = context.uc_mcontext.regs[30];
#else
  (void)context;
#endif
  return registers;
}

/// The frames of the code that has crashed, without those of the handler. A return address is one more than a place
/// in the call, and addr2line wants a place.
void add_frames(Places& places, const Registers& registers) {
  void* frames[Places::kMost + 8];
  const int n = backtrace(frames, static_cast<int>(std::size(frames)));
  int at = 0;
  while (at < n && reinterpret_cast<std::uint64_t>(frames[at]) != registers.instruction) ++at;
  places.add_address(registers.instruction);
  if (at + 1 >= n && registers.return_address != 0) places.add_address(registers.return_address - 1);
  for (++at; at < n; ++at) places.add_address(reinterpret_cast<std::uint64_t>(frames[at]) - 1);
}

bool has_address(int signal) { return signal == SIGSEGV || signal == SIGBUS; }

void write_note(int signal, std::uint64_t address, const ucontext_t& context) {
  CrashText text(note_fd);
  text << kCrashNoteHead << "\nsignal " << static_cast<std::uint64_t>(signal) << "\n";
  if (has_address(signal)) text << "address " << Hex{address} << "\n";
  if (current_task != nullptr) text << "task " << current_task << "\n";
  if (current_plugin != nullptr) text << "plugin " << current_plugin << "\n";
  const Registers registers = registers_of(context);
  text << "frame " << Hex{registers.instruction} << "\nmaps\n";
  for_each_map_line([&](std::string_view line) { text << line << "\n"; });
  text.flush();
  Places places;
  add_frames(places, registers);
  for (std::size_t i = 1; i < places.size(); ++i) text << "frame " << Hex{places[i].address} << "\n";
  text << "end\n";
  text.flush();
}

/// Shape: file = the one that is being opened; null = none
void write_report(int signal, std::uint64_t address, const ucontext_t& context, const char* file) {
  CrashText text(note_fd);
  const char* name = sigabbrev_np(signal);
  text << "ganger: ";
  if (file != nullptr) text << "error: " << file << " is refused: its code crashed with ";
  text << "SIG" << (name != nullptr ? name : "?");
  if (has_address(signal)) text << " at address " << Hex{address};
  if (file != nullptr)
    text << " while it was opened";
  else if (current_task != nullptr)
    text << " in task '" << current_task << "'";
  else
    text << " outside of the threads of tasks";
  if (current_plugin != nullptr) text << " of plugin '" << current_plugin << "'";
  text << "\n";
  text.flush();
  Places places;
  add_frames(places, registers_of(context));
  for_each_map_line([&](std::string_view line) { places.add_line(line); });
  for (std::size_t i = 0; i < places.size(); ++i) {
    text << "  ";
    if (places[i].module[0] != '\0') text << places[i].module.data() << "+";
    text << Hex{places[i].offset} << "\n";
  }
  text.flush();
}

extern "C" void tell_crash(int signal, siginfo_t* info, void* context) {
  // What this process has forked shares its descriptor and must not speak for it.
  if (getpid() != note_pid) {
    set_default(signal);
    raise_here(signal);
    return;
  }
  if (signal == SIGBUS && take_bus_error(*info)) return;
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal)) {
    // Another thread is telling its crash, which ends us.
    for (;;) pause();
  }
  limit_time();
  // Once: another thread may be done with it meanwhile.
  const char* const file = opened_file;
  if (file != nullptr)
    if (const auto end = end_of_opening.load(); end != nullptr) end();
  const auto address = reinterpret_cast<std::uint64_t>(info->si_addr);
  const auto& registers = *static_cast<const ucontext_t*>(context);
  if (note_form == Form::note)
    write_note(signal, address, registers);
  else
    write_report(signal, address, registers, file);
  if (file != nullptr) _exit(code_of_opening);
  // Blocked as yet: it comes again when we return, at the same place, and nobody catches it then.
  set_default(signal);
  raise_here(signal);
}

/// A stack with a page below it that may not be touched. The one before comes back at the end: a sanitizer has its
/// own.
class CrashStack {
 public:
  CrashStack() {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const memory =
        mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    mprotect(memory, page, PROT_NONE);
    memory_ = memory;
    bytes_ = page + kStackBytes;
    stack_t stack{};
    stack.ss_sp = static_cast<char*>(memory) + page;
    stack.ss_size = kStackBytes;
    sigaltstack(&stack, &before_);
  }
  ~CrashStack() {
    if (memory_ == nullptr) return;
    sigaltstack(&before_, nullptr);
    munmap(memory_, bytes_);
  }
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

  void touch() {}

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  stack_t before_{};
};

void catch_crashes(int fd, Form form) {
  note_fd = fd;
  note_pid = getpid();
  note_form = form;
  void* frame[1];
  backtrace(frame, 1);
  use_crash_stack();
  struct sigaction action {};
  action.sa_sigaction = tell_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

}  // namespace

void write_crash_notes_to(int fd) { catch_crashes(fd, Form::note); }

void report_crashes_to(int fd) { catch_crashes(fd, Form::report); }

void use_crash_stack() {
  static thread_local CrashStack stack;
  stack.touch();
}

void note_opening(const char* file, int exit_code, void (*at_crash)()) {
  code_of_opening = exit_code;
  end_of_opening = at_crash;
  opened_file = file;
}

void note_opened() { opened_file = nullptr; }

void note_current_task(const char* task, const char* plugin) {
  current_task = task;
  current_plugin = plugin;
}

}  // namespace ganger::host
