#include "host/isolate/child/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "host/call/services.h"
#include "host/isolate/child/child_main.h"
#include "host/isolate/process/process_tree.h"
#include "host/plugin/types.h"

namespace ganger::host {

namespace {

constexpr std::size_t kMostNoteBytes = 1 << 20;
constexpr int kMostReadsAtOnce = 64;
constexpr std::string_view kMarkName = "GANGER_CHILD";

/// read() or recv() without EINTR.
ssize_t read_some(int fd, char* buffer, std::size_t size) {
  ssize_t n = 0;
  do n = ::read(fd, buffer, size);
  while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

bool LinePipe::read(const Take& take, std::size_t most_bytes) {
  std::array<char, 16 * 1024> buffer;
  for (std::size_t total = 0; fd_.is_open() && total < most_bytes;) {
    const ssize_t n = read_some(fd_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) {
      fd_.reset();
      break;
    }
    add({buffer.data(), static_cast<std::size_t>(n)}, take);
    total += static_cast<std::size_t>(n);
    if (static_cast<std::size_t>(n) < buffer.size()) return true;
  }
  return fd_.is_open();
}

void LinePipe::add(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    // Beyond the cut as much as it takes to see whether it would go through a secret.
    const std::size_t most = std::max(kMostLineBytes + secrets_->longest(), line_.size());
    const std::size_t room = most - line_.size();
    const std::size_t end = bytes.substr(0, room + 1).find('\n');
    if (end == std::string_view::npos && bytes.size() <= room) {
      line_ += bytes;
      return;
    }
    const std::size_t length = end == std::string_view::npos ? room : end;
    line_ += bytes.substr(0, length);
    bytes.remove_prefix(end == std::string_view::npos ? length : length + 1);
    if (end == std::string_view::npos)
      cut_off(take);
    else
      end_line(take);
  }
}

void LinePipe::cut_off(const Take& take) {
  const std::size_t end = secrets_->cut_after(line_, kMostLineBytes);
  take(std::string_view(line_).substr(0, end));
  line_.erase(0, end);
}

void LinePipe::end_line(const Take& take) {
  const bool is_cut = line_.size() > kMostLineBytes;
  while (line_.size() > kMostLineBytes) cut_off(take);
  if (!is_cut || !line_.empty()) take(line_);
  line_.clear();
}

void LinePipe::finish(const Take& take) {
  if (!line_.empty()) end_line(take);
}

std::string Child::mark_of_all() {
  // The number alone is that of others too: later, or in a namespace of their own.
  static const std::array<unsigned, 2> ours = [] {
    std::random_device random;
    return std::array<unsigned, 2>{random(), random()};
  }();
  return fmt::format("{}={}-{:08x}{:08x}-", kMarkName, getpid(), ours[0], ours[1]);
}

Result<std::unique_ptr<Child>> Child::start(Spawner& spawner, ChildStart how) {
  static std::atomic<std::uint64_t> last{0};
  auto calls = open_socket_pair(), control = open_socket_pair();
  auto out = open_pipe(), err = open_pipe();
  for (const auto* ends : {&calls, &control, &out, &err})
    if (!*ends) return failure(ErrorKind::io, "cannot start a child process: " + ends->error().message);

  std::unique_ptr<Child> child(new Child);
  child->wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!child->wake_.is_open())
    return failure(ErrorKind::io, fmt::format("cannot start a child process: {}", std::strerror(errno)));
  child->mark_ = mark_of_all() + std::to_string(++last);
  how.environment.push_back(child->mark_);
  auto process = spawner.start({.file = how.program,
                                .arguments = {"ganger", std::string(kChildWord), std::to_string(getpid())},
                                .environment = std::move(how.environment),
                                .descriptors = {{out->theirs.get(), STDOUT_FILENO},
                                                {err->theirs.get(), STDERR_FILENO},
                                                {calls->theirs.get(), kCallsFd},
                                                {control->theirs.get(), kControlFd}}});
  if (!process) return tl::unexpected(std::move(process).error());
  child->process_ = std::move(*process);
  child->pid_ = child->process_.pid();
  child->plugin_ = how.plugin;
  child->sandbox_ = std::move(how.sandbox);
  child->calls_ = std::move(calls->ours);
  child->control_ = std::move(control->ours);
  child->out_.open(std::move(out->ours), how.secrets);
  child->err_.open(std::move(err->ours), how.secrets);
  child->queue(FrameKind::setup, 0, encode(how.setup));
  return child;
}

Child::~Child() {
  if (!process_.is_running()) return;
  Ended left;
  kill_tree();
  reap(std::chrono::steady_clock::now() + std::chrono::seconds(5), left);
}

void Child::queue(FrameKind kind, std::uint32_t call, std::string_view payload) {
  append_frame(outgoing_, kind, call, payload);
}

bool Child::flush() {
  while (sent_ < outgoing_.size()) {
    const ssize_t n = send(calls_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n < 0) return false;
    sent_ += static_cast<std::size_t>(n);
  }
  outgoing_.clear();
  sent_ = 0;
  return true;
}

Child::Receipt Child::receive() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t n = read_some(calls_.get(), buffer.data(), buffer.size());
  if (n < 0 && errno == EAGAIN) return Receipt::nothing;
  if (n <= 0) return Receipt::closed;
  frames_.feed({buffer.data(), static_cast<std::size_t>(n)});
  return Receipt::some;
}

