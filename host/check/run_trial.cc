// The child of trial.cc: runs one task once, does to it what was ordered, and looks at what it leaves behind.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "host/call/context.h"
#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/check/counted_services.h"
#include "host/check/process_state.h"
#include "host/check/trial.h"
#include "host/isolate/process/numbered_entries.h"
#include "host/isolate/process/process_tree.h"
#include "host/isolate/sandbox/lock_down.h"
#include "host/plan/check_tasks.h"
#include "host/plan/find_type.h"
#include "host/plan/make_plan.h"
#include "host/plan/one_task.h"
#include "host/plugin/registry.h"
#include "host/report/exit_code.h"
#include "host/report/say.h"
#include "host/run/run_dir.h"
#include "host/secrets.h"
#include "host/stop/signals.h"
#include "host/text.h"
#include "host/work/no_attempts.h"
#include "host/work/work_pool.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

using std::chrono::steady_clock;

void write_line(Json json) {
  mask_strings(json);
  const std::string text = json_text(json) + "\n";
  for (std::string_view left = text; !left.empty();) {
    const ssize_t n = write(kTrialAnswerFd, left.data(), left.size());
    if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    if (n <= 0 && errno != EINTR) return;
  }
}

/// Nobody listens; a work folder it has.
class TrialScope final : public CallScope {
 public:
  explicit TrialScope(fs::path work) : work_(std::move(work)) {}
  void log(int /*level*/, std::string_view /*line*/) override {}
  void progress(std::uint64_t /*done*/, std::uint64_t /*total*/, std::string_view /*what*/) override {}
  bool input(std::string_view /*task*/, std::string_view /*name*/, Value& /*out*/) override { return false; }
  void output_set(std::string_view /*name*/, const Value& value) override {
    if (value.type == GANGER_SECRET) secrets_of_process().add(value.text);
  }
  std::string work_dir() override {
    std::error_code problem;
    fs::create_directories(work_, problem);
    return problem ? std::string() : work_.string();
  }
  void lease_event(LeaseEvent /*event*/, const std::string& /*pool*/, std::uint64_t /*lease*/,
                   Duration /*waited*/) override {}

 private:
  const fs::path work_;
};

/// Adds the first few, one a finding, and how many more there are.
void add_first(const std::vector<std::string>& all, std::string_view what, std::vector<std::string>& findings) {
  constexpr std::size_t kFew = 10;
  for (std::size_t i = 0; i < std::min(all.size(), kFew); ++i)
    findings.push_back(fmt::format("{}: {}", what, all[i]));
  if (all.size() > kFew) findings.push_back(fmt::format("{}: and {} more", what, all.size() - kFew));
}

/// Counts the task's calls, and at one of them does what was ordered.
class Disturber final : public ServiceWatch {
 public:
  Disturber(Disturbance disturbance, std::uint64_t call, StopSource& stop)
      : disturbance_(disturbance), call_(call), stop_(stop) {}

  bool before(Service service, std::uint64_t number) noexcept override {
    counts_[static_cast<std::size_t>(service)].fetch_add(1, std::memory_order_relaxed);
    if (service == Service::acquire) note_acquire(number);
    const bool is_now = number == call_ && disturbance_ != Disturbance::none;
    return !is_now || disturbance_ == Disturbance::stop_after || !disturb(service);
  }
  void after(Service service, std::uint64_t number) noexcept override {
    if (number == call_ && disturbance_ == Disturbance::stop_after) disturb(service);
  }
  std::int64_t deadline_ns(std::int64_t of_context) noexcept override {
    const std::int64_t at = at_ns_;
    return disturbance_ == Disturbance::deadline && at != 0 ? at : of_context;
  }

  /// From the call on; nothing when that has not come.
  Duration since(steady_clock::time_point end) const {
    return at_ns_ == 0 ? Duration(0) : end.time_since_epoch() - Duration(at_ns_);
  }
  void put_into(Json& json) const {
    std::uint64_t calls = 0;
    json["counts"] = Json::object();
    for (std::size_t i = 0; i < counts_.size(); calls += counts_[i++])
      if (counts_[i] > 0) json["counts"][std::string(kServiceNames[i])] = counts_[i].load();
    json["calls"] = calls;
    json["acquires"] = acquires_;
  }

 private:
  static constexpr std::size_t kMostAcquires = 1000;

  void note_acquire(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    if (acquires_.size() < kMostAcquires) acquires_.push_back(number);
  }

  /// Is the call not to be served?
  bool disturb(Service service) {
    at_ns_ = std::chrono::nanoseconds(steady_clock::now().time_since_epoch()).count();
    write_line({{"disturbed", name_of(service)}});
    if (disturbance_ == Disturbance::no_resource) return service == Service::acquire;
    stop_.request(disturbance_ == Disturbance::deadline ? GANGER_STOP_DEADLINE : GANGER_STOP_USER);
    return false;
  }

