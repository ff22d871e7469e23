#include "host/run/task_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "host/call/services.h"
#include "host/plan/convert.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr Duration kProgressPause = std::chrono::milliseconds(100);

}  // namespace

/// One call, as the services see the run around it.
class TaskScope final : public CallScope {
 public:
  TaskScope(TaskCall& call, const Attempt& attempt, PluginCall& ctx, bool has_borrowed = false)
      : call_(call), attempt_(attempt), ctx_(ctx), has_borrowed_(has_borrowed) {}
  ~TaskScope() override {
    if (has_borrowed_.load(std::memory_order_relaxed)) call_.erase_borrower(attempt_.task, ctx_.owner());
  }

  void log(int level, std::string_view line) override {
    if (!events().wants_log(level) || attempt_.stop->is_abandoned()) return;
    Event e = event(EventKind::task_log);
    e.level = static_cast<std::int8_t>(std::clamp<int>(level, GANGER_LOG_TRACE, GANGER_LOG_ERROR));
    e.text = call_.fit_to_show(line);
    events().push(std::move(e));
  }

  void progress(std::uint64_t done, std::uint64_t total, std::string_view what) override {
    if (!events().wants(EventKind::task_progress) || attempt_.stop->is_abandoned()) return;
    const std::int64_t now = call_.parts_.clock.now().time_since_epoch().count();
    std::int64_t last = last_progress_.load(std::memory_order_relaxed);
    const bool is_last = total > 0 && done >= total;
    if (!is_last && now - last < kProgressPause.count()) return;
    if (!last_progress_.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
    Event e = event(EventKind::task_progress);
    e.done = done;
    e.total = total;
    e.text = call_.fit_to_show(what);
    events().push(std::move(e));
  }

  bool input(std::string_view task, std::string_view name, Value& out) override {
    const auto from = call_.find(task);
    if (!from || !call_.comes_after(attempt_.task, *from) || !call_.is_done(*from)) return false;
    auto value = call_.parts_.outputs.find(*from, name);
    if (!value) return false;
    out = std::move(*value);
    return true;
  }

  void output_set(std::string_view name, const Value& value) override {
    call_.learn_secret(attempt_.task, name, value);
  }

  std::string work_dir() override {
    auto dir = call_.parts_.dir.create_for(call_.parts_.plan.name(attempt_.task));
    if (dir) return dir->string();
    log(GANGER_LOG_ERROR, dir.error().message);
    return {};
  }

  void lease_event(LeaseEvent what, const std::string& pool, std::uint64_t lease, Duration waited) override {
    if (what == LeaseEvent::acquired && !has_borrowed_.exchange(true, std::memory_order_relaxed))
      call_.set_borrower(attempt_.task, ctx_.owner());
    if (what == LeaseEvent::leaked)
      log(GANGER_LOG_WARN,
          fmt::format("ended with a lease of pool '{}' still out; it was taken back: a bug of the plugin", pool));
    const EventKind kind = what == LeaseEvent::acquired   ? EventKind::lease_acquired
                           : what == LeaseEvent::released ? EventKind::lease_released
                                                          : EventKind::lease_leaked;
    if (!events().wants(kind)) return;
    Event e = event(kind);
    e.pool = pool;
    e.lease = lease;
    if (what == LeaseEvent::acquired) e.wait = waited;
    events().push(std::move(e));
  }

 private:
  EventSink& events() { return call_.parts_.events; }
  Event event(EventKind kind) const {
    Event e{.kind = kind, .worker = attempt_.worker, .task = attempt_.task};
    e.attempt = attempt_.number;
    return e;
  }

  TaskCall& call_;
  const Attempt& attempt_;
  PluginCall& ctx_;
  std::atomic<std::int64_t> last_progress_{0};
  std::atomic<bool> has_borrowed_;
};

Finished TaskCall::run(const Attempt& attempt) {
  if (parts_.events.wants(EventKind::task_started)) {
    Event e{.kind = EventKind::task_started, .worker = attempt.worker, .task = attempt.task};
    e.attempt = attempt.number;
    parts_.events.push(std::move(e));
  }
  thread_local PluginCall ctx;
  Finished finished{.task = attempt.task, .number = attempt.number, .worker = attempt.worker};
  run_type(attempt, ctx, finished);
  if (!finished.why.empty()) finished.why = fit_to_show(finished.why);  // it is kept and shown later, too
  attempt.stop->end_attempt();  // whichever way it went: what came late must not reach the next attempt
  finished.ended = parts_.clock.now();
  return finished;
}

void TaskCall::run_type(const Attempt& attempt, PluginCall& ctx, Finished& finished) {
  Call call{.attempt = attempt, .ctx = ctx, .finished = finished};
  if (parts_.plan.task(attempt.task).type->params.empty()) return make(call);
  std::vector<Values> deferred;
  if (resolve(attempt, call.values, deferred, finished)) make(call);
}

void TaskCall::make(Call& call) {
  const PlannedTask& task = parts_.plan.task(call.attempt.task);
  Finished& finished = call.finished;
  if (task.places != 0 && !keep_places(call)) return;

  parts_.journal.started(call.attempt.task);
  if (task.is_isolated)
    make_in_child(call);
  else
    make_here(call);
  if (finished.status == GANGER_OK) {
    finished.why.clear();
    // A second attempt that sets nothing still replaces what a first one set that was late.
    if (!call.set.empty() || call.attempt.number > 1) keep_outputs(call.attempt, std::move(call.set), finished);
  } else if (finished.status < 0 || finished.status > GANGER_BUG) {
    // One of a newer minor comes with a reason, which says more.
    if (finished.why.empty()) finished.why = fmt::format("returned status {}, which is none", finished.status);
    finished.status = GANGER_BUG;
  }
}

/// What may be seen of a text that a plugin had a part in.
std::string TaskCall::fit_to_show(std::string_view text) const {
  return shortened(parts_.secrets.masked(std::string(taken_in(text))));
}

/// Waits for all places the task needs, before it has anything that others could wait for.
bool TaskCall::keep_places(Call& call) {
  const Attempt& attempt = call.attempt;
  const bool is_isolated = parts_.plan.task(attempt.task).is_isolated;
  call.owner = make_owner_id();
  set_borrower(attempt.task, call.owner);  // a call of a provider may hang, with some of the places kept
  const Acquired kept =
      parts_.pools.keep(call.owner, parts_.plan.places(attempt.task), *attempt.stop, attempt.deadline, is_isolated);
  // From here on the isolated call itself gives back what it has.
  if (kept.end != AcquireEnd::ok || is_isolated) erase_borrower(attempt.task, call.owner);
  if (kept.end == AcquireEnd::ok) return true;
  call.finished.status = status_of(kept.end, attempt.stop->reason() != GANGER_RUNNING);
  if (kept.error) call.finished.why = kept.error->message;
  return false;
}

void TaskCall::make_here(Call& call) {
  const Attempt& attempt = call.attempt;
  PluginCall& ctx = call.ctx;
  Finished& finished = call.finished;
  const TaskType& type = *parts_.plan.task(attempt.task).type;
  TaskScope scope(*this, attempt, ctx, call.owner != 0);
  ctx.begin({.scope = &scope,
             .params = &type.params,
             .values = &call.values,
             .stop = attempt.stop,
             .deadline = attempt.deadline,
             .pools = &parts_.pools,
             .lender = parts_.lender,
             .owner = call.owner,
             .label = attempt.task});
  if (parts_.note_task != nullptr)
    parts_.note_task(parts_.plan.name(attempt.task).data(), type.plugin == nullptr ? "" : type.plugin->id.c_str());
  finished.status = guarded(
      [&] {
        const CallHandle handle(ctx);
        return type.run(host_table(), handle.get(), type.user);
      },
      finished.why);
  if (parts_.note_task != nullptr) parts_.note_task(nullptr, nullptr);
  if (ctx.is_touched()) {
    if (finished.why.empty()) finished.why = ctx.take_why();
    call.set = ctx.take_outputs();
  }
  ctx.end();
}

void TaskCall::make_in_child(Call& call) {
  const Attempt& attempt = call.attempt;
  TaskScope scope(*this, attempt, call.ctx);
  const std::string_view name = parts_.plan.name(attempt.task);
  std::vector<std::string> secret_outputs;
  for (auto at = parts_.secret_outputs.lower_bound({std::string(name), {}});
       at != parts_.secret_outputs.end() && at->task == name; ++at)
    if (is_name(at->output)) secret_outputs.push_back(at->output);  // else no task can set it
  IsolatedEnd end = parts_.isolation->run({.attempt = attempt,
                                           .task = name,
                                           .type = *parts_.plan.task(attempt.task).type,
                                           .values = call.values,
                                           .secret_outputs = secret_outputs,
                                           .sandbox = parts_.plan.sandbox(attempt.task),
                                           .scope = scope,
                                           .pools = parts_.pools,
                                           .owner = call.owner});
  if (call.owner != 0) parts_.pools.take_back(call.owner);  // also where there was no child to give them to
  call.finished.status = end.status;
  call.finished.why = std::move(end.why);
  call.finished.has_crashed = end.has_crashed;
  call.finished.is_in_doubt = end.is_in_doubt;
  call.set = std::move(end.outputs);
}

/// They are durable before the task counts as done: what comes after it may be started by another process.
void TaskCall::keep_outputs(const Attempt& attempt, Outputs set, Finished& finished) {
  if (attempt.stop->is_abandoned()) return;
  if (auto kept = record_outputs(attempt.task, set); !kept) {
    finished.status = GANGER_FAILED;
    finished.why = "its outputs could not be recorded: " + kept.error().message;
    return;
  }
  parts_.outputs.set(attempt.task, std::move(set));
}

/// Is this output one, by its type or since a secret parameter is made of it? Then it is masked from now on.
bool TaskCall::learn_secret(TaskIndex task, std::string_view name, const Value& value) {
  const bool is_secret = value.type == GANGER_SECRET ||
                         (!parts_.secret_outputs.empty() &&
                          parts_.secret_outputs.contains({std::string(parts_.plan.name(task)), std::string(name)}));
  if (is_secret) parts_.secrets.add(value.is_text() ? value.text : shown(value));
  return is_secret;
}

/// Those that come after get the values as they are; of secrets is recorded only where they were.
Result<void> TaskCall::record_outputs(TaskIndex task, const Outputs& set) {
  const auto is_plain = [](const auto& output) {
    return output.second.type != GANGER_SECRET &&
           !(output.second.is_text() && Secrets::looks_sealed(output.second.text));
  };
  if (!parts_.secrets.any() && parts_.secret_outputs.empty() && std::ranges::all_of(set, is_plain))
    return parts_.journal.keep_outputs(task, set);
  Outputs recorded = set;
  for (auto& [name, value] : recorded) {
    const bool is_secret = learn_secret(task, name, value);
    auto sealed = value.is_text() && !is_secret ? parts_.secrets.sealed(value.text) : std::nullopt;
    if (sealed)
      value.text = *std::move(sealed);
    else if (is_secret || value.is_text())
      value = Value::of_text({}, GANGER_SECRET);
  }
  return parts_.journal.keep_outputs(task, recorded);
}

void TaskCall::set_borrower(TaskIndex task, OwnerId owner) {
  const std::lock_guard lock(mutex_);
  borrowers_[task] = owner;
}

/// No change where it is another one's turn.
void TaskCall::erase_borrower(TaskIndex task, OwnerId owner) {
  const std::lock_guard lock(mutex_);
  if (const auto b = borrowers_.find(task); b != borrowers_.end() && b->second == owner) borrowers_.erase(b);
}

void TaskCall::given_up(TaskIndex task) {
  if (parts_.plan.task(task).is_isolated) parts_.isolation->kill(task);
  OwnerId owner = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const auto b = borrowers_.find(task); b != borrowers_.end()) owner = b->second;
  }
  if (owner != 0) parts_.pools.abandon(owner);
}