void Child::send_stop(std::uint32_t call, std::int32_t reason) {
  std::string frame;
  append_frame(frame, FrameKind::stop, call, encode(StopMessage{reason}));
  // A child that does not read its control socket is killed in the end.
  while (send(control_.get(), frame.data(), frame.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

bool Child::read_note() {
  std::array<char, 16 * 1024> buffer;
  for (int i = 0; i < kMostReadsAtOnce; ++i) {
    const ssize_t n = read_some(control_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    note_.append(buffer.data(), std::min(static_cast<std::size_t>(n), kMostNoteBytes - note_.size()));
  }
  return true;
}

bool Child::is_gone() const {
  pollfd watched{process_.pidfd(), POLLIN, 0};
  return poll(&watched, 1, 0) != 0;
}

void Child::kill_tree() {
  if (!process_.is_running()) return;
  // What descends from it becomes ours when it dies, and then does not say any more where it came from.
  PidList found;
  add_children(pid_, found);
  add_descendants(found);
  killed_.insert(killed_.end(), found.begin(), found.end());
  process_.kill_tree();
}

std::optional<ProcessEnd> Child::reap(TimePoint until, Ended& left) {
  auto end = process_.wait(until);
  if (end) left = end_left_processes();
  return end;
}

/// Orphans of its, among the children of this process.
bool Child::is_mine(pid_t pid) const {
  if (std::ranges::find(killed_, pid) != killed_.end()) return true;
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  const std::string environment{std::istreambuf_iterator<char>(file), {}};
  const std::string whole = mark_ + '\0';
  const std::size_t at = environment.find(whole);
  return at != std::string::npos && (at == 0 || environment[at - 1] == '\0');
}

Ended Child::end_left_processes() {
  return end_orphans([&](pid_t pid) { return group_of(pid) != pid_ && !is_mine(pid); });
}

void Child::dismiss() { shutdown(calls_.get(), SHUT_WR); }

/// False once it breaks the protocol. Of what it says at its end only lines of the log are heard.
bool Child::pass_on(const LinePipe::Take& take) {
  for (int i = 0; i < kMostReadsAtOnce && receive() == Receipt::some; ++i)
    for (auto frame = frames_.next();; frame = frames_.next()) {
      if (!frame) return false;
      if (!*frame) break;
      if ((*frame)->kind != FrameKind::log) continue;
      const auto log = decode<LogMessage>((*frame)->payload);
      if (!log) return false;
      if (CallScope* scope = default_scope()) scope->log(log->level, log->line);
    }
  out_.read(take, LinePipe::kMostLineBytes);
  err_.read(take, LinePipe::kMostLineBytes);
  return true;
}

void Child::see_off(TimePoint until, const LinePipe::Take& take) {
  for (;;) {
    const auto left = until - std::chrono::steady_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    std::array<pollfd, 4> watched{
        {{process_.pidfd(), POLLIN, 0}, {calls_.get(), POLLIN, 0}, {out_.fd(), POLLIN, 0}, {err_.fd(), POLLIN, 0}}};
    if (ms <= 0) break;
    if (poll(watched.data(), watched.size(), static_cast<int>(ms)) < 0 && errno != EINTR) break;
    if (!pass_on(take)) {
      if (CallScope* scope = default_scope())
        scope->log(GANGER_LOG_WARN,
                   fmt::format("a child process of plugin '{}' broke the protocol while it ended; it "
                               "was killed",
                               plugin_->id));
      break;  // its destructor does that
    }
    if (watched[0].revents != 0) break;
    // Its end closes them, which says no more than the process itself soon will.
    if ((watched[1].revents & POLLHUP) != 0) {
      poll(watched.data(), 1, static_cast<int>(ms));
      break;
    }
  }
  out_.finish(take);
  err_.finish(take);
  Ended left;
  if (is_gone()) reap(std::chrono::steady_clock::now(), left);
}

}  // namespace ganger::host
