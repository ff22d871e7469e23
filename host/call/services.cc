#include "host/call/services.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "host/call/context.h"

namespace ganger::host {

namespace {

std::atomic<CallScope*> scope_without_call{nullptr};
thread_local PluginCall* call_of_this_thread = nullptr;

std::string_view view(ganger_str s) { return s.p == nullptr ? std::string_view() : std::string_view(s.p, s.n); }
std::string_view view(const char* s) { return s == nullptr ? std::string_view() : std::string_view(s); }

// The functions of the table. Each takes what a plugin may get wrong (a null pointer) without falling over, and none
// lets an exception out; the context does the work.

const void* get_interface(const char* /*id*/) noexcept { return nullptr; }  // this host offers none yet

// A call that is over, of which UsedCall has told: what a thread that is left behind gets makes it end.

void log(ganger_ctx* ctx, std::int32_t level, ganger_str message) noexcept {
  const UsedCall call(ctx);
  if (call.is_late()) return;
  CallScope* scope = call                             ? call->parts().scope
                     : call_of_this_thread != nullptr ? call_of_this_thread->parts().scope
                                                      : scope_without_call.load();
  if (scope != nullptr)
    scope->log(std::clamp<std::int32_t>(level, GANGER_LOG_TRACE, GANGER_LOG_ERROR), view(message));
}

ganger_status fail(ganger_ctx* ctx, ganger_status status, ganger_str why) noexcept {
  const UsedCall call(ctx);
  return call ? call->fail(status, view(why)) : status;
}

std::int32_t stop_reason(ganger_ctx* ctx) noexcept {
  const UsedCall call(ctx);
  return call ? call->stop_reason() : call.is_late() ? GANGER_STOP_UPSTREAM : GANGER_RUNNING;
}

int stop_fd(ganger_ctx* ctx) noexcept {
  const UsedCall call(ctx);
  return call ? call->parts().stop->fd() : -1;
}

std::int64_t deadline_ns(ganger_ctx* ctx) noexcept {
  const UsedCall call(ctx);
  if (call.is_late()) return 0;
  if (!call || call->parts().deadline == kNever) return std::numeric_limits<std::int64_t>::max();
  return call->parts().deadline.time_since_epoch().count();
}

std::uint64_t on_stop(ganger_ctx* ctx, void (*cb)(void*), void* user) noexcept {
  const UsedCall call(ctx);
  return !call || cb == nullptr ? 0 : call->parts().stop->on_stop(cb, user);
}

void off_stop(ganger_ctx* ctx, std::uint64_t token) noexcept {
  if (const UsedCall call(ctx); call) call->parts().stop->off_stop(token);
}

void progress(ganger_ctx* ctx, std::uint64_t done, std::uint64_t total, ganger_str what) noexcept {
  if (const UsedCall call(ctx); call) call->parts().scope->progress(done, total, view(what));
}

/// What there is to answer where there is no call.
ganger_status none(const UsedCall& call) { return call.is_late() ? GANGER_BUG : GANGER_BAD_PARAM; }

ganger_status param(ganger_ctx* ctx, const char* name, std::uint64_t i, ganger_value* out) noexcept {
  const UsedCall call(ctx);
  return !call || out == nullptr ? none(call) : call->param(view(name), i, *out);
}

ganger_status input(ganger_ctx* ctx, const char* task, const char* name, ganger_value* out) noexcept {
  const UsedCall call(ctx);
  return !call || out == nullptr ? none(call) : call->input(view(task), view(name), *out);
}

ganger_status output(ganger_ctx* ctx, const char* name, const ganger_value* value) noexcept {
  const UsedCall call(ctx);
  return !call || value == nullptr ? none(call) : call->output(view(name), *value);
}

ganger_str work_dir(ganger_ctx* ctx) noexcept {
  const UsedCall call(ctx);
  return call ? call->work_dir() : ganger_str{"", 0};
}

ganger_status acquire(ganger_ctx* ctx, const char* interface, const char* pool, std::int64_t wait_ns,
                      ganger_lease* out) noexcept {
  const UsedCall call(ctx);
  return !call || out == nullptr || interface == nullptr
             ? none(call)
             : call->acquire(interface, pool == nullptr ? "" : pool, wait_ns, *out);
}

void release(ganger_ctx* ctx, ganger_lease* lease, std::uint32_t state) noexcept {
  const UsedCall call(ctx);
  if (call && lease != nullptr) call->release(*lease, state);
}

ganger_status parallel(ganger_ctx* ctx, std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                       std::uint32_t max_threads) noexcept {
  const UsedCall call(ctx);
  return !call || fn == nullptr ? none(call) : call->parallel(n, fn, user, max_threads);
}

constexpr ganger_host kTable = {
    .struct_size = sizeof(ganger_host),
    .abi_minor = GANGER_ABI_MINOR,
    .name = "ganger",
    .version = GANGER_VERSION,
    .get_interface = get_interface,
    .log = log,
    .fail = fail,
    .stop_reason = stop_reason,
    .stop_fd = stop_fd,
    .deadline_ns = deadline_ns,
    .on_stop = on_stop,
    .off_stop = off_stop,
    .progress = progress,
    .param = param,
    .input = input,
    .output = output,
    .work_dir = work_dir,
    .acquire = acquire,
    .release = release,
    .parallel = parallel,
};

}  // namespace

const ganger_host* host_table() { return &kTable; }

void set_default_scope(CallScope* scope) { scope_without_call.store(scope); }
CallScope* default_scope() { return scope_without_call.load(); }

PluginCall* current_call() { return call_of_this_thread; }

CurrentCall::CurrentCall(PluginCall* ctx) : before_(call_of_this_thread) { call_of_this_thread = ctx; }
CurrentCall::~CurrentCall() { call_of_this_thread = before_; }

}  // namespace ganger::host
