#include "host/isolate/child/child_call.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>

#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/isolate/crash/crash_note.h"
#include "host/isolate/process/process_tree.h"
#include "host/isolate/sandbox/lock_down.h"
#include "host/plugin/types.h"
#include "host/stop/stop_source.h"
#include "host/units.h"

namespace ganger::host {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kDeathFollowsWithin = milliseconds(500);  // the end of its channel
constexpr Duration kDeathTakesAtMost = seconds(5);
constexpr std::size_t kMostQueuedBytes = 1 << 20;     // past it the child has to read before it may ask for more
constexpr std::size_t kMostOutputAtOnce = 64 * 1024;  // as much as a pipe holds
constexpr std::size_t kMostSecretBytes = 16 * kMostOutputBytes;  // it may set an output again and again
constexpr int kMostLastReads = 1024;                             // more than a socket holds

/// A stop makes this thread look up, but not whoever has the descriptor after it.
class StopWakes {
 public:
  StopWakes(StopSource& stop, int eventfd) : stop_(stop) { stop_.wake_by(eventfd); }
  ~StopWakes() { stop_.wake_by(-1); }
  StopWakes(const StopWakes&) = delete;
  StopWakes& operator=(const StopWakes&) = delete;

 private:
  StopSource& stop_;
};

// Of processes, so it is the real one, whatever clock the run has.
TimePoint now() { return std::chrono::steady_clock::now(); }

}  // namespace

ChildCall::ChildCall(Child& child, const IsolatedCall& call, const ChildCallSettings& settings)
    : child_(child),
      call_(call),
      settings_(settings),
      number_(child.count_call()),
      start_until_(child.is_ready() ? kNever : now() + settings.start_limit),
      owner_(call.owner) {}

ChildCall::~ChildCall() = default;

void ChildCall::kill() {
  is_killed_.store(true);
  eventfd_write(child_.wake_fd(), 1);
}

IsolatedEnd ChildCall::run() {
  const std::string payload = encode_call({.type = call_.type.name,
                                           .task = std::string(call_.task),
                                           .attempt = call_.attempt.number,
                                           .deadline_ns = call_.attempt.deadline.time_since_epoch().count(),
                                           .secret_outputs = call_.secret_outputs,
                                           .values = {}},
                                          call_.values);
  if (payload.size() > kMostPayloadBytes) {
    is_fit_ = child_.is_ready();
    return {.status = GANGER_BAD_PARAM, .why = "its parameters are too large for a child process"};
  }
  child_.queue(FrameKind::call, number_, payload);
  const StopWakes wakes(*call_.attempt.stop, child_.wake_fd());
  while (!end_) {
    // A channel that breaks is the end of the process, or comes before it.
    if (!child_.flush()) has_died();
    if (!end_) wait();
  }
  if (is_fit_) read_output(kMostOutputAtOnce);
  const auto log = [this](int level) {
    return [this, level](std::string_view line) { call_.scope.log(level, line); };
  };
  child_.out().finish(log(GANGER_LOG_INFO));
  child_.err().finish(log(GANGER_LOG_WARN));
  wishes_.clear();
  if (owner_ != 0) take_places_back();
  // A child that is not ready has not called the task. Where one has crashed, nobody is to rely on that.
  end_->is_in_doubt = !has_result_ && (child_.is_ready() || end_->has_crashed);
  return std::move(*end_);
}