bool TaskCall::resolve(const Attempt& attempt, std::vector<const Values*>& values, std::vector<Values>& deferred,
                       Finished& finished) {
  const Binding& binding = parts_.plan.binding(attempt.task);
  const auto& params = parts_.plan.task(attempt.task).type->params;
  values.reserve(params.size());
  deferred.reserve(params.size());  // pointers into it are kept
  for (std::size_t p = 0; p < params.size(); ++p) {
    const BoundParam& bound = binding[p];
    if (bound.deferred.empty()) {
      values.push_back(&bound.values);
      continue;
    }
    deferred.push_back(bound.values);
    for (std::size_t i = 0; i < bound.deferred.size(); ++i) {
      std::string why;
      if (!bound.deferred[i] || (fill_in(*bound.deferred[i], params[p].type, deferred.back()[i], why) &&
                                 is_choice(params[p], deferred.back()[i], why)))
        continue;
      finished.status = GANGER_BAD_PARAM;
      finished.why = fmt::format("parameter '{}': {}", params[p].name, why);
      return false;
    }
    if (params[p].type == GANGER_SECRET)
      for (const Value& v : deferred.back()) parts_.secrets.add(v.text);
    values.push_back(&deferred.back());
  }
  return true;
}

bool TaskCall::fill_in(const Template& text, std::uint32_t type, Value& out, std::string& why) const {
  std::string all;
  for (const auto& piece : text.pieces) {
    const auto* reference = std::get_if<Reference>(&piece);
    if (reference == nullptr) {
      all += std::get<std::string>(piece);
      continue;
    }
    const auto from = find(reference->name);
    const auto value = from ? parts_.outputs.find(*from, reference->output) : std::nullopt;
    const bool has_ended_well = from && is_done(*from);
    if (!value || !has_ended_well) {
      std::string has;
      if (has_ended_well)
        for (const auto& [name, ignored] : parts_.outputs.of(*from)) has += (has.empty() ? "" : ", ") + name;
      why = has_ended_well
                ? fmt::format("task '{}' has set no output '{}'; it has set: {}", reference->name, reference->output,
                              has.empty() ? "nothing" : has)
                : fmt::format("task '{}' is not done, so there is no '{}' of it", reference->name, reference->output);
      return false;
    }
    if (text.single_reference() != nullptr) return convert(*value, type, out, why);
    all += value->is_text() ? value->text : shown(*value);
  }
  return convert(Value::of_text(std::move(all)), type, out, why);
}

