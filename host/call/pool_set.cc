#include "host/call/pool_set.h"

#include <fmt/format.h>

#include <cstring>

#include "host/call/context.h"
#include "host/call/services.h"

namespace ganger::host {

namespace {

/// open() has callbacks and a descriptor of its own, but stops when its borrower does.
struct StopLink {
  StopSource* outer;
  StopSource* inner;
  static void pass_on(void* link) {
    const auto* l = static_cast<StopLink*>(link);
    l->inner->request(l->outer->reason());
  }
};

/// The four functions of a pool kind, called with all the care a plugin needs.
class KindProvider final : public Provider {
 public:
  KindProvider(const PoolKind& kind, const std::vector<Values>& values, Clock& clock,
               std::atomic<std::uint64_t>& closes)
      : kind_(kind), clock_(clock), closes_(closes) {
    for (const Values& v : values) values_.push_back(&v);
  }

  Result<void*> open(void* borrower) noexcept override {
    // On behalf of the borrower: its stop, its deadline, its lines in the log; the pool's own parameters.
    const auto& caller = *static_cast<const PluginCall*>(borrower);
    CallParts parts = caller.parts();
    parts.params = &kind_.params;
    parts.values = &values_;
    parts.pools = nullptr;
    parts.lender = nullptr;
    const auto stop = std::make_shared<StopSource>();
    StopLink link{parts.stop, stop.get()};
    const std::uint64_t token = link.outer->on_stop(&StopLink::pass_on, &link);
    parts.stop = stop.get();
    PluginCall ctx;
    ctx.begin(parts);
    void* handle = nullptr;
    std::string why;
    const ganger_status status = guarded(
        [&] {
          const CallHandle call(ctx);
          return kind_.open(host_table(), call.get(), kind_.user, &handle);
        },
        why);
    if (why.empty()) why = ctx.take_why();
    ctx.end();
    link.outer->off_stop(token);
    if (status == GANGER_OK && handle != nullptr) return handle;
    if (why.empty()) why = status == GANGER_OK ? "open() said OK but gave nothing" : fmt::format("status {}", status);
    return failure(ErrorKind::pool_unavailable, why);  // of which pool, the pool says
  }
  bool has_to_end(void* borrower) const noexcept override {
    const auto& caller = *static_cast<const PluginCall*>(borrower);
    const CallParts& parts = caller.parts();
    return caller.stop_reason() != GANGER_RUNNING || (parts.deadline != kNever && clock_.now() >= parts.deadline);
  }
  void close(void* handle) noexcept override {
    ++closes_;
    call([&] {
      kind_.close(kind_.user, handle);
      return GANGER_OK;
    });
  }
  // A kind that has no open() yet is of a plugin that is loaded at the first use.
  bool has_check() const noexcept override { return kind_.check != nullptr || kind_.open == nullptr; }
  bool has_reset() const noexcept override { return kind_.reset != nullptr || kind_.open == nullptr; }
  bool check(void* handle) noexcept override {
    return kind_.check == nullptr || call([&] { return kind_.check(kind_.user, handle); });
  }
  bool reset(void* handle) noexcept override {
    return kind_.reset == nullptr || call([&] { return kind_.reset(kind_.user, handle); });
  }

 private:
  template <class F>
  bool call(F&& f) const noexcept {
    std::string why;
    const bool is_ok = guarded(f, why) == GANGER_OK;
    if (CallScope* scope = default_scope(); !why.empty() && scope != nullptr)
      scope->log(GANGER_LOG_WARN, fmt::format("pool kind {} {}", kind_.id, why));
    return is_ok;
  }

  const PoolKind& kind_;
  Clock& clock_;
  std::atomic<std::uint64_t>& closes_;
  std::vector<const Values*> values_;
};

/// Without a length to be found first, as names come through the C table.
bool is_equal(const std::string& text, const char* other) { return std::strcmp(text.c_str(), other) == 0; }

}  // namespace

/// Hands what happens to the pools to the call that made it happen.
class PoolSet::Observer final : public PoolObserver {
 public:
  void log(const Pool&, std::string_view line) noexcept override {
    if (CallScope* s = scope()) s->log(GANGER_LOG_DEBUG, line);
  }
  void acquired(const Pool& pool, OwnerId, std::uint64_t lease, Duration waited, bool is_reused) noexcept override {
    tell(is_reused ? kSharedLine : std::string_view(), LeaseEvent::acquired, pool, lease, waited);
  }
  void released(const Pool& pool, OwnerId, std::uint64_t lease, bool is_kept) noexcept override {
    tell(is_kept ? kQueuedLine : std::string_view(), LeaseEvent::released, pool, lease, Duration(0));
  }
  void leaked(const Pool& pool, OwnerId, std::uint64_t lease) noexcept override {
    tell({}, LeaseEvent::leaked, pool, lease, Duration(0));
  }
  void misused(const Pool&, std::uint64_t) noexcept override {}  // the context says it, with the task's name