  const Disturbance disturbance_;
  const std::uint64_t call_;
  StopSource& stop_;
  std::array<std::atomic<std::uint64_t>, kServiceNames.size()> counts_{};
  std::atomic<std::int64_t> at_ns_ = 0;
  std::mutex mutex_;
  std::vector<std::uint64_t> acquires_;  // guarded by mutex_
};

/// What each open descriptor leads to.
std::map<int, std::string> open_descriptors() {
  std::map<int, std::string> all;
  for_each_number_in("/proc/self/fd", [&](int fd) { all[fd]; });
  for (auto& [fd, target] : all) {
    std::error_code closed;  // the one through which they were read
    target = fs::read_symlink(fmt::format("/proc/self/fd/{}", fd), closed).string();
  }
  std::erase_if(all, [](const auto& one) { return one.second.empty(); });
  return all;
}

std::vector<std::string> files_below(const fs::path& folder, const std::set<std::string>& but_not = {}) {
  std::vector<std::string> all;
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = fs::relative(at->path(), folder, problem).string();
    if (at.depth() == 0 && but_not.contains(name)) {
      at.disable_recursion_pending();
      continue;
    }
    all.push_back(name);
  }
  std::ranges::sort(all);
  return all;
}

/// A thread that has been joined is still to be seen for a moment.
ProcessState state_once_settled(const ProcessState& before) {
  ProcessState now = ProcessState::now();
  const auto until = steady_clock::now() + std::chrono::milliseconds(300);
  while (!std::ranges::includes(before.threads, now.threads) && steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    now = ProcessState::now();
  }
  return now;
}

/// An order, as trial.cc has written it, carried out.
class TrialChild {
 public:
  explicit TrialChild(const Json& order)
      : type_(order.at("type").get<std::string>()),
        folder_(order.at("folder").get<std::string>()),
        disturbance_(static_cast<Disturbance>(order.at("disturbance").get<int>())),
        call_(order.at("call").get<std::uint64_t>()),
        threads_(order.at("threads").get<std::uint32_t>()),
        registry_(SearchPath(Environment::of_this_process(), folders_of(order), {}), counted_table(),
                  {.trusts_all = true}),  // who asks has looked
        arguments_(order.at("arguments").get<std::vector<std::string>>()) {
    for (const Json& pool : order.at("pools"))
      wanted_pools_.push_back({.name = pool.at("name").get<std::string>(),
                               .kind = pool.at("kind").get<std::string>(),
                               .arguments = pool.at("arguments").get<std::vector<std::string>>()});
  }

  /// What keeps the task from being run; where nothing does, the process ends with the task.
  std::string run() {
    std::string problems;
    for (const Error& error : plan()) problems += (problems.empty() ? "" : "\n") + error.message;
    return problems.empty() ? call_task() : problems;
  }

 private:
  static std::vector<fs::path> folders_of(const Json& order) {
    std::vector<fs::path> all;
    for (const Json& dir : order.at("plugin_dirs")) all.emplace_back(dir.get<std::string>());
    return all;
  }

