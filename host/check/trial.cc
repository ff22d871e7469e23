#include "host/check/trial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "host/isolate/process/process_tree.h"
#include "host/isolate/sandbox/landlock.h"
#include "host/text.h"
#include "host/units.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

constexpr std::size_t kMostAnswerBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostSaidBytes = 4096;
constexpr auto kStartLimit = std::chrono::seconds(30);
/// For the news that the task has returned, and then for looking around, which are no part of its grace.
constexpr auto kNewsLimit = std::chrono::milliseconds(500);
constexpr auto kLookLimit = std::chrono::seconds(10);

/// A folder of its own for one trial.
class TrialFolder {
 public:
  TrialFolder() {
    const fs::path all = fs::temp_directory_path(problem_);
    if (problem_) return;
    std::string pattern = (all / "ganger-check-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      problem_ = {errno, std::generic_category()};
    else
      path_ = fs::canonical(pattern, problem_);
  }
  ~TrialFolder() {
    std::error_code not_removed;
    if (!path_.empty()) fs::remove_all(path_, not_removed);
  }
  TrialFolder(const TrialFolder&) = delete;
  TrialFolder& operator=(const TrialFolder&) = delete;

  const fs::path& path() const { return path_; }
  const std::error_code& problem() const { return problem_; }

 private:
  fs::path path_;
  std::error_code problem_;
};

Json json_of(const TrialPool& pool) {
  return {{"name", pool.name}, {"kind", pool.kind}, {"arguments", pool.arguments}};
}

std::string order_text(const TrialTask& task, const fs::path& folder, Disturbance disturbance, std::uint64_t call) {
  Json order{{"type", task.type},
             {"arguments", task.arguments},
             {"folder", folder.string()},
             {"disturbance", static_cast<int>(disturbance)},
             {"call", call},
             {"threads", task.threads},
             {"pools", Json::array()},
             {"plugin_dirs", Json::array()}};
  for (const TrialPool& pool : task.pools) order["pools"].push_back(json_of(pool));
  for (const fs::path& dir : task.plugin_dirs) order["plugin_dirs"].push_back(dir.string());
  return json_text(order);
}

Descriptor memory_with(const std::string& text) {
  Descriptor file(memfd_create("order", MFD_CLOEXEC));
  if (!file.is_open() || pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return {};
  return file;
}

/// Takes what is there until it is more than `most`; closes the descriptor at its end.
void take_from(Descriptor& from, std::string& text, std::size_t most) {
  std::array<char, 16384> block;
  while (from.is_open() && text.size() <= most) {
    const ssize_t got = read(from.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return from.reset();
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

/// One trial that is being listened to.
class Hearing {
 public:
  Hearing(const TrialTask& task, Process process, Descriptor answer, Descriptor said)
      : task_(task), process_(std::move(process)), answer_fd_(std::move(answer)), said_fd_(std::move(said)) {}

  Trial listen(Signals& signals) {
    while (!has_ended_ && !is_late_ && !is_too_much_ && !is_interrupted_) wait_for_news(signals);
    process_.kill_tree();
    const auto end = process_.wait(steady_clock::now() + std::chrono::seconds(5));
    read_answer();
    take_from(said_fd_, said_, kMostSaidBytes);
    if (is_interrupted_) trial_.end = Trial::End::interrupted;
    if (!is_interrupted_ && !has_result_) explain(end);
    return std::move(trial_);
  }

 private:
  void wait_for_news(Signals& signals) {
    std::array<pollfd, 4> watched = {{{process_.pidfd(), POLLIN, 0},
                                      {answer_fd_.get(), POLLIN, 0},  // -1 is left out by poll
                                      {said_fd_.get(), POLLIN, 0},
                                      {signals.fd(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - steady_clock::now()).count();
    is_late_ = left <= 0;
    if (is_late_) return;
    if (poll(watched.data(), watched.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) <= 0) return;
    if (watched[1].revents != 0) read_answer();
    if (watched[2].revents != 0) hear_said();
    while (const auto signal = signals.next()) {
      if (*signal == SIGTSTP)
        Signals::suspend();
      else
        is_interrupted_ = true;
    }
    has_ended_ = watched[0].revents != 0;
  }

  void hear_said() {
    take_from(said_fd_, said_, kMostSaidBytes);
    if (said_.size() > kMostSaidBytes) said_.erase(0, said_.size() - kMostSaidBytes);
  }

  /// It answers in lines: that it has started, that the call has come, that the task has returned, what it has left.
  void read_answer() {
    std::size_t from = answer_.size();
    take_from(answer_fd_, answer_, kMostAnswerBytes);
    for (std::size_t end = 0; (end = answer_.find('\n', from)) != std::string::npos; from = 0) {
      const Json line =
          Json::parse(answer_.begin(), answer_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      answer_.erase(0, end + 1);
      if (line.is_object()) take(line);
    }
    is_too_much_ = answer_.size() > kMostAnswerBytes;
  }

  /// What the task's code has written there makes no sense, and is passed over.
  void take(const Json& line) try {
    if (line.contains("started")) until_ = after(steady_clock::now(), task_.limit);
    if (line.contains("disturbed")) {
      trial_.disturbed = line.at("disturbed").get<std::string>();
      until_ = after(after(steady_clock::now(), task_.grace), kNewsLimit);
    }
    if (line.contains("returned")) {
      has_returned_ = true;
      until_ = steady_clock::now() + kLookLimit;
    }
    if (line.contains("problem")) {
      trial_.why = printable(line.at("problem").get<std::string>(), "\n");
      has_result_ = true;
    }
    if (!line.contains("status")) return;
    trial_.status = line.at("status").get<std::int32_t>();
    trial_.why = excerpt(line.at("why").get<std::string>());
    for (const Json& finding : line.at("findings")) trial_.findings.push_back(printable(finding.get<std::string>()));
    for (const Json& file : line.at("files")) trial_.files.push_back(printable(file.get<std::string>()));
    trial_.calls = line.at("calls").get<std::uint64_t>();
    for (const auto& [service, count] : line.at("counts").items())
      trial_.counts[service] = count.get<std::uint64_t>();
    trial_.acquires = line.at("acquires").get<std::vector<std::uint64_t>>();
    trial_.took = Duration(line.at("took_ns").get<std::int64_t>());
    trial_.ended_after = Duration(line.at("ended_after_ns").get<std::int64_t>());
    if (!trial_.disturbed.empty() && trial_.ended_after > task_.grace)
      trial_.findings.push_back(fmt::format("returned only after {}, and the grace is {}",
                                            human_time(trial_.ended_after.count()),
                                            format_duration(task_.grace.count())));
    trial_.end = Trial::End::returned;
    has_result_ = true;
  } catch (const Json::exception&) {
  }

  /// It has given no answer.
  void explain(const std::optional<ProcessEnd>& end) {
    trial_.end = Trial::End::died;
    if (is_too_much_ || (is_late_ && has_returned_)) {
      trial_.findings.emplace_back("left more behind than can be looked at");
    } else if (is_late_ && trial_.disturbed.empty()) {
      trial_.end = Trial::End::too_long;
    } else if (is_late_) {
      trial_.findings.push_back(
          fmt::format("did not return within the grace of {}", format_duration(task_.grace.count())));
    } else if (end && end->was_signalled) {
      const char* name = sigabbrev_np(end->code);
      trial_.findings.push_back(
          fmt::format("crashed with {}{}", name != nullptr ? fmt::format("SIG{}", name) : "a signal", said()));
    } else {
      trial_.findings.push_back(fmt::format("ended the process with exit code {}{}", end ? end->code : -1, said()));
    }
  }

  /// The last line that is no empty one: where an assertion or a library says why.
  std::string said() const {
    const auto last = said_.find_last_not_of(" \n\r\t");
    if (last == std::string::npos) return {};
    const auto before = said_.rfind('\n', last);
    const auto from = before == std::string::npos ? 0 : before + 1;
    return fmt::format(" (it said: {})", excerpt(std::string_view(said_).substr(from, last + 1 - from)));
  }

  const TrialTask& task_;
  Process process_;
  Descriptor answer_fd_, said_fd_;
  Instant until_ = steady_clock::now() + kStartLimit;
  std::string answer_, said_;
  Trial trial_;
  bool has_ended_ = false, has_returned_ = false, has_result_ = false;
  bool is_late_ = false, is_too_much_ = false, is_interrupted_ = false;
};

Trial not_run(std::string why) {
  Trial trial;
  trial.why = std::move(why);
  return trial;
}

}  // namespace

TrialRunner::TrialRunner() : not_ours_(own_children()) { adopt_orphans(); }
TrialRunner::~TrialRunner() = default;

std::string TrialRunner::why_unsafe() {
  return Landlock::version() == 0 ? "this kernel has no Landlock to keep it from writing elsewhere" : "";
}

Trial TrialRunner::run(const TrialTask& task, Disturbance disturbance, std::uint64_t call) {
  const TrialFolder folder;
  if (folder.path().empty())
    return not_run(
        fmt::format("no folder for it where temporary ones are made (TMPDIR): {}", folder.problem().message()));
  const Descriptor order = memory_with(order_text(task, folder.path(), disturbance, call));
  if (!order.is_open()) return not_run(fmt::format("no descriptor for it: {}", std::strerror(errno)));
  auto answer = open_pipe(), said = open_pipe();
  if (!answer || !said) return not_run((answer ? said : answer).error().message);
  auto process = spawner_.start({.file = "/proc/self/exe",
                                 .arguments = {"ganger", std::string(kTrialWord), std::to_string(getpid())},
                                 .environment = child_environment(folder.path() / "tmp"),
                                 .descriptors = {{said->theirs.get(), STDERR_FILENO},
                                                 {order.get(), kTrialOrderFd},
                                                 {answer->theirs.get(), kTrialAnswerFd}}});
  if (!process) return not_run(process.error().message);
  answer->theirs.reset();
  said->theirs.reset();
  Trial trial = Hearing(task, std::move(*process), std::move(answer->ours), std::move(said->ours)).listen(signals_);
  end_orphans([this](pid_t pid) { return not_ours_.contains(pid); });
  return trial;
}

}  // namespace ganger::host
