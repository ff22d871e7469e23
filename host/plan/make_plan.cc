#include "host/plan/make_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "host/job/suggest.h"
#include "host/plan/find_type.h"

namespace ganger::host {

namespace {

/// The keys of `[task.sandbox]`, read as a type's parameters are: with `${...}`, suggestions and all.
enum SandboxParam : std::size_t { kRead, kWrite, kNetwork, kMemory };
const std::vector<Param> kSandboxParams = [] {
  const auto param = [](const char* name, std::uint32_t type, std::uint32_t flags, Values defaults) {
    Param p;
    p.name = name;
    p.type = type;
    p.flags = flags;
    p.default_values = std::move(defaults);
    p.has_default = true;
    return p;
  };
  return std::vector<Param>{param("read", GANGER_PATH, GANGER_PARAM_LIST, {}),
                            param("write", GANGER_PATH, GANGER_PARAM_LIST, {}),
                            param("network", GANGER_BOOL, 0, {Value::of_bool(true)}),
                            param("memory", GANGER_SIZE, 0, {Value::of_integer(0, GANGER_SIZE)})};
}();

class Planner {
 public:
  Planner(const JobReading& reading, Registry& registry, const Facts& facts, const PlanWishes& wishes)
      : job_(reading.job), registry_(registry), facts_(facts), wishes_(wishes), errors_(reading.errors) {}

  tl::expected<PlannedJob, Errors> make();

 private:
  // What is known of a task before it is put into the plan.
  struct Draft {
    const TaskType* type = nullptr;
    Binding binding;
    Binding sandbox;  // of kSandboxParams; empty without one
    std::vector<TaskIndex> before;
    std::vector<PoolPlaces> places;
    bool is_wanted = true;
  };

  void plan_pools(Binder& binder);
  std::optional<TaskIndex> find_task(std::string_view name);
  void draft_task(TaskIndex i, Binder& binder);
  const TaskType* task_type(const TaskEntry& entry);
  void check_needs(const TaskEntry& entry, Draft& draft);
  void add_places(const PlannedPool& pool, const Need& need, Draft& draft) const;
  bool wants_child(const TaskEntry& entry) const;
  bool is_isolated(const TaskEntry& entry, const TaskType& type) const;
  Sandbox sandbox(const Draft& draft) const;
  void check_cycle();
  void keep_only();
  void put_together();
  void add_plugin(const Plugin* plugin);
  void add(Error error, Where where) {
    error.where = std::move(where);
    errors_.push_back(std::move(error));
  }

