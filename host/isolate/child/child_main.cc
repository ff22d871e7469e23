#include "host/isolate/child/child_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "host/call/services.h"
#include "host/isolate/child/child_channel.h"
#include "host/isolate/child/child_pools.h"
#include "host/isolate/child/child_scope.h"
#include "host/isolate/crash/crash_note.h"
#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"
#include "host/isolate/sandbox/lock_down.h"
#include "host/plugin/registry.h"
#include "host/stop/signals.h"
#include "host/text.h"
#include "host/work/no_attempts.h"
#include "host/work/work_pool.h"

extern "C" {
#include <sys/pidfd.h>  // declares C functions without saying so
}

namespace ganger::host {

namespace {

constexpr int kUsage = 64;
constexpr std::string_view kNoMemory =
    "out of memory: an isolated task may use half of the machine's, or what `memory` of its sandbox says";

/// The stop of the call that is under way. A stop may arrive before its call does, as they come by different ways.
class CallStop {
 public:
  void begin(std::uint32_t call) {
    const std::lock_guard lock(mutex_);
    source_->begin_attempt();
    call_ = call;
    if (stopped_ == call) source_->request(reason_);
  }
  void end() {
    const std::lock_guard lock(mutex_);
    call_ = 0;
  }
  void request(std::uint32_t call, std::int32_t reason) {
    const std::lock_guard lock(mutex_);
    stopped_ = call;
    reason_ = reason;
    if (call_ == call) source_->request(reason);
  }
  StopSource* source() const { return source_.get(); }

