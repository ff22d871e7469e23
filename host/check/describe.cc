#include "host/check/describe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/plugin/description_json.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostAnswerBytes = std::size_t{4} << 20U;
constexpr std::size_t kMostSaidBytes = 4096;  // of what its code writes to stderr; the end counts
constexpr std::size_t kMostMessageBytes = 8192;
constexpr const char* kWhenAsked = "while it was asked what it provides";

/// The words for kinds that a child may report.
constexpr std::array<std::pair<ErrorKind, std::string_view>, 4> kKinds = {{{ErrorKind::not_found, "not_found"},
                                                                           {ErrorKind::io, "io"},
                                                                           {ErrorKind::wrong_abi, "wrong_abi"},
                                                                           {ErrorKind::refused, "refused"}}};

/// Takes what is there; closes the descriptor at its end.
void take_from(Descriptor& from, std::string& text) {
  std::array<char, 16384> block;
  for (;;) {
    const ssize_t got = read(from.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return from.reset();
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostAnswerBytes) return;
  }
}

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

/// One child that is being listened to.
class Hearing {
 public:
  Hearing(Process process, Descriptor answer, Descriptor said, TimePoint until)
      : process_(std::move(process)), answer_fd_(std::move(answer)), said_fd_(std::move(said)), until_(until) {}

  /// Until the process has ended, or has had its time or its say. Nothing of it is left then.
  void listen() {
    while (!has_ended_ && !is_late_ && answer_.size() <= kMostAnswerBytes) wait_for_news();
    // What it has started may hold its pipes open, and is not waited for.
    process_.kill_tree();
    if (const auto end = process_.wait(std::chrono::steady_clock::now() + std::chrono::seconds(5))) end_ = *end;
    take_from(answer_fd_, answer_);
    hear_said();
  }

  Result<std::string> answer(const fs::path& file, Duration limit) const {
    const std::string name = file.string() + " is refused: ";
    if (answer_.size() > kMostAnswerBytes)
      return failure(ErrorKind::refused, name + "what it says it provides is longer than 4 MiB");
    if (is_late_)
      return failure(ErrorKind::refused, fmt::format("{}its code did not come to an end within {} {}", name,
                                                     format_duration(limit.count()), kWhenAsked));
    if (end_.was_signalled)
      return failure(ErrorKind::refused, fmt::format("{}its code crashed with {} {}{}", name, signal_text(end_.code),
                                                     kWhenAsked, said()));
    if (answer_.empty() || end_.code != 0)
      return failure(ErrorKind::refused, fmt::format("{}its code ended the process with exit code {} {}{}", name,
                                                     end_.code, kWhenAsked, said()));
    return answer_;
  }

 private:
  void wait_for_news() {
    std::array<pollfd, 3> watched = {{{process_.pidfd(), POLLIN, 0},
                                      {answer_fd_.get(), POLLIN, 0},  // -1 is left out by poll
                                      {said_fd_.get(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      is_late_ = true;
      return;
    }
    if (poll(watched.data(), watched.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) <= 0) return;
    if (watched[1].revents != 0) take_from(answer_fd_, answer_);
    if (watched[2].revents != 0) hear_said();
    has_ended_ = watched[0].revents != 0;
  }

  void hear_said() {
    if (!said_fd_.is_open()) return;
    take_from(said_fd_, said_);
    if (said_.size() > kMostSaidBytes) said_.erase(0, said_.size() - kMostSaidBytes);
  }

  /// The last line that is no empty one: where an assertion or a library says why.
  std::string said() const {
    const auto last = said_.find_last_not_of(" \n\r\t");
    if (last == std::string::npos) return {};
    const auto before = said_.rfind('\n', last);
    const auto from = before == std::string::npos ? 0 : before + 1;
    return fmt::format(" (it said: {})", excerpt(std::string_view(said_).substr(from, last + 1 - from)));
  }

  Process process_;
  Descriptor answer_fd_, said_fd_;
  const TimePoint until_;
  std::string answer_, said_;
  ProcessEnd end_{.was_signalled = true, .code = SIGKILL};
  bool has_ended_ = false, is_late_ = false;
};

/// The error that the answer holds; nothing when it holds a description, or nothing sensible.
std::optional<Error> error_in(const Json& answer) {
  const auto kind = answer.find("error");
  const auto message = answer.find("message");
  if (kind == answer.end() || message == answer.end() || !kind->is_string() || !message->is_string())
    return std::nullopt;
  const auto known =
      std::ranges::find(kKinds, kind->get<std::string>(), &std::pair<ErrorKind, std::string_view>::second);
  return Error{known != kKinds.end() ? known->first : ErrorKind::refused,
               printable(message->get<std::string>().substr(0, kMostMessageBytes), "\n"),
               {}};
}

}  // namespace

std::string error_json(const Error& error) {
  const auto known = std::ranges::find(kKinds, error.kind, &std::pair<ErrorKind, std::string_view>::first);
  const Json json{{"error", known != kKinds.end() ? known->second : "refused"}, {"message", error.message}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::unique_ptr<Plugin>> Describer::describe(const fs::path& file) {
  auto answer = open_pipe();
  auto said = open_pipe();
  if (!answer || !said) return tl::unexpected(answer ? said.error() : answer.error());
  if (spawner_ == nullptr) spawner_ = std::make_unique<Spawner>();
  auto process =
      spawner_->start({.file = program_,
                       .arguments = {"ganger", std::string(kDescribeWord), std::to_string(getpid()), file.string()},
                       .environment = child_environment(),
                       .descriptors = {{said->theirs.get(), STDERR_FILENO}, {answer->theirs.get(), kAnswerFd}}});
  if (!process) return tl::unexpected(std::move(process).error());
  answer->theirs.reset();
  said->theirs.reset();

  Hearing hearing(std::move(*process), std::move(answer->ours), std::move(said->ours),
                  std::chrono::steady_clock::now() + limit_);
  hearing.listen();
  auto text = hearing.answer(file, limit_);
  if (!text) return tl::unexpected(std::move(text).error());
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_object())
    if (auto error = error_in(json)) return tl::unexpected(std::move(*error));
  return parse_description(*text, file);
}

}  // namespace ganger::host