  const Job& job_;
  Registry& registry_;
  const Facts& facts_;
  const PlanWishes& wishes_;
  Errors errors_;
  PlannedJob planned_;
  std::vector<Draft> drafts_;
  std::unordered_map<std::string_view, TaskIndex> index_;        // by name; empty until one is looked for
  std::unordered_map<std::string_view, const TaskType*> types_;  // by `uses`; null = reported already
};

tl::expected<PlannedJob, Errors> Planner::make() {
  // A file that could not be read at all has nothing to go on with.
  const bool is_hopeless = std::ranges::any_of(
      errors_, [](const Error& e) { return e.kind == ErrorKind::not_found || e.kind == ErrorKind::io; });
  if (is_hopeless) return tl::unexpected(std::move(errors_));

  Binder binder(job_, facts_, errors_);
  plan_pools(binder);
  drafts_.resize(job_.tasks.size());
  for (TaskIndex i = 0; i < job_.tasks.size(); ++i) draft_task(i, binder);
  keep_only();
  check_cycle();
  if (!errors_.empty()) {
    sort_by_place(errors_);
    return tl::unexpected(std::move(errors_));
  }
  put_together();
  if (!errors_.empty()) return tl::unexpected(std::move(errors_));
  planned_.secret_params = binder.secret_params();
  planned_.secret_outputs = binder.secret_outputs();
  planned_.uses_run_dir = binder.uses_run_dir();
  return std::move(planned_);
}

void Planner::plan_pools(Binder& binder) {
  // Where only children borrow, no resource is opened here, nor is the plugin that opens them.
  const bool are_in_children = std::ranges::all_of(job_.tasks, [this](const TaskEntry& t) { return wants_child(t); });
  for (const PoolEntry& entry : job_.pools) {
    if (entry.kind.empty()) continue;
    auto kind = find_pool_kind(registry_, entry.kind, are_in_children ? Load::describe : Load::open);
    if (!kind) {
      add(std::move(kind).error(), job_.where(entry.kind_where));
      continue;
    }
    if (((*kind)->flags & GANGER_POOL_THREAD_BOUND) != 0) {
      add({ErrorKind::bad_job,
           fmt::format("{} wants each of its handles to stay on one thread, which this version cannot promise",
                       entry.kind),
           {}},
          job_.where(entry.kind_where));
      continue;
    }
    PlannedPool pool;
    pool.kind = *kind;
    pool.settings = {.name = entry.name,
                     .size = entry.size,
                     .limit = entry.limit,
                     .wait = entry.wait,
                     .idle_timeout = entry.idle_timeout,
                     .max_lifetime = entry.max_lifetime};
    for (BoundParam& b : binder.bind((*kind)->params, entry.with, entry.kind, job_.where(entry.where), nullptr))
      pool.values.push_back(std::move(b.values));
    add_plugin((*kind)->plugin);
    planned_.pools.push_back(std::move(pool));
  }
}

const TaskType* Planner::task_type(const TaskEntry& entry) {
  if (entry.uses.empty()) return nullptr;
  const Load load = wants_child(entry) ? Load::describe : Load::open;
  // A type of which only the description is known is no use to a task that runs here.
  if (const auto known = types_.find(entry.uses);
      known != types_.end() && (known->second == nullptr || load == Load::describe || known->second->run != nullptr))
    return known->second;
  const auto found = find_task_type(registry_, entry.uses, load);
  if (!found) add(found.error(), job_.where(entry.uses_where));
  const TaskType* type = found ? *found : nullptr;
  types_.insert_or_assign(entry.uses, type);
  return type;
}

std::optional<TaskIndex> Planner::find_task(std::string_view name) {
  if (index_.empty()) {
    index_.reserve(job_.tasks.size());
    for (TaskIndex i = 0; i < job_.tasks.size(); ++i) index_.emplace(job_.tasks[i].name, i);
  }
  const auto at = index_.find(name);
  return at == index_.end() ? std::nullopt : std::optional(at->second);
}

void Planner::draft_task(TaskIndex i, Binder& binder) {
  const TaskEntry& entry = job_.tasks[i];
  Draft& draft = drafts_[i];
  for (const NameAt& before : entry.after)
    if (const auto at = find_task(before.name)) draft.before.push_back(*at);
  draft.type = task_type(entry);
  if (entry.sandbox != nullptr) {
    draft.sandbox = binder.bind(kSandboxParams, *entry.sandbox, "the sandbox", job_.where(entry.where), nullptr);
    if (entry.isolate == Isolate::thread && !wishes_.isolates_all)
      add({ErrorKind::bad_job, "a task with a sandbox runs in a child process; take out isolate = \"thread\"", {}},
          job_.where(entry.where));
  }
  if (draft.type == nullptr) return;
  if (draft.type->params.empty() && entry.with.empty()) return check_needs(entry, draft);

  std::vector<NameAt> outputs_of;
  draft.binding = binder.bind(draft.type->params, entry.with, entry.uses, job_.where(entry.where), &outputs_of);
  // One that refers to itself has been reported, and would be a cycle too.
  for (const NameAt& from : outputs_of)
    if (const auto at = find_task(from.name); at && *at != i) draft.before.push_back(*at);
  check_needs(entry, draft);
}

void Planner::check_needs(const TaskEntry& entry, Draft& draft) {
  for (const Need& need : draft.type->needs) {
    std::string name;
    Where where = job_.where(entry.where);
    if (!need.param.empty()) {
      const auto p = draft.type->find_param(need.param);
      if (!p || *p >= draft.binding.size()) continue;
      const BoundParam& bound = draft.binding[*p];
      if (bound.values.empty() || !bound.deferred.empty()) continue;  // wrong and reported, or known later
      name = bound.values.front().text;
      if (name.empty() && !draft.type->params[*p].is_required()) continue;  // does without
      if (bound.where.line != 0) where = bound.where;
    }
    std::vector<std::string_view> offering;
    const PoolEntry* named = nullptr;
    const PlannedPool* meant = nullptr;
    for (const PoolEntry& pool : job_.pools) {
      if (pool.name == name) named = &pool;
      const auto planned =
          std::ranges::find_if(planned_.pools, [&](const auto& p) { return p.settings.name == pool.name; });
      if (planned == planned_.pools.end()) {
        if (named == &pool) return;  // its kind is wrong, and that has been reported
        continue;
      }
      if (planned->kind->interface == need.interface) {
        offering.push_back(pool.name);
        const bool is_meant = named == &pool || name.empty();
        if (is_meant) meant = &*planned;
        if (is_meant && (planned->kind->flags & GANGER_POOL_HOST_ONLY) != 0 && is_isolated(entry, *draft.type))
          return add(
              {ErrorKind::bad_job,
               fmt::format("pool '{}' cannot be used in a child process: {} says so; run this task with isolate = "
                           "\"thread\"",
                           pool.name, planned->kind->id),
               {}},
              job_.where(entry.where));
      }
      if (planned->kind->interface != need.interface && named == &pool)
        return add({ErrorKind::bad_job,
                    fmt::format("pool '{}' offers {}, but {} needs {}", name, planned->kind->interface, entry.uses,
                                need.interface),
                    {}},
                   where);
    }
    const std::string there = offering.empty() ? "; this job has no pool that offers it"
                                               : fmt::format("; there are: {}", fmt::join(offering, ", "));
    if (!name.empty() && named == nullptr)
      add({ErrorKind::bad_job,
           fmt::format("there is no pool '{}'{}: {} needs one that offers {}{}", name, did_you_mean(name, offering),
                       entry.uses, need.interface, there),
           {}},
          where);
    else if (name.empty() && offering.size() != 1)
      add({ErrorKind::bad_job,
           fmt::format("{} needs a pool that offers {}{}", entry.uses, need.interface, there),
           {}},
          where);
    else if (meant != nullptr)
      add_places(*meant, need, draft);
  }
}

/// Not more than there are: a task may well borrow them one after the other.
void Planner::add_places(const PlannedPool& pool, const Need& need, Draft& draft) const {
  const std::uint32_t limit = pool.settings.limit;
  if (limit == 0) return;
  const auto index = static_cast<std::uint32_t>(&pool - planned_.pools.data());
  const auto at = std::ranges::lower_bound(draft.places, index, {}, &PoolPlaces::pool);
  const bool is_there = at != draft.places.end() && at->pool == index;
  PoolPlaces& all = is_there ? *at : *draft.places.insert(at, {.pool = index, .places = 0});
  all.places = std::min(limit, all.places + std::min(limit, std::max(need.count, 1U)));
}

bool Planner::wants_child(const TaskEntry& entry) const {
  return wishes_.isolates_all || entry.isolate == Isolate::process || entry.sandbox != nullptr;
}

bool Planner::is_isolated(const TaskEntry& entry, const TaskType& type) const {
  return wants_child(entry) || (entry.isolate == Isolate::by_type && (type.flags & GANGER_TASK_ISOLATE) != 0);
}

Sandbox Planner::sandbox(const Draft& draft) const {
  Sandbox s;
  const auto paths = [](const BoundParam& bound, std::vector<std::filesystem::path>& out) {
    for (const Value& v : bound.values) out.emplace_back(v.text);
  };
  if (!draft.sandbox.empty()) {
    s.reads_all = draft.sandbox[kRead].where.line == 0;
    paths(draft.sandbox[kRead], s.read);
    paths(draft.sandbox[kWrite], s.write);
    s.network = draft.sandbox[kNetwork].values.front().i != 0;
    s.memory_bytes = static_cast<std::uint64_t>(draft.sandbox[kMemory].values.front().i);
  }
  // The job has named the file of a pool, so a task that borrows of it may write there. A database wants to write
  // beside its file too.
  if (draft.type->needs.empty()) return s;
  for (const PlannedPool& pool : planned_.pools)
    for (const Values& values : pool.values)
      for (const Value& v : values)
        if (v.type == GANGER_PATH && !v.text.empty()) {
          const std::filesystem::path path(v.text);
          s.write.push_back(path.parent_path() == path.root_path() ? path : path.parent_path());
        }
  return s;
}

void Planner::check_cycle() {
  std::vector<Graph::Edge> edges;
  for (TaskIndex i = 0; i < drafts_.size(); ++i)
    for (const TaskIndex before : drafts_[i].before) edges.emplace_back(before, i);
  const auto cycle = Graph(static_cast<std::uint32_t>(drafts_.size()), std::move(edges)).find_cycle();
  if (cycle.empty()) return;
  std::string path;
  for (const TaskIndex i : cycle) path += job_.tasks[i].name + " -> ";
  path += job_.tasks[cycle.front()].name;
  add({ErrorKind::bad_job, fmt::format("cycle: {}: each of them would have to wait for itself", path), {}},
      job_.where(job_.tasks[cycle.front()].where));
}

void Planner::keep_only() {
  if (wishes_.only.empty()) return;
  for (Draft& d : drafts_) d.is_wanted = false;
  std::vector<TaskIndex> to_keep;
  for (const std::string& name : wishes_.only) {
    if (const auto at = find_task(name)) {
      to_keep.push_back(*at);
      continue;
    }
    std::vector<std::string_view> names;
    for (const TaskEntry& t : job_.tasks) names.push_back(t.name);
    add({ErrorKind::bad_job,
         fmt::format("--only {}: this job has no task of that name{}", name, did_you_mean_one_of(name, names)),
         {}},
        {});
  }
  while (!to_keep.empty()) {
    Draft& d = drafts_[to_keep.back()];
    to_keep.pop_back();
    if (std::exchange(d.is_wanted, true)) continue;
    to_keep.insert(to_keep.end(), d.before.begin(), d.before.end());
  }
}

void Planner::put_together() {
  PlanBuilder builder;
  std::vector<TaskIndex> placed(drafts_.size(), kNoTask);
  for (TaskIndex i = 0; i < drafts_.size(); ++i) {
    Draft& d = drafts_[i];
    if (!d.is_wanted) continue;
    const TaskEntry& entry = job_.tasks[i];
    PlannedTask task;
    task.type = d.type;
    task.when = entry.when;
    task.is_heavy = entry.heavy.value_or(d.type->is_heavy());
    task.is_isolated = is_isolated(entry, *d.type);
    if (task.is_isolated) {
      const auto granted = builder.add(sandbox(d));
      if (!granted) return add({ErrorKind::bad_job, "a job has room for 65,536 different sandboxes", {}}, {});
      task.sandbox = *granted;
      planned_.has_isolated = true;
    }
    // Who needs one place has nothing while it waits for it.
    if (d.places.size() > 1 || (!d.places.empty() && d.places.front().places > 1)) {
      const auto places = builder.add(std::move(d.places));
      if (!places) return add({ErrorKind::bad_job, "a job has room for 65,535 different sets of pools", {}}, {});
      task.places = *places;
    }
    const Policy policy{
        .timeout = entry.timeout.value_or(Duration(0)), .backoff = entry.backoff, .retries = entry.retries};
    placed[i] = builder.add(entry.name, task, policy, std::move(d.binding));
    add_plugin(d.type->plugin);
  }
  for (TaskIndex i = 0; i < drafts_.size(); ++i)
    if (placed[i] != kNoTask)
      for (const TaskIndex before : drafts_[i].before) builder.add_edge(placed[before], placed[i]);
  planned_.plan = builder.build();
}

void Planner::add_plugin(const Plugin* plugin) {
  if (std::ranges::count(planned_.plugins, plugin) == 0) planned_.plugins.push_back(plugin);
}

}  // namespace

tl::expected<PlannedJob, Errors> make_plan(const JobReading& reading, Registry& registry, const Facts& facts,
                                           const PlanWishes& wishes) {
  return Planner(reading, registry, facts, wishes).make();
}

}  // namespace ganger::host
