#include "host/report/service_manager.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "host/secrets.h"
#include "host/text.h"

namespace ganger::host {

namespace {

// A service manager that is told more often only works more.
constexpr Duration kBetweenStatus = std::chrono::seconds(1);
// How long news that must not get lost may wait for a queue that is full.
constexpr int kPatienceMs = 250;
// What a stop may take beyond the grace: clean-up, the journal, and a machine that is busy.
constexpr Duration kBeyondGrace = std::chrono::seconds(5);

ServiceSettings taken;

std::string value_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::string() : value;
}

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && *end == '\0' ? number : 0;
}

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

/// Not open where the name is none of a socket, or nobody has one there.
Descriptor connected_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || name.size() >= sizeof address.sun_path || (name.front() != '/' && name.front() != '@'))
    return {};
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';  // in the kernel's own space of names, which end as given
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  Descriptor fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  return fd;
}

enum class Wait : bool { none, some };

/// Nobody is told when it does not arrive: the run is worth more than the news of it.
void send(const Descriptor& socket, const std::string& text, Wait wait) {
  if (!socket.is_open()) return;
  const std::string lines = secrets_of_process().masked(text);
  for (bool may_wait = wait == Wait::some;; may_wait = false) {
    ssize_t sent = 0;
    do sent = ::send(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0 || errno != EAGAIN || !may_wait) return;
    pollfd room{socket.get(), POLLOUT, 0};
    poll(&room, 1, kPatienceMs);
  }
}

std::string_view before_status(StopReason reason) {
  switch (reason) {
    case StopReason::interrupt:
      return "stopping after a signal: ";
    case StopReason::deadline:
      return "stopping at the deadline: ";
    case StopReason::drain:
      return "draining: ";
    case StopReason::none:
      break;
  }
  return "";
}

}  // namespace

void take_service_settings() {
  taken = {.socket = value_of("NOTIFY_SOCKET")};
  const std::string watched = value_of("WATCHDOG_PID");
  if (!taken.socket.empty() && (watched.empty() || number_in(watched) == getpid()))
    taken.watchdog = std::chrono::microseconds(std::max<std::int64_t>(0, number_in(value_of("WATCHDOG_USEC"))));
  for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"}) unsetenv(variable);
}

const ServiceSettings& service_settings() { return taken; }

void tell_nothing_to_run(const ServiceSettings& settings, std::string_view why) {
  send(connected_to(settings.socket), fmt::format("READY=1\nSTATUS={}", printable(why)), Wait::some);
}

ServiceManager::ServiceManager(const ServiceSettings& settings, const RunNames& names, const Stop& stop,
                               Duration grace, std::function<RunView()> view)
    : names_(names),
      stop_(stop),
      grace_(grace),
      view_(std::move(view)),
      sign_of_life_(settings.watchdog / 2),
      socket_(connected_to(settings.socket)) {}

void ServiceManager::ready() {
  told_ = status();
  send(socket_, "READY=1\nSTATUS=" + told_, Wait::some);
  if (sign_of_life_ > Duration::zero()) next_sign_ = TimePoint();
}

TimePoint ServiceManager::beat(TimePoint now) {
  if (!socket_.is_open()) return kNever;
  const StopReason reason = stop_.reason();
  if (!is_stopping_ && (reason == StopReason::interrupt || reason == StopReason::deadline)) {
    is_stopping_ = true;
    next_status_ = now;
    // A grace may be longer than what the manager waits for a service by default.
    send(socket_,
         fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", microseconds(grace_) + microseconds(kBeyondGrace)),
         Wait::some);
  }
  if (now >= next_sign_) {
    send(socket_, "WATCHDOG=1", Wait::none);
    next_sign_ = now + sign_of_life_;
  }
  if (now >= next_status_) {
    if (std::string text = status(); text != told_) {
      send(socket_, "STATUS=" + text, Wait::none);
      told_ = std::move(text);
    }
    next_status_ = now + kBetweenStatus;
  }
  return std::min(next_sign_, next_status_);
}

void ServiceManager::ended(std::string_view how) {
  const RunView v = view_();
  std::string lines = fmt::format("STOPPING=1\nSTATUS={}: {} of {} tasks have ended", how, v.ended, v.total);
  if (v.failed > 0) lines += fmt::format(", {} failed", v.failed);
  if (sign_of_life_ > Duration::zero()) lines += "\nWATCHDOG=1";
  send(socket_, lines, Wait::some);
}

std::string ServiceManager::status() const {
  const RunView v = view_();
  std::string text = fmt::format("{}{} of {} tasks have ended", before_status(stop_.reason()), v.ended, v.total);
  if (v.failed > 0) text += fmt::format(", {} failed", v.failed);
  std::string_view sep = "; running: ";
  for (const TaskIndex i : v.running) text += std::string(std::exchange(sep, ", ")) + names_.task(i);
  if (v.running_count > v.running.size()) text += fmt::format(" and {} more", v.running_count - v.running.size());
  return text;
}

}  // namespace ganger::host
