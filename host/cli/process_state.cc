#include "host/cli/process_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <clocale>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ganger::host {

namespace {

std::size_t count_threads() {
  std::size_t n = 0;
  std::error_code problem;
  for (std::filesystem::directory_iterator each("/proc/self/task", problem), end; !problem && each != end;
       each.increment(problem))
    ++n;
  return n;
}

/// The address of the function says enough; what else sigaction() gives may be padding.
const void* handler_of(const struct sigaction& action) { return reinterpret_cast<const void*>(action.sa_sigaction); }

}  // namespace

ProcessState ProcessState::now() {
  ProcessState state;
  state.threads = count_threads();
  siginfo_t info{};
  state.has_children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
  struct stat folder {};
  if (stat(".", &folder) == 0) {
    state.folder_device = folder.st_dev;
    state.folder = folder.st_ino;
  }
  state.umask = ::umask(0);
  ::umask(state.umask);
  for (int number = 1; number < NSIG; ++number)
    sigaction(number, nullptr, &state.handlers[static_cast<std::size_t>(number)]);
  sigprocmask(SIG_BLOCK, nullptr, &state.blocked);
  const char* locale = std::setlocale(LC_ALL, nullptr);
  state.locale = locale != nullptr ? locale : "";
  return state;
}

std::vector<std::string> changes(const ProcessState& before, const ProcessState& after) {
  std::vector<std::string> all;
  if (after.threads > before.threads) all.emplace_back("started a thread");
  if (after.has_children && !before.has_children) all.emplace_back("started a process");
  if (after.folder != before.folder || after.folder_device != before.folder_device)
    all.emplace_back("changed the current directory");
  if (after.umask != before.umask) all.emplace_back("changed the umask");
  for (std::size_t number = 1; number < NSIG; ++number) {
    if (handler_of(after.handlers[number]) == handler_of(before.handlers[number])) continue;
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
  return all;
}

Error refusal(const std::filesystem::path& file, const std::vector<std::string>& changed) {
  return {
      ErrorKind::refused,
      fmt::format("{} is refused: its code {} while it was opened; let it leave the process alone until it is used",
                  file.string(), fmt::join(changed, ", ")),
      {}};
}

}  // namespace ganger::host