void ChildCall::wait() {
  enum : std::size_t { calls, control, process, out, err, wake, count };
  const bool may_ask = child_.queued() < kMostQueuedBytes;
  std::array<pollfd, count> watched{};
  watched[calls] = {child_.calls_fd(),
                    static_cast<short>((may_ask ? POLLIN : 0) | (child_.queued() > 0 ? POLLOUT : 0)), 0};
  watched[control] = {child_.control_fd(), POLLIN, 0};
  watched[process] = {child_.process().pidfd(), POLLIN, 0};
  watched[out] = {child_.out().fd(), POLLIN, 0};
  watched[err] = {child_.err().fd(), POLLIN, 0};
  watched[wake] = {child_.wake_fd(), POLLIN, 0};

  int timeout = -1;
  if (const TimePoint alarm = next_alarm(); alarm != kNever) {
    const auto rest = std::chrono::ceil<milliseconds>(std::max(Duration(0), Duration(alarm - now())));
    timeout = static_cast<int>(std::min<std::int64_t>(rest.count(), std::numeric_limits<int>::max()));
  }
  if (poll(watched.data(), watched.size(), timeout) < 0 && errno != EINTR)
    return end(GANGER_RETRY, "the host could not wait for its child process");

  if (watched[wake].revents != 0) {
    // Before anything that it may be about is looked at: what is news after that makes it readable again.
    eventfd_t ignored = 0;
    eventfd_read(child_.wake_fd(), &ignored);
  }
  if (!is_stopping_ && call_.attempt.stop->reason() != 0) heed_stop(now());
  if (timeout >= 0) heed_alarms(now());
  if (watched[out].revents != 0 || watched[err].revents != 0) read_output(kMostOutputAtOnce);
  if ((watched[control].revents & (POLLIN | POLLHUP)) != 0 && !child_.read_note() && !end_ &&
      watched[process].revents == 0)
    has_died();
  if (watched[calls].revents != 0 && !end_) receive();
  if (watched[wake].revents != 0 && !end_) serve_wishes();
  if (is_killed_.load() && !has_killed_ && !end_) {
    has_killed_ = true;
    child_.kill_tree();
  }
  if (watched[process].revents != 0 && !end_) has_died();
}

TimePoint ChildCall::next_alarm() const {
  TimePoint alarm = std::min({start_until_, terminate_at_, kill_at_});
  for (const Wish& w : wishes_) alarm = std::min(alarm, w.wish->until());
  return alarm;
}

void ChildCall::heed_stop(TimePoint at) {
  is_stopping_ = true;
  terminate_at_ = after(at, settings_.grace);
  start_until_ = kNever;
  child_.send_stop(number_, call_.attempt.stop->reason());
  for (Wish& w : wishes_) refuse_place(w.request);
  wishes_.clear();
}

void ChildCall::heed_alarms(TimePoint at) {
  serve_wishes();
  if (at >= terminate_at_) {
    terminate_at_ = kNever;
    kill_at_ = at + settings_.kill_delay;
    has_signalled_ = true;
    child_.process().signal_group(SIGTERM);
  }
  if (at >= kill_at_) {
    kill_at_ = kNever;
    child_.kill_tree();
  }
  if (at >= start_until_) {
    end(GANGER_FAILED, fmt::format("plugin '{}' was not ready within {}; its child process was killed",
                                   call_.type.plugin->id, format_duration(settings_.start_limit.count())));
    kill_child();
  }
}

// ---------------------------------------------------------------------------------------------------- what it says

void ChildCall::receive() {
  const Child::Receipt receipt = child_.queued() < kMostQueuedBytes ? child_.receive() : Child::Receipt::nothing;
  for (auto frame = child_.frames().next(); !end_; frame = child_.frames().next()) {
    if (!frame) return broke_protocol(frame.error().message);
    if (!*frame) break;
    take(**frame);
  }
  if (receipt == Child::Receipt::closed && !end_) has_died();
}