  Errors plan() {
    const auto type = find_task_type(registry_, type_);
    if (!type) return {type.error()};
    JobReading reading;
    reading.job = one_task_job(type_, **type, arguments_);
    reading.job.tasks.front().isolate = Isolate::thread;  // it is in a child already
    for (const TrialPool& wanted : wanted_pools_) {
      PoolEntry pool;
      pool.name = wanted.name;
      pool.kind = wanted.kind;
      for (const std::string& argument : wanted.arguments) {
        const auto equals = argument.find('=');
        pool.with.push_back({argument.substr(0, equals), {argument.substr(equals + 1), {}}, {}});
      }
      reading.job.pools.push_back(std::move(pool));
    }
    Facts facts;
    facts.run_id = make_run_id();
    facts.run_dir = folder_;
    std::error_code gone;
    facts.current_dir = fs::current_path(gone);
    facts.env = [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
    auto planned = make_plan(reading, registry_, facts, {});
    if (!planned) return std::move(planned).error();
    planned_ = std::move(*planned);
    if (Errors errors = check_tasks(planned_, reading.job, registry_); !errors.empty()) return errors;
    for (const Plugin* plugin : planned_.plugins)
      if (auto started = registry_.start(*plugin); !started) return {started.error()};
    return {};
  }

  std::string call_task() {
    const TaskType& type = *planned_.plan.task(0).type;
    std::vector<const Values*> values;
    for (const BoundParam& bound : planned_.plan.binding(0)) values.push_back(&bound.values);
    SteadyClock clock;
    PoolSet pools(clock);
    for (const PlannedPool& p : planned_.pools)
      if (auto added = pools.add(*p.kind, p.settings, p.values); !added) return added.error().message;
    TrialScope scope(folder_ / "work");
    const auto stop = std::make_shared<StopSource>();
    Disturber disturber(disturbance_, call_, *stop);
    std::thread([] {}).join();  // with the first, ThreadSanitizer starts one of its own, which stays
    const ProcessState before = ProcessState::now();
    const auto descriptors = open_descriptors();

    NoAttempts none;
    std::optional<WorkPool> workers;
    if (threads_ > 1) workers.emplace(threads_ - 1, none).report_to(none);  // its caller helps

    write_line({{"started", true}});
    PluginCall ctx;
    const pid_t own = getpid();
    const auto start = steady_clock::now();
    ctx.begin({.scope = &scope,
               .params = &type.params,
               .values = &values,
               .stop = stop.get(),
               .deadline = start + std::chrono::hours(1),
               .pools = &pools,
               .lender = workers ? &*workers : nullptr});
    watch_services(&disturber);
    std::string why;
    const ganger_status status = guarded(
        [&] {
          const CallHandle handle(ctx);
          return type.run(counted_table(), handle.get(), type.user);
        },
        why);
    const auto end = steady_clock::now();
    watch_services(nullptr);
    if (getpid() != own) _exit(0);  // the task has forked, and this is the other one
    write_line({{"returned", true}});
    workers.reset();  // they are none that the task has left
    const bool has_thrown = !why.empty();
    if (why.empty()) why = ctx.take_why();

    Json answer{{"status", status}, {"why", why}};
    std::vector<std::string> findings;
    if (has_thrown) findings.push_back(why);
    if (const auto left = end_orphans([&](pid_t pid) { return before.children.contains(pid); }).running; left > 0)
      findings.push_back(fmt::format("left {} running", left == 1 ? "a process" : fmt::format("{} processes", left)));
    for (const std::string& change : changes(before, state_once_settled(before)))
      findings.push_back(change == "started a thread" ? "left a thread running" : change);
    if (const std::uint32_t leaked = ctx.end(); leaked > 0)
      findings.push_back(fmt::format("kept {} that it had borrowed", counted(leaked, "lease")));
    pools.close();
    look_for_descriptors(descriptors, findings);
    add_first(files_below(folder_ / "tmp"), "left a temporary file", findings);
    answer["findings"] = findings;
    answer["files"] = files_below(folder_, {"tmp", "work"});
    answer["took_ns"] = Duration(end - start).count();
    answer["ended_after_ns"] = disturber.since(end).count();
    disturber.put_into(answer);
    write_line(answer);
    _exit(0);  // a thread that the task has left may use what would be gone in a moment
  }

  static void look_for_descriptors(const std::map<int, std::string>& before, std::vector<std::string>& findings) {
    const auto now = open_descriptors();
    std::vector<std::string> left;
    for (const auto& [fd, target] : now)
      if (const auto known = before.find(fd); known == before.end() || known->second != target)
        left.push_back(shown(target));
    add_first(left, "left a descriptor open", findings);
    for (const auto& [fd, target] : before)
      if (fd <= kTrialAnswerFd && !now.contains(fd))
        findings.push_back(fmt::format("closed descriptor {}, which is not its own", fd));
  }

  /// Without the number that is another one each time: "socket:[1234]" -> "socket".
  static std::string shown(const std::string& target) { return target.substr(0, target.find(":[")); }

  const std::string type_;
  const fs::path folder_;
  const Disturbance disturbance_;
  const std::uint64_t call_;
  const std::uint32_t threads_;
  Registry registry_;
  const std::vector<std::string> arguments_;
  std::vector<TrialPool> wanted_pools_;
  PlannedJob planned_;
};

std::string whole_of(int fd) {
  std::string text;
  std::array<char, 4096> block;
  ssize_t n = 0;
  while ((n = pread(fd, block.data(), block.size(), static_cast<off_t>(text.size()))) > 0)
    text.append(block.data(), static_cast<std::size_t>(n));
  return text;
}

}  // namespace

int run_trial(int argc, const char* const* argv) {
  pid_t asker = 0;
  if (argc == 3) {
    const std::string_view text = argv[2];
    std::from_chars(text.data(), text.data() + text.size(), asker);
  }
  if (asker == 0 || asker != getppid() || fcntl(kTrialAnswerFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("ganger: this is started by ganger itself\n", stderr);
    return kExitUsage;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != asker) _exit(0);  // it has gone meanwhile
  ignore_write_signals();
  adopt_orphans();
  try {
    const Json order = Json::parse(whole_of(kTrialOrderFd));
    close(kTrialOrderFd);
    const fs::path folder = order.at("folder").get<std::string>();
    fs::create_directory(folder / "tmp");
    LockDown rules{.sandbox = {}, .writable = folder};
    rules.sandbox.network = false;
    static_cast<void>(lock_down(rules));
    write_line({{"problem", TrialChild(order).run()}});
  } catch (const std::exception& problem) {
    write_line({{"problem", problem.what()}});
  }
  // Its destructors may do what its task has not done.
  _exit(0);
}

}  // namespace ganger::host
