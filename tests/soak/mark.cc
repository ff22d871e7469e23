// Tasks that write down themselves when they start and end, so that nobody has to believe the host.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>

namespace {

/// Appends a line in one write: whole, whoever else writes and whenever this process is killed.
void append(const std::string& file, const std::string& line) {
  const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const bool is_written = fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) close(fd);
  if (!is_written) throw ganger::error("cannot write to " + file);
}

/// Other in every attempt, in whichever process.
std::string new_token() {
  static std::atomic<int> count{0};
  return std::to_string(getpid()) + "." + std::to_string(++count) + "." +
         std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
}

template <bool is_idempotent>
struct Mark {
  static constexpr const char* name = is_idempotent ? "again" : "once";
  static constexpr const char* summary = "Marks its start and its end in a file";
  static constexpr std::uint32_t flags = is_idempotent ? ganger::idempotent : 0;
  static constexpr ganger::param params[] = {{"file", GANGER_PATH, "where the marks go", nullptr, ganger::required},
                                             {"name", GANGER_STR, "what the marks say", nullptr, ganger::required},
                                             {"take", GANGER_DURATION_NS, "how long it takes", "\"0s\""},
                                             {"from", GANGER_STR, "what another task has passed on", "\"-\""}};

  void run(const ganger::ctx& c) {
    const auto file = c.get<std::string>("file");
    const auto task = c.get<std::string>("name");
    append(file, "start " + task + " " + c.get<std::string>("from") + "\n");
    c.sleep_for(c.get<std::chrono::nanoseconds>("take"));
    c.throw_if_stopped();
    const std::string token = new_token();
    append(file, "end " + task + " " + token + "\n");
    c.out("token", token);
  }
};

}  // namespace

GANGER_PLUGIN("mark", "1.0", Mark<true>, Mark<false>)