void ChildCall::take(const FrameView& frame) {
  const auto wrong = [this] { broke_protocol("a message that makes no sense"); };
  const bool is_mine = frame.call == number_;
  switch (frame.kind) {
    case FrameKind::log:
      return take_log(frame);
    case FrameKind::result:
      return take_result(frame);
    case FrameKind::ready: {
      const auto ready = decode<ReadyMessage>(frame.payload);
      if (!ready || child_.is_ready()) return wrong();
      child_.set_ready();
      start_until_ = kNever;
      for (const std::string& line : ready->missing)
        call_.scope.log(GANGER_LOG_DEBUG, "this task's child process could not be locked down fully: " + line);
      for (const std::string& line : ready->ungranted) call_.scope.log(GANGER_LOG_WARN, "sandbox: " + line);
      return;
    }
    case FrameKind::refused: {
      const auto refused = decode<RefusedMessage>(frame.payload);
      if (!refused || child_.is_ready()) return wrong();
      end(refused->status == GANGER_RETRY ? GANGER_RETRY : GANGER_FAILED, refused->why);
      was_plugin_refused_ = refused->is_plugin_refused;
      return kill_child();
    }
    case FrameKind::progress: {
      const auto progress = decode<ProgressMessage>(frame.payload);
      if (!progress) return wrong();
      if (is_mine) call_.scope.progress(progress->done, progress->total, progress->what);
      return;
    }
    case FrameKind::input: {
      const auto input = decode<InputMessage>(frame.payload);
      if (!input) return wrong();
      ReplyMessage reply{.request = input->request};
      if (is_mine) reply.is_found = call_.scope.input(input->task, input->name, reply.value);
      return child_.queue(FrameKind::reply, number_, encode(reply));
    }
    case FrameKind::secret_output: {
      const auto output = decode<SecretOutputMessage>(frame.payload);
      if (!output) return wrong();
      secret_bytes_ += output->value.text.size();
      if (secret_bytes_ > kMostSecretBytes) return broke_protocol("secret outputs without end");
      if (is_mine) call_.scope.output_set(output->name, output->value);
      return child_.queue(FrameKind::reply, number_, encode(ReplyMessage{.request = output->request}));
    }
    case FrameKind::work_dir: {
      const auto wish = decode<WorkDirMessage>(frame.payload);
      if (!wish) return wrong();
      const std::string folder = is_mine ? call_.scope.work_dir() : std::string();
      return child_.queue(FrameKind::reply, number_, encode(ReplyMessage{.request = wish->request, .text = folder}));
    }
    case FrameKind::place: {
      const auto wish = decode<PlaceMessage>(frame.payload);
      if (!wish) return wrong();
      return is_mine ? answer_place(*wish) : refuse_place(wish->request);
    }
    case FrameKind::place_filled: {
      auto filled = decode<PlaceFilledMessage>(frame.payload);
      if (!filled || pool(filled->pool) == nullptr) return wrong();
      return note_filled(std::move(*filled));
    }
    case FrameKind::place_back: {
      const auto back = decode<PlaceBackMessage>(frame.payload);
      if (!back || pool(back->pool) == nullptr) return wrong();
      return give_place_back(*back);
    }
    case FrameKind::setup:
    case FrameKind::call:
    case FrameKind::reply:
    case FrameKind::stop:
      break;  // the decoder lets none of them through
  }
}

void ChildCall::take_log(const FrameView& frame) {
  const auto log = decode<LogMessage>(frame.payload);
  if (!log) return broke_protocol("a message that makes no sense");
  // What the task printed before it comes before it.
  read_output(kMostOutputAtOnce);
  if (frame.call == number_)
    call_.scope.log(log->level, log->line);
  else if (CallScope* scope = default_scope(); frame.call == 0 && scope != nullptr)
    scope->log(log->level, log->line);
}

void ChildCall::take_result(const FrameView& frame) {
  auto result = decode<ResultMessage>(frame.payload);
  if (!result || !child_.is_ready() || frame.call != number_) return broke_protocol("a result that makes no sense");
  if (result->processes > 0) {
    read_output(kMostOutputAtOnce);
    warn_of_left(result->processes);
  }
  end_ = IsolatedEnd{.status = result->status, .why = std::move(result->why), .outputs = std::move(result->outputs)};
  has_result_ = true;
  resident_bytes_ = result->resident_bytes;
  // Past its grace it has been told to die, and where memory ran out a new one has more of it.
  // What a sweep could not end in its time goes with the child.
  is_fit_ = !has_signalled_ && result->status != GANGER_NO_MEMORY && result->unended == 0 && !is_killed_.load();
  if (!is_fit_) kill_child();
}

void ChildCall::read_output(std::size_t most_bytes) {
  child_.out().read([this](std::string_view line) { call_.scope.log(GANGER_LOG_INFO, line); }, most_bytes);
  child_.err().read([this](std::string_view line) { call_.scope.log(GANGER_LOG_WARN, line); }, most_bytes);
}

// ---------------------------------------------------------------------------------------------------- its end