 private:
  static CallScope* scope() {
    const PluginCall* call = current_call();
    return call != nullptr ? call->parts().scope : default_scope();
  }
  static void tell(std::string_view line, LeaseEvent event, const Pool& pool, std::uint64_t lease, Duration waited) {
    CallScope* const s = scope();
    if (s == nullptr) return;
    if (!line.empty()) s->log(GANGER_LOG_DEBUG, line);
    s->lease_event(event, pool.name(), lease, waited);
  }
};

PoolSet::PoolSet(Clock& clock) : clock_(clock), observer_(std::make_unique<Observer>()) {}
PoolSet::~PoolSet() = default;

Result<void> PoolSet::add(const PoolKind& kind, PoolSettings settings, std::vector<Values> values) {
  auto entry = std::make_unique<PoolOfKind>();
  entry->kind = &kind;
  entry->values = std::move(values);
  auto provider = std::make_unique<KindProvider>(kind, entry->values, clock_, closes_);
  auto pool = Pool::make(std::move(settings), std::move(provider), clock_, observer_.get());
  if (!pool) return tl::unexpected(std::move(pool).error());
  entry->pool = std::move(*pool);
  entry->index = pools_.size();
  pools_.push_back(std::move(entry));
  return {};
}

Result<const PoolOfKind*> PoolSet::find(const char* interface, const char* name) const {
  const bool has_name = *name != '\0';
  const PoolOfKind* found = nullptr;
  for (const auto& p : pools_) {
    if (has_name && !is_equal(p->pool->name(), name)) continue;
    const bool fits = is_equal(p->kind->interface, interface);
    if (has_name && !fits)
      return failure(ErrorKind::bad_job,
                     fmt::format("pool '{}' offers {}, not {}", name, p->kind->interface, interface));
    if (has_name) return p.get();
    if (!fits) continue;
    if (found != nullptr)
      return failure(ErrorKind::bad_job, fmt::format("pools '{}' and '{}' both offer {}: say which",
                                                     found->pool->name(), p->pool->name(), interface));
    found = p.get();
  }
  if (found != nullptr) return found;
  return failure(ErrorKind::bad_job, has_name ? fmt::format("no pool '{}' in this job", name)
                                              : fmt::format("no pool of this job offers {}", interface));
}

std::uint64_t PoolSet::public_id(const PoolOfKind& pool, std::uint64_t lease) const {
  return lease * pools_.size() + pool.index;
}

bool PoolSet::release(OwnerId owner, std::uint64_t public_id, LeaseState state) {
  if (pools_.empty()) return false;
  return pools_[public_id % pools_.size()]->pool->release(owner, public_id / pools_.size(), state);
}

Acquired PoolSet::keep(OwnerId owner, const std::vector<PoolPlaces>& wanted, StopSource& stop, TimePoint deadline,
                       bool elsewhere) {
  struct Waiting {
    PoolSet* set;
    const std::vector<PoolPlaces>* wanted;
    OwnerId owner;
  } waiting{this, &wanted, owner};
  const auto end_wait = [](void* w) {
    const auto& [set, of, who] = *static_cast<Waiting*>(w);
    for (const PoolPlaces& p : *of) set->pools_[p.pool]->pool->cancel(who);
  };
  const std::uint64_t token = stop.on_stop(end_wait, &waiting);
  Acquired got;
  for (const PoolPlaces& p : wanted) {
    if (got.end == AcquireEnd::ok)
      got = pools_[p.pool]->pool->keep(owner, p.places, {.deadline = deadline}, elsewhere);
  }
  stop.off_stop(token);
  if (got.end != AcquireEnd::ok) take_back(owner);
  return got;
}

std::uint32_t PoolSet::take_back(OwnerId owner) {
  std::uint32_t n = 0;
  for (const auto& p : pools_) n += p->pool->take_back(owner);
  return n;
}

void PoolSet::cancel(OwnerId owner) {
  for (const auto& p : pools_) p->pool->cancel(owner);
}

std::uint32_t PoolSet::abandon(OwnerId owner) {
  std::uint32_t n = 0;
  for (const auto& p : pools_) n += p->pool->abandon(owner);
  return n;
}

void PoolSet::close() {
  for (auto p = pools_.rbegin(); p != pools_.rend(); ++p) {
    closing_ = p->get();
    (*p)->pool->close();
  }
}

}  // namespace ganger::host