 private:
  const std::shared_ptr<StopSource> source_ = std::make_shared<StopSource>();
  std::mutex mutex_;
  std::uint32_t call_ = 0, stopped_ = 0;  // guarded by mutex_
  std::int32_t reason_ = 0;               // guarded by mutex_
};

pid_t host_now = -1;

/// Its host has died while this group had a stopped process: the kernel then hangs up, and what is left to do is more
/// than to end.
extern "C" void take_hangup(int signal) {
  if (getppid() != host_now) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// Handlers of a plugin are for its own threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

/// Waits for the end of the host; then this process ends too, with all that it has started, whatever its task does. A
/// thread of its own, for the other one may hang in what a task wants done at a stop. By the process and not by the
/// socket: what the host has forked may still hold its end of that.
void watch_host(int host) {
  block_signals();
  pollfd watched{host, POLLIN, 0};
  while (poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
  // Else the task has closed what is not its own.
  if ((watched.revents & POLLIN) != 0) end_with_descendants();
}

/// Reads the control socket until the host closes it, which is an end of this process too.
void watch_control(CallStop& stop) {
  block_signals();
  FrameDecoder decoder(Side::host);
  std::array<char, 512> buffer;
  for (;;) {
    const ssize_t n = recv(kControlFd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) end_with_descendants();
    decoder.feed({buffer.data(), static_cast<std::size_t>(n)});
    for (auto frame = decoder.next(); frame && *frame; frame = decoder.next())
      if (const auto message = decode<StopMessage>((*frame)->payload); message && (*frame)->kind == FrameKind::stop)
        stop.request((*frame)->call, message->reason);
  }
}

/// What a call leaves behind is ended, sessions of their own included.
Ended end_left_processes() {
  return end_orphans([](pid_t) { return false; });
}

/// What this process keeps. Asked after every call, it asks the kernel only once in a while where there is no limit:
/// half a gigabyte is not filled in less. Thread: one
class ResidentMemory {
 public:
  explicit ResidentMemory(bool is_limited) : good_for_(is_limited ? Duration(0) : std::chrono::milliseconds(1)) {}

  /// Where it cannot be told: more than anybody may.
  std::uint64_t bytes(TimePoint now) {
    if (now - read_ < good_for_) return bytes_;
    read_ = now;
    bytes_ = read();
    return bytes_;
  }

 private:
  std::uint64_t read() const {
    std::array<char, 64> text{};
    unsigned long resident = 0;
    if (pread(statm_.get(), text.data(), text.size() - 1, 0) <= 0 ||
        std::sscanf(text.data(), "%*u %lu", &resident) != 1)
      return UINT64_MAX;
    return std::uint64_t{resident} * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }

  const Duration good_for_;
  const Descriptor statm_{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  TimePoint read_{};
  std::uint64_t bytes_ = UINT64_MAX;
};

/// The names of the tasks that this process has worked for, by the numbers of their calls. Thread: any
class TaskNames {
 public:
  void add(std::uint32_t call, const std::string& task) {
    const std::lock_guard lock(mutex_);
    names_.insert_or_assign(call, task);
  }
  std::string of(CallLabel call) const {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(call);
    return found == names_.end() ? std::string() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::string> names_;  // guarded by mutex_
};

class ChildProcess {
 public:
  /// `host`: its pidfd
  ChildProcess(ChildChannel& channel, SetupMessage setup, Descriptor host)
      : channel_(channel),
        setup_(std::move(setup)),
        host_(std::move(host)),
        scope_(channel_, setup_),
        no_call_(channel_, setup_),
        memory_(setup_.sandbox.memory_bytes != 0),
        // The host has looked at the folders; here only the digest counts.
        registry_(SearchPath({}, {}, {}), host_table(),
                  {.trusts_all = true,
                   .check_pin = [this](const std::string&, const std::string&, const std::string& sha256) {
                     return check_digest(sha256);
                   }}) {}

  Result<void> open();
  void serve();

 private:
  Result<void> lock_down_and_open();
  Result<const Plugin*> open_plugin(const std::string& file, const std::string& digest);
  Result<void> check_digest(const std::string& sha256) const;
  ResultMessage run(std::uint32_t number, const CallMessage& call);

  ChildChannel& channel_;
  const SetupMessage setup_;
  const Descriptor host_;
  ChildScope scope_, no_call_;
  ResidentMemory memory_;
  SteadyClock clock_;
  Registry registry_;
  std::mutex registry_mutex_;
  std::string wanted_file_, wanted_digest_;  // guarded by registry_mutex_: of the plugin that is being opened
  const Plugin* plugin_ = nullptr;
  std::unique_ptr<ChildPools> pools_;
  NoAttempts no_attempts_;
  std::unique_ptr<WorkPool> workers_;
  CallStop stop_;
  TaskNames tasks_;
  PluginCall ctx_;
};

Result<void> ChildProcess::open() {
  if (std::string problem = too_little_memory(setup_.sandbox); !problem.empty())
    return failure(ErrorKind::configuration, std::move(problem));
  Result<void> opened;
  try {
    opened = lock_down_and_open();
  } catch (const std::bad_alloc&) {
    opened = failure(ErrorKind::configuration, "out of memory");
  }
  if (!opened && opened.error().kind != ErrorKind::refused && setup_.sandbox.memory_bytes != 0)
    opened.error().message += perhaps_too_little(setup_.sandbox.memory_bytes);
  return opened;
}

Result<void> ChildProcess::lock_down_and_open() {
  LockDownGaps gaps = lock_down({.sandbox = setup_.sandbox, .writable = setup_.writable});
  write_crash_notes_to(kControlFd);
  try {
    std::thread([this] { watch_control(stop_); }).detach();
    std::thread([host = host_.get()] { watch_host(host); }).detach();
    // From here on that thread sees to it, unless a host that dies has just stopped this process.
    prctl(PR_SET_PDEATHSIG, SIGCONT);
  } catch (const std::system_error&) {
    return failure(ErrorKind::io,
                   "no thread could be had in the child; try again when the machine has some to spare");
  }
  set_default_scope(&no_call_);
  on_late_call([this](CallLabel call) {
    no_call_.log(GANGER_LOG_WARN, text_of_late_call(tasks_.of(call), plugin_ != nullptr ? plugin_->id : ""));
  });
  auto plugin = open_plugin(setup_.plugin_file, setup_.digest);
  if (!plugin) return tl::unexpected(std::move(plugin).error());
  plugin_ = *plugin;
  auto pools = ChildPools::make(
      setup_.pools, clock_, channel_,
      [this](const std::string& file, const std::string& digest) { return open_plugin(file, digest); });
  if (!pools) return tl::unexpected(std::move(pools).error());
  pools_ = std::move(*pools);
  scope_.set_pools(pools_.get());
  // The caller of parallel() works too.
  if (setup_.workers > 1) {
    workers_ = std::make_unique<WorkPool>(setup_.workers - 1, no_attempts_);
    workers_->report_to(no_attempts_);
  }
  for (auto* lines : {&gaps.missing, &gaps.ungranted})
    for (std::string& line : *lines) line = shortened(printable(line));
  channel_.send(FrameKind::ready, 0, encode(ReadyMessage{std::move(gaps.missing), std::move(gaps.ungranted)}));
  return {};
}

Result<const Plugin*> ChildProcess::open_plugin(const std::string& file, const std::string& digest) {
  const std::lock_guard lock(registry_mutex_);
  wanted_file_ = file;
  wanted_digest_ = digest;
  auto plugin = registry_.load_file(file);
  if (!plugin) return plugin;
  if (auto started = registry_.start(**plugin); !started) return tl::unexpected(std::move(started).error());
  return plugin;
}

Result<void> ChildProcess::check_digest(const std::string& sha256) const {
  if (wanted_digest_.empty() || sha256 == wanted_digest_) return {};
  return failure(ErrorKind::refused, wanted_file_ + " has changed since the run began; start the run again");
}

void ChildProcess::serve() {
  while (const auto order = channel_.next_order()) {
    const auto call = order->kind == FrameKind::call ? decode<CallMessage>(order->payload) : std::nullopt;
    if (!call) _exit(kUsage);
    channel_.send(FrameKind::result, order->call, encode(run(order->call, *call)));
  }
  // The host needs this child no more and waits for a moment.
  set_default_scope(&no_call_);
  pools_->set().close();
  registry_.shut_down();
  std::fflush(nullptr);
}

ResultMessage ChildProcess::run(std::uint32_t number, const CallMessage& call) {
  ResultMessage result;
  const TaskType* type = plugin_->find_task_type(call.type);
  if (type == nullptr || type->run == nullptr || type->params.size() != call.values.size()) {
    result.status = GANGER_FAILED;
    result.why =
        fmt::format("{} has no such task type '{}' any more; start the run again", setup_.plugin_file, call.type);
    return result;
  }
  std::vector<const Values*> values;
  values.reserve(call.values.size());
  for (const Values& v : call.values) values.push_back(&v);
  const auto deadline = TimePoint(Duration(call.deadline_ns));

  tasks_.add(number, call.task);
  scope_.begin(number, call.secret_outputs);
  pools_->begin(number);
  stop_.begin(number);
  ctx_.begin({.scope = &scope_,
              .params = &type->params,
              .values = &values,
              .stop = stop_.source(),
              .deadline = deadline,
              .pools = &pools_->set(),
              .places = pools_.get(),
              .lender = workers_.get(),
              .label = number});
  result.status = guarded(
      [&] {
        try {
          const CallHandle handle(ctx_);
          return type->run(host_table(), handle.get(), type->user);
        } catch (const std::bad_alloc&) {
          return ctx_.fail(GANGER_NO_MEMORY, kNoMemory);
        }
      },
      result.why);
  if (result.why.empty()) result.why = ctx_.take_why();
  // Where the SDK has caught std::bad_alloc it says no more than that.
  if (result.status == GANGER_NO_MEMORY && (result.why.empty() || result.why == "out of memory"))
    result.why = kNoMemory;
  if (result.status == GANGER_OK) result.outputs = ctx_.take_outputs();
  stop_.end();
  ctx_.end();
  std::fflush(nullptr);
  result.why.resize(taken_in(result.why).size());
  const Ended left = end_left_processes();
  result.processes = static_cast<std::uint32_t>(left.running);
  result.unended = static_cast<std::uint32_t>(left.left);
  result.resident_bytes = memory_.bytes(clock_.now());
  return result;
}

/// A number in `text`, or 0.
pid_t process_id(std::string_view text) {
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

}  // namespace

int run_child(int argc, const char* const* argv) {
  const pid_t host = argc > 2 ? process_id(argv[2]) : 0;
  if (host == 0 || fcntl(kCallsFd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("ganger: this is started by ganger itself\n", stderr);
    return kUsage;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Descriptor host_fd(pidfd_open(host, 0));
  if (!host_fd.is_open() || getppid() != host) _exit(0);  // it was gone before that
  ignore_write_signals();
  host_now = host;
  std::signal(SIGHUP, take_hangup);
  adopt_orphans();
  setvbuf(stdout, nullptr, _IOLBF, 0);

  ChildChannel channel(kCallsFd);
  const auto order = channel.next_order();
  auto setup = order && order->kind == FrameKind::setup ? decode<SetupMessage>(order->payload) : std::nullopt;
  if (!setup) _exit(kUsage);
  ChildProcess child(channel, std::move(*setup), std::move(host_fd));
  if (auto opened = child.open(); opened) {
    child.serve();
  } else {
    const ganger_status status = opened.error().kind == ErrorKind::io ? GANGER_RETRY : GANGER_FAILED;
    channel.send(FrameKind::refused, 0,
                 encode(RefusedMessage{opened.error().kind == ErrorKind::refused, status,
                                       std::string(taken_in(opened.error().message))}));
  }
  // Static destructors of plugins may hang or crash, and nobody would learn anything from it.
  end_with_descendants();
}

}  // namespace ganger::host