void ChildCall::end(ganger_status status, std::string why) {
  if (!end_) end_ = IsolatedEnd{.status = status, .why = std::move(why)};
}

void ChildCall::broke_protocol(std::string_view how) {
  end(GANGER_FAILED, fmt::format("broke the protocol: {}; its child process was killed", how));
  kill_child();
}

void ChildCall::kill_child() {
  is_fit_ = false;
  Ended left;
  child_.kill_tree();
  child_.reap(now() + kDeathTakesAtMost, left);
  warn_of_unended(left);
}

/// The process has ended, or its channel has, which comes a moment earlier.
void ChildCall::has_died() {
  pollfd watched{child_.process().pidfd(), POLLIN, 0};
  const auto patience = static_cast<int>(std::chrono::duration_cast<milliseconds>(kDeathFollowsWithin).count());
  const bool has_ended = poll(&watched, 1, patience) > 0;
  if (!has_ended) child_.kill_tree();
  // The last it has sent may be its result.
  for (int i = 0; i < kMostLastReads && !end_; ++i) {
    const Child::Receipt receipt = child_.receive();
    for (auto frame = child_.frames().next(); frame && *frame && !end_; frame = child_.frames().next()) take(**frame);
    if (receipt != Child::Receipt::some) break;
  }
  if (end_) {
    is_fit_ = false;
    return kill_child();
  }
  if (!has_ended) return broke_protocol("it closed its channel");
  child_.read_note();
  read_output(kMostOutputAtOnce);
  Ended left;
  const auto death = child_.reap(now() + kDeathTakesAtMost, left);
  // What was to be ended leaves whatever it was about.
  if (!is_killed_.load() && !has_signalled_) warn_of_left(left.running);
  warn_of_unended(left);
  explain_death(death);
}

void ChildCall::warn_of_left(std::size_t processes) {
  if (processes == 0) return;
  call_.scope.log(GANGER_LOG_WARN, processes == 1
                                       ? "left 1 process running; it was killed"
                                       : fmt::format("left {} processes running; they were killed", processes));
}

void ChildCall::warn_of_unended(const Ended& ended) {
  if (ended.left == 0) return;
  call_.scope.log(GANGER_LOG_WARN, fmt::format("{} could not be ended and may still run: process {}{}",
                                               ended.left == 1 ? "1 process that it left"
                                                               : fmt::format("{} processes that it left", ended.left),
                                               ended.one_left, ended.left == 1 ? "" : " and others"));
}

void ChildCall::explain_death(const std::optional<ProcessEnd>& death) {
  if (is_killed_.load() ||
      (has_signalled_ && (!death || !death->was_signalled || death->code == SIGTERM || death->code == SIGKILL)))
    return end(GANGER_CANCELLED,
               is_killed_.load()
                   ? "its child process was killed"
                   : fmt::format("did not end within {} of being asked to; its child process was killed",
                                 format_duration(settings_.grace.count())));
  if (!death) return end(GANGER_FAILED, "the child did not end, though all that it had open was closed");
  if (!death->was_signalled)
    return end(GANGER_FAILED, fmt::format("the child ended with exit code {} without a result", death->code));
  // Anybody in the child could have written it, and what it has started too.
  const auto note = read_crash_note(child_.note());
  const std::string what = note && note->signal == death->code ? describe(*note)
                           : death->code == SIGKILL ? "SIGKILL, which this host did not send: perhaps memory ran out"
                                                    : signal_name(death->code);
  end(GANGER_FAILED, fmt::format("{}; {}", what, culprit()));
  end_->has_crashed = true;
}

/// "plugin 'demo' 0.1.0 (build id 12ab...), task 'x'"
std::string ChildCall::culprit() const {
  const Plugin& plugin = *call_.type.plugin;
  const std::string id = build_id(plugin.file);
  const std::uint64_t memory = child_.is_ready() ? 0 : child_.sandbox().memory_bytes;
  return fmt::format("plugin '{}' {}{}, task '{}'{}", plugin.id, plugin.version,
                     id.empty() ? std::string() : fmt::format(" (build id {})", id), call_.task,
                     memory == 0 ? std::string() : perhaps_too_little(memory));
}

}  // namespace ganger::host
