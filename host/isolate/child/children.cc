#include "host/isolate/child/children.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/isolate/child/child_call.h"
#include "host/isolate/sandbox/memory_size.h"
#include "host/plugin/types.h"

namespace ganger::host {

namespace {

using std::chrono::milliseconds;

constexpr Duration kLeaveTakesAtMost = milliseconds(500);

std::int64_t ns_or_none(const std::optional<Duration>& d) { return d ? d->count() : -1; }

void log_line(std::string_view line) {
  if (CallScope* scope = default_scope()) scope->log(GANGER_LOG_INFO, line);
}

}  // namespace

/// A call that is under way.
struct Children::Running {
  ChildCall* call = nullptr;  // null while its child is being started
  bool is_killed = false;
};

Children::Children(ChildrenSettings settings, Clock& clock)
    : settings_(std::move(settings)), usable_memory_(usable_memory()), clock_(clock) {
  adopt_orphans();
}

Children::~Children() {
  const TimePoint until = std::chrono::steady_clock::now() + kLeaveTakesAtMost;
  for (const auto& child : idle_) child->dismiss();
  for (const auto& child : idle_) child->see_off(until, log_line);
}

IsolatedEnd Children::run(const IsolatedCall& call) {
  if (std::string why = banned(*call.type.plugin); !why.empty())
    return {.status = GANGER_FAILED, .why = std::move(why)};
  Running running;
  {
    const std::lock_guard lock(mutex_);
    running_[call.attempt.task] = &running;
  }
  IsolatedEnd end = run_registered(call, running);
  if (end.has_crashed) count_crash(*call.type.plugin);
  call.attempt.stop->end_attempt();
  return end;
}

IsolatedEnd Children::run_registered(const IsolatedCall& call, Running& running) {
  // From then on nobody kills it. Has somebody?
  const auto forget = [&] {
    const std::lock_guard lock(mutex_);
    running_.erase(call.attempt.task);
    running.call = nullptr;
    return running.is_killed;
  };
  auto child = take(call);
  if (!child) {
    forget();
    return {.status = GANGER_RETRY, .why = child.error().message};
  }
  ChildCall child_call(
      **child, call,
      {.grace = settings_.grace, .kill_delay = settings_.kill_delay, .start_limit = settings_.start_limit});
  {
    const std::lock_guard lock(mutex_);
    running.call = &child_call;
    if (running.is_killed) child_call.kill();
  }
  IsolatedEnd end = child_call.run();
  const bool was_killed = forget();
  if (child_call.was_plugin_refused()) have_refused_plugin_ = true;
  if (child_call.left_child_fit() && !was_killed) keep(std::move(*child), child_call.resident_bytes());
  return end;
}

void Children::kill(TaskIndex task) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(task);
  if (found == running_.end()) return;
  found->second->is_killed = true;
  // A look through /proc takes its time; the thread of the call has it.
  if (found->second->call != nullptr) found->second->call->kill();
}

/// A warm one that has the same plugin and sandbox, or a new one.
Result<std::unique_ptr<Child>> Children::take(const IsolatedCall& call) {
  for (;;) {
    std::unique_ptr<Child> child;
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::ranges::find_if(
          idle_, [&](const auto& c) { return c->plugin() == call.type.plugin && c->sandbox() == call.sandbox; });
      if (found == idle_.end()) break;
      child = std::move(*found);
      idle_.erase(found);
    }
    if (!child->is_gone()) return child;
  }
  return start(call);
}

Result<std::unique_ptr<Child>> Children::start(const IsolatedCall& call) {
  const auto digest_of = [this](const Plugin& plugin) {
    return settings_.digest ? settings_.digest(plugin) : std::string();
  };
  const Plugin& plugin = *call.type.plugin;
  ChildStart how{.program = settings_.program,
                 .environment = child_environment(settings_.writable),
                 .plugin = &plugin,
                 .sandbox = call.sandbox,
                 .setup = {},
                 .secrets = *settings_.secrets};
  how.setup = {.plugin_file = plugin.file.string(),
               .digest = digest_of(plugin),
               .pools = {},
               .sandbox = call.sandbox,
               .writable = settings_.writable.string(),
               .workers = settings_.workers,
               .log_level = settings_.log_level,
               .wants_progress = settings_.wants_progress};
  // The files of plugins are read in the child, whatever its task may read.
  how.setup.sandbox.read.push_back(plugin.file);
  for (const auto& p : call.pools.all()) {
    const PoolSettings& s = p->pool->settings();
    how.setup.pools.push_back({.name = s.name,
                               .interface = p->kind->interface,
                               .kind = p->kind->name,
                               .plugin_file = p->kind->plugin->file.string(),
                               .digest = digest_of(*p->kind->plugin),
                               .size = s.size,
                               .has_limit = s.limit > 0,
                               .idle_timeout_ns = ns_or_none(s.idle_timeout),
                               .max_lifetime_ns = ns_or_none(s.max_lifetime),
                               .values = p->values});
    how.setup.sandbox.read.push_back(p->kind->plugin->file);
  }
  return Child::start(spawner_, std::move(how));
}

/// For later calls, unless it has had its share of them.
void Children::keep(std::unique_ptr<Child> child, std::uint64_t resident_bytes) {
  const std::uint64_t memory =
      child->sandbox().memory_bytes != 0 ? child->sandbox().memory_bytes : usable_memory_ / 2;
  const bool is_worn = child->calls_made() >= settings_.calls_per_child ||
                       resident_bytes > std::min(settings_.most_resident_bytes, memory / 2);
  if (!is_worn) {
    const std::lock_guard lock(mutex_);
    idle_.push_front(std::move(child));
    // Of many sandboxes only the last ones stay warm.
    if (idle_.size() <= settings_.workers + 2) return;
    child = std::move(idle_.back());
    idle_.pop_back();
  }
  child->dismiss();
  child->see_off(std::chrono::steady_clock::now() + kLeaveTakesAtMost, log_line);
}

std::string Children::banned(const Plugin& plugin) {
  const std::lock_guard lock(mutex_);
  const auto found = crashes_.find(&plugin);
  if (found == crashes_.end() || found->second.size() < kMostCrashes) return {};
  return fmt::format("plugin '{}' has crashed {} times within {} s and is not started again in this run", plugin.id,
                     kMostCrashes, std::chrono::duration_cast<std::chrono::seconds>(kCrashWindow).count());
}

/// Those that are too long ago are forgotten, until there are enough of them.
void Children::count_crash(const Plugin& plugin) {
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::vector<TimePoint>& times = crashes_[&plugin];
  if (times.size() >= kMostCrashes) return;
  std::erase_if(times, [&](TimePoint t) { return now - t > kCrashWindow; });
  times.push_back(now);
}

}  // namespace ganger::host
