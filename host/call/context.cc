#include "host/call/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/call/crew.h"
#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/pools/pool.h"
#include "host/text.h"

namespace ganger::host {

namespace {

bool is_text(std::uint32_t type) { return type == GANGER_STR || type == GANGER_PATH || type == GANGER_SECRET; }

/// Whoever opens the file would open another one: the path ends at a NUL for the kernel.
bool is_path_with_nul(std::uint32_t type, std::string_view text) {
  return type == GANGER_PATH && text.find('\0') != std::string_view::npos;
}

std::size_t bytes_of(std::string_view name, const Value& value) {
  return name.size() + (value.is_text() ? value.text.size() : sizeof(ganger_value));
}

}  // namespace

bool are_outputs(const Outputs& outputs) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : outputs) {
    if (!is_name(name) || value.type == GANGER_NONE || value.type > GANGER_SECRET) return false;
    if (is_path_with_nul(value.type, value.text)) return false;
    bytes += bytes_of(name, value);
  }
  return bytes <= kMostOutputBytes;
}

OwnerId make_owner_id() {
  static std::atomic<OwnerId> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

ganger_status status_of(AcquireEnd end, bool is_stopping) {
  if (end == AcquireEnd::ok) return GANGER_OK;
  if (is_stopping || end == AcquireEnd::cancelled) return GANGER_CANCELLED;
  return end == AcquireEnd::timed_out ? GANGER_TIMEOUT : GANGER_NO_RESOURCE;
}

void PluginCall::begin(const CallParts& parts) {
  parts_ = parts;
  owner_.store(parts.owner, std::memory_order_relaxed);
}

std::uint32_t PluginCall::end() {
  parts_.stop->end_attempt();
  std::uint32_t leaked = 0;
  if (const OwnerId id = owner(); id != 0 && parts_.pools != nullptr) {
    const CurrentCall current(this);
    leaked = parts_.pools->take_back(id);
  }
  if (is_touched_.load(std::memory_order_relaxed)) {
    const std::lock_guard lock(mutex_);
    why_.clear();
    outputs_.clear();
    output_bytes_ = 0;
    inputs_.clear();
    work_dir_.clear();
    is_touched_.store(false, std::memory_order_relaxed);
  }
  return leaked;
}

void PluginCall::cancel_waits() {
  if (const OwnerId id = owner(); id != 0 && parts_.pools != nullptr) parts_.pools->cancel(id);
}

std::int32_t PluginCall::stop_reason() const {
  const std::int32_t reason = parts_.stop->reason();
  return reason == GANGER_RUNNING && Crew::has_failed_here() ? GANGER_STOP_UPSTREAM : reason;
}

ganger_status PluginCall::fail(ganger_status status, std::string_view why) {
  if (Crew::has_failed_here(*this)) return status;
  const std::lock_guard lock(mutex_);
  is_touched_.store(true, std::memory_order_relaxed);
  why_ = taken_in(why);
  return status;
}

std::string PluginCall::take_why() {
  if (!is_touched_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(why_, {});
}

ganger_status PluginCall::param(std::string_view name, std::uint64_t i, ganger_value& out) const {
  if (parts_.params == nullptr) return GANGER_NO_RESOURCE;
  const auto& params = *parts_.params;
  for (std::size_t p = 0; p < params.size(); ++p) {
    if (params[p].name != name) continue;
    const Values& values = *(*parts_.values)[p];
    if (i < values.size()) {
      out = values[i].borrowed();
      return GANGER_OK;
    }
    if (i > 0 || params[p].is_list()) return GANGER_NO_RESOURCE;
    // No default: empty text, 0 or false.
    out = ganger_value{};
    out.type = params[p].type;
    if (is_text(out.type)) out.u.s = {"", 0};
    return GANGER_OK;
  }
  return GANGER_NO_RESOURCE;
}

ganger_status PluginCall::input(std::string_view task, std::string_view name, ganger_value& out) {
  auto value = std::make_unique<Value>();
  if (!parts_.scope->input(task, name, *value)) return GANGER_NO_RESOURCE;
  const std::lock_guard lock(mutex_);
  is_touched_.store(true, std::memory_order_relaxed);
  out = value->borrowed();
  inputs_.push_back(std::move(value));
  return GANGER_OK;
}

ganger_status PluginCall::output(std::string_view name, const ganger_value& value) {
  if (!is_name(name) || value.type == GANGER_NONE || value.type > GANGER_SECRET) return GANGER_BAD_PARAM;
  const bool has_text = is_text(value.type);
  if (has_text && (value.u.s.n > kMostOutputBytes || (value.u.s.p == nullptr && value.u.s.n > 0)))
    return value.u.s.n > kMostOutputBytes ? GANGER_NO_MEMORY : GANGER_BAD_PARAM;
  if (has_text && is_path_with_nul(value.type, {value.u.s.p, value.u.s.n})) return GANGER_BAD_PARAM;
  const std::size_t bytes = name.size() + (has_text ? value.u.s.n : sizeof(value));
  Value owned = Value::copy_of(value);
  parts_.scope->output_set(name, owned);  // may wait for the host: without the lock

  const std::lock_guard lock(mutex_);
  is_touched_.store(true, std::memory_order_relaxed);
  const auto old = outputs_.find(name);
  const std::size_t old_bytes = old == outputs_.end() ? 0 : bytes_of(name, old->second);
  if (output_bytes_ - old_bytes + bytes > kMostOutputBytes) return GANGER_NO_MEMORY;
  output_bytes_ += bytes - old_bytes;
  outputs_.insert_or_assign(std::string(name), std::move(owned));
  return GANGER_OK;
}

Outputs PluginCall::take_outputs() {
  if (!is_touched_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(outputs_, {});
}

ganger_str PluginCall::work_dir() {
  const std::lock_guard lock(mutex_);
  is_touched_.store(true, std::memory_order_relaxed);
  if (work_dir_.empty()) work_dir_ = parts_.scope->work_dir();
  return {work_dir_.c_str(), work_dir_.size()};
}

OwnerId PluginCall::make_owner() {
  OwnerId id = owner();
  if (id != 0) return id;
  const OwnerId fresh = make_owner_id();
  // Two threads of one task may borrow for the first time together; the first one names them both.
  return owner_.compare_exchange_strong(id, fresh, std::memory_order_acq_rel) ? fresh : id;
}

ganger_status PluginCall::acquire(const char* interface, const char* pool, std::int64_t wait_ns, ganger_lease& out) {
  if (parts_.pools == nullptr) return fail(GANGER_UNSUPPORTED, "nothing can be borrowed here");
  if (stop_reason() != GANGER_RUNNING || parts_.stop->is_abandoned()) return GANGER_CANCELLED;
  const auto found = parts_.pools->find(interface, pool);
  if (!found) return fail(GANGER_NO_RESOURCE, found.error().message);

  const OwnerId id = make_owner();
  const CurrentCall current(this);
  const Lease idle = parts_.places == nullptr ? (*found)->pool->acquire_idle(id) : Lease{};
  if (idle.id == 0) return acquire_from(**found, id, wait_ns, out);
  out = leased(**found, idle);
  return GANGER_OK;
}

/// Where none idles, or there is more to it.
ganger_status PluginCall::acquire_from(const PoolOfKind& pool, OwnerId id, std::int64_t wait_ns, ganger_lease& out) {
  WaitBounds bounds{.deadline = parts_.deadline};
  if (wait_ns >= 0) bounds.longest = Duration(wait_ns);
  struct Waiting {
    Pool* pool;
    OwnerId owner;
  } waiting{pool.pool.get(), id};
  // Only at a limit does it wait; a stop of the task ends that.
  const bool may_wait = wait_ns != 0 && pool.pool->settings().limit > 0;
  const auto end_wait = [](void* w) { static_cast<Waiting*>(w)->pool->cancel(static_cast<Waiting*>(w)->owner); };
  const std::uint64_t token = may_wait ? parts_.stop->on_stop(end_wait, &waiting) : 0;
  const Acquired got = borrow(pool, id, bounds);
  if (token != 0) parts_.stop->off_stop(token);
  if (got.end == AcquireEnd::ok) {
    out = leased(pool, got.lease);
    return GANGER_OK;
  }
  const ganger_status status = status_of(got.end, stop_reason() != GANGER_RUNNING);
  if (status == GANGER_CANCELLED && got.end != AcquireEnd::timed_out) return status;
  return fail(status, got.error ? got.error->message : "the pool gave nothing");
}

ganger_lease PluginCall::leased(const PoolOfKind& pool, const Lease& lease) const {
  return {parts_.pools->public_id(pool, lease.id), lease.handle, pool.kind->api};
}

Acquired PluginCall::borrow(const PoolOfKind& pool, OwnerId id, const WaitBounds& bounds) {
  if (parts_.places == nullptr) return pool.pool->acquire(id, bounds, this);
  Acquired place = parts_.places->take(pool, bounds);
  if (place.end != AcquireEnd::ok) return place;
  Acquired got = pool.pool->acquire(id, bounds, this);
  if (got.end == AcquireEnd::ok)
    parts_.places->filled(pool, place.lease.id, got.lease.id);
  else
    parts_.places->unused(pool, place.lease.id, got);
  return got;
}

void PluginCall::release(ganger_lease& lease, std::uint32_t state) {
  const std::uint64_t id = std::exchange(lease, {}).id;
  const LeaseState how = state == GANGER_LEASE_CLEAN     ? LeaseState::clean
                         : state == GANGER_LEASE_SUSPECT ? LeaseState::suspect
                                                         : LeaseState::broken;
  const CurrentCall current(this);
  const bool was_out = id != 0 && parts_.pools != nullptr && parts_.pools->release(owner(), id, how);
  if (was_out || id == 0) return;
  parts_.scope->log(GANGER_LOG_WARN,
                    fmt::format("gave back a lease that is not out (id {}): a bug of the plugin", id));
  if (parts_.places != nullptr) parts_.places->misused(id);
}

ganger_status PluginCall::parallel(std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                                   std::uint32_t max_threads) {
  return Crew(n, fn, user, max_threads, *this).work(parts_.lender);
}

}  // namespace ganger::host
