// The last words of a process that a plugin has crashed: which signal, in which task, at which addresses.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// A place in a program or library, as addr2line wants it.
struct Frame {
  std::string module;        ///< file name without folders; empty = unknown
  std::uint64_t offset = 0;  ///< in the module; the address itself when that is unknown

  friend bool operator==(const Frame&, const Frame&) = default;
};

struct CrashNote {
  int signal = 0;
  std::uint64_t address = 0;  ///< that was touched, for SIGSEGV and SIGBUS
  std::string task{};         ///< of note_current_task() in the thread that crashed; empty = none
  std::string plugin{};
  std::vector<Frame> frames;  ///< innermost first
};

/// Catches SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP: writes a note to `fd` (addresses and the memory
/// map, raw, with nothing but write(2)), then lets the signal end the process as it would have. Handlers run on a
/// stack of their own for this thread; other threads call use_crash_stack(). Of several crashes at once the first is
/// told.
void write_crash_notes_to(int fd);

/// As write_crash_notes_to(), but for people: "ganger: SIGSEGV at address 0x0 in task 'x' of plugin 'y'" and a line a
/// frame. The later call of the two holds.
void report_crashes_to(int fd);

/// A signal stack for the calling thread, so that a stack overflow can be told; freed with the thread.
void use_crash_stack();

/// Told in the note of a process that runs plugins itself; cheap. nullptr = none any more.
/// Lifetime: until the next call. Thread: of the calling thread
void note_current_task(const char* task, const char* plugin);

/// From now on a crash is one of the plugin file that is being opened: the report names it, and the process ends with
/// that code and not by the signal. `at_crash`, if any, is called before that, in the signal handler.
/// Lifetime: until note_opened(). Thread: one; of the whole process
void note_opening(const char* file, int exit_code, void (*at_crash)());
void note_opened();

/// What write_crash_notes_to() has written, which may be cut short or be anything at all.
std::optional<CrashNote> read_crash_note(std::string_view bytes);

/// "SIGSEGV at address 0x0, in demo.so+0x1a2b, demo.so+0x1c00, ganger+0x9f00" (the first sixteen frames).
std::string describe(const CrashNote& note);

/// "SIGSEGV"; "signal 77" where it has no name.
std::string signal_name(int signal);

/// The build id in hex out of the ELF notes of a library; empty when it has none or is none.
std::string build_id(const std::filesystem::path& file);

}  // namespace ganger::host