std::optional<TaskIndex> TaskCall::find(std::string_view name) const {
  std::call_once(is_indexed_, [&] {
    for (TaskIndex i = 0; i < parts_.plan.size(); ++i) by_name_.emplace(parts_.plan.name(i), i);
  });
  const auto known = by_name_.find(name);
  return known == by_name_.end() ? std::nullopt : std::optional(known->second);
}

/// What an attempt has set that said OK but was late, or was given up, is in the store and is nobody's to see.
bool TaskCall::is_done(TaskIndex task) const { return !parts_.state_of || is_ok(parts_.state_of(task)); }

bool TaskCall::comes_after(TaskIndex task, TaskIndex before) const {
  // Forwards from `before`; most ask for a task they come directly after.
  const Graph& graph = parts_.plan.graph();
  if (std::ranges::binary_search(graph.successors(before), task)) return true;
  std::vector<bool> is_seen(graph.size(), false);
  std::vector<TaskIndex> to_see{before};
  while (!to_see.empty()) {
    const TaskIndex at = to_see.back();
    to_see.pop_back();
    for (const TaskIndex s : graph.successors(at)) {
      if (s == task) return true;
      if (!is_seen[s]) to_see.push_back(s);
      is_seen[s] = true;
    }
  }
  return false;
}

}  // namespace ganger::host
