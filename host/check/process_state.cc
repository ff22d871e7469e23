#include "host/check/process_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "host/descriptor.h"
#include "host/isolate/process/numbered_entries.h"
#include "host/isolate/process/process.h"

namespace ganger::host {

namespace {

// From here to the first that programs may use are those of the C library, which sets them with the first thread.
constexpr int kFirstOfLibrary = 32;

/// What the kernel says in one text of the calling thread and of its process.
struct Status {
  std::optional<mode_t> umask;
  // A bit for each signal, the first for number 1.
  std::uint64_t ignored = 0;
  std::uint64_t caught = ~std::uint64_t{0};  // unless it says otherwise: each is to be asked for
};

/// The number that follows the name of a line.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name, int base) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number, base).ec != std::errc{}) return std::nullopt;
  return number;
}

Status read_status() {
  Status status;
  const Descriptor file(open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC));
  char bytes[4096];
  ssize_t n = 0;
  do n = read(file.get(), bytes, sizeof bytes);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return status;
  const std::string_view text(bytes, static_cast<std::size_t>(n));
  if (const auto umask = number_after(text, "\nUmask:\t", 8)) status.umask = static_cast<mode_t>(*umask);
  const auto ignored = number_after(text, "\nSigIgn:\t", 16), caught = number_after(text, "\nSigCgt:\t", 16);
  if (ignored && caught) {
    status.ignored = *ignored;
    status.caught = *caught;
  }
  return status;
}

std::array<const void*, NSIG> handlers_by(const Status& status) {
  std::array<const void*, NSIG> all{};
  for (int number = 1; number < NSIG; ++number) {
    if (number >= kFirstOfLibrary && number < SIGRTMIN) continue;
    const std::uint64_t bit = std::uint64_t{1} << (number - 1);
    const void*& handler = all[static_cast<std::size_t>(number)];
    if ((status.ignored & bit) != 0) handler = reinterpret_cast<const void*>(SIG_IGN);
    if ((status.caught & bit) == 0) continue;
    // The address of the function says enough; what else sigaction() gives may be padding.
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) == 0) handler = reinterpret_cast<const void*>(action.sa_sigaction);
  }
  return all;
}

mode_t ask_for_umask() {
  const mode_t now = ::umask(0);
  ::umask(now);
  return now;
}

constexpr int by_kind(__itimer_which kind) { return -1 - static_cast<int>(kind); }
constexpr __itimer_which kTimers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

/// Is one in `after` that was not there before? One of ours that has just ended hides none.
bool has_more(const std::set<pid_t>& before, const std::set<pid_t>& after) {
  return !std::includes(before.begin(), before.end(), after.begin(), after.end());
}

}  // namespace

std::set<int> armed_timers() {
  std::set<int> all;
  for (const __itimer_which kind : kTimers) {
    itimerval now{};
    if (getitimer(kind, &now) == 0 && (now.it_value.tv_sec != 0 || now.it_value.tv_usec != 0))
      all.insert(by_kind(kind));
  }
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen("/proc/self/timers", "re"), &std::fclose);
  char line[256];
  for (int id = 0; file && std::fgets(line, sizeof line, file.get()) != nullptr;)
    if (std::sscanf(line, "ID: %d", &id) == 1) all.insert(id);
  return all;
}

ProcessState ProcessState::now() {
  ProcessState state;
  for_each_number_in("/proc/self/task", [&](pid_t thread) { state.threads.insert(thread); });
  state.children = own_children();
  struct stat folder {};
  if (stat(".", &folder) == 0) {
    state.folder_device = folder.st_dev;
    state.folder = folder.st_ino;
  }
  const Status status = read_status();
  state.umask = status.umask ? *status.umask : ask_for_umask();
  state.handlers = handlers_by(status);
  sigprocmask(SIG_BLOCK, nullptr, &state.blocked);
  const char* locale = std::setlocale(LC_ALL, nullptr);
  state.locale = locale != nullptr ? locale : "";
  state.timers = armed_timers();
  return state;
}

std::vector<std::string> changes(const ProcessState& before, const ProcessState& after) {
  std::vector<std::string> all;
  if (has_more(before.threads, after.threads)) all.emplace_back("started a thread");
  if (has_more(before.children, after.children)) all.emplace_back("started a process");
  if (after.folder != before.folder || after.folder_device != before.folder_device)
    all.emplace_back("changed the current directory");
  if (after.umask != before.umask) all.emplace_back("changed the umask");
  for (std::size_t number = 1; number < NSIG; ++number) {
    if (after.handlers[number] == before.handlers[number]) continue;
    const char* name = sigabbrev_np(static_cast<int>(number));
    all.push_back("changed what is done at " +
                  (name != nullptr ? std::string("SIG") + name : std::to_string(number)));
  }
  for (int number = 1; number < NSIG; ++number)
    if (sigismember(&after.blocked, number) != sigismember(&before.blocked, number)) {
      all.emplace_back("changed which signals are blocked");
      break;
    }
  if (after.locale != before.locale) all.emplace_back("changed the locale");
  if (has_more(before.timers, after.timers)) all.emplace_back("armed a timer");
  return all;
}

void end_new_timers(const ProcessState& before) {
  for (const int id : armed_timers())
    if (!before.timers.contains(id) && id >= 0) syscall(SYS_timer_delete, id);
  constexpr itimerval kNoTime{};
  for (const __itimer_which kind : kTimers)
    if (!before.timers.contains(by_kind(kind))) setitimer(kind, &kNoTime, nullptr);
}

Error refusal(const std::filesystem::path& file, const std::vector<std::string>& changed) {
  return {
      ErrorKind::refused,
      fmt::format("{} is refused: its code {} while it was opened; let it leave the process alone until it is used",
                  file.string(), fmt::join(changed, ", ")),
      {}};
}

}  // namespace ganger::host
