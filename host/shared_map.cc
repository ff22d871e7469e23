// Partly in a signal handler: what that calls is in signal-safety(7), or, like mmap(), nothing but a system call.
#include "host/shared_map.h"

#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "host/memory_map.h"

namespace ganger::host {

namespace {

struct Watch {
  std::atomic<bool> is_taken = false, is_lost = false;
  std::atomic<char*> data = nullptr;  // null = there is none
  std::atomic<std::size_t> size = 0;
};
// A process has one ledger; tests have a few.
std::array<Watch, 16> watches;

std::array<std::atomic<const WholeFile::Text*>, 16> whole_files;

struct sigaction before_ours;

/// The watched map in which `address` lies.
Watch* watch_of(const char* address) noexcept {
  for (Watch& w : watches)
    if (const char* data = w.data; data != nullptr && address >= data && address < data + w.size) return &w;
  return nullptr;
}

[[noreturn]] void leave(const WholeFile::Text& file) noexcept {
  std::string_view left = file.message;
  while (!left.empty()) {
    const ssize_t n = write(STDERR_FILENO, left.data(), left.size());
    if (n <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  _exit(EX_IOERR);
}

extern "C" void on_bus_error(int, siginfo_t* info, void*) {
  if (take_bus_error(*info)) return;
  // Whoever had it before decides: the touch is done once more when this returns. One that was sent comes again.
  sigaction(SIGBUS, &before_ours, nullptr);
  if (info->si_code <= 0) raise(SIGBUS);
}

void catch_bus_errors() {
  static const bool is_caught = [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    return sigaction(SIGBUS, &action, &before_ours) == 0;
  }();
  static_cast<void>(is_caught);
}

}  // namespace

bool take_bus_error(const siginfo_t& info) noexcept {
  if (info.si_code != BUS_ADRERR) return false;  // sent, or of another kind
  auto* const address = static_cast<char*>(info.si_addr);
  if (Watch* const watch = watch_of(address)) {
    watch->is_lost = true;
    return mmap(watch->data, watch->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
  }
  const auto at = reinterpret_cast<std::uint64_t>(address);
  for_each_map_line([at](std::string_view line) {
    const auto mapping = read_mapping(line);
    if (!mapping || at < mapping->start || at >= mapping->end) return;
    for (const auto& known : whole_files)
      if (const WholeFile::Text* file = known;
          file != nullptr && mapping->path.substr(mapping->path.rfind('/') + 1) == file->name)
        leave(*file);
  });
  return false;
}

SharedMap::SharedMap(int fd, std::size_t size) {
  void* const map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (map == MAP_FAILED) return;
  madvise(map, size, MADV_DONTFORK);  // what a plugin forks has no business here
  data_ = static_cast<char*>(map);
  size_ = size;
  catch_bus_errors();
  for (std::size_t i = 0; i < watches.size() && watch_ < 0; ++i) {
    Watch& watch = watches[i];
    if (watch.is_taken.exchange(true)) continue;
    watch.is_lost = false;
    watch.size = size;
    watch.data = data_;
    watch_ = static_cast<int>(i);
  }
}

SharedMap::SharedMap(SharedMap&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(other.size_), watch_(std::exchange(other.watch_, -1)) {}

SharedMap::~SharedMap() {
  if (watch_ >= 0) {
    Watch& watch = watches[static_cast<std::size_t>(watch_)];
    watch.data = nullptr;
    watch.is_taken = false;
  }
  if (data_ != nullptr) munmap(data_, size_);
}

bool SharedMap::is_lost() const { return watch_ >= 0 && watches[static_cast<std::size_t>(watch_)].is_lost; }

WholeFile::WholeFile(const std::string& path)
    : text_{path.substr(path.rfind('/') + 1),
            "ganger: error: " + path +
                " was cut short by another program while it was in use; let nothing but ganger change the state "
                "directory, and start it again (a run that was going on can be resumed)\n"} {
  catch_bus_errors();
  for (std::size_t i = 0; i < whole_files.size() && watch_ < 0; ++i)
    if (const Text* none = nullptr; whole_files[i].compare_exchange_strong(none, &text_))
      watch_ = static_cast<int>(i);
}

WholeFile::~WholeFile() {
  if (watch_ >= 0) whole_files[static_cast<std::size_t>(watch_)] = nullptr;
}

}  // namespace ganger::host
