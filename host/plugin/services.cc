#include "host/plugin/services.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "host/plugin/context.h"

namespace ganger::host {

namespace {

std::atomic<CallScope*> scope_without_call{nullptr};
thread_local ganger_ctx* call_of_this_thread = nullptr;

std::string_view view(ganger_str s) { return s.p == nullptr ? std::string_view() : std::string_view(s.p, s.n); }
std::string_view view(const char* s) { return s == nullptr ? std::string_view() : std::string_view(s); }

// The functions of the table. Each takes what a plugin may get wrong (a null pointer) without falling over, and none
// lets an exception out; the context does the work.

const void* get_interface(const char* /*id*/) noexcept { return nullptr; }  // this host offers none yet

void log(ganger_ctx* ctx, std::int32_t level, ganger_str message) noexcept {
  CallScope* scope = ctx != nullptr                   ? ctx->parts().scope
                     : call_of_this_thread != nullptr ? call_of_this_thread->parts().scope
                                                      : scope_without_call.load();
  if (scope != nullptr)
    scope->log(std::clamp<std::int32_t>(level, GANGER_LOG_TRACE, GANGER_LOG_ERROR), view(message));
}

ganger_status fail(ganger_ctx* ctx, ganger_status status, ganger_str why) noexcept {
  return ctx == nullptr ? status : ctx->fail(status, view(why));
}

std::int32_t stop_reason(ganger_ctx* ctx) noexcept { return ctx == nullptr ? GANGER_RUNNING : ctx->stop_reason(); }

int stop_fd(ganger_ctx* ctx) noexcept { return ctx == nullptr ? -1 : ctx->parts().stop->fd(); }

std::int64_t deadline_ns(ganger_ctx* ctx) noexcept {
  if (ctx == nullptr || ctx->parts().deadline == kNever) return std::numeric_limits<std::int64_t>::max();
  return ctx->parts().deadline.time_since_epoch().count();
}

std::uint64_t on_stop(ganger_ctx* ctx, void (*cb)(void*), void* user) noexcept {
  return ctx == nullptr || cb == nullptr ? 0 : ctx->parts().stop->on_stop(cb, user);
}

void off_stop(ganger_ctx* ctx, std::uint64_t token) noexcept {
  if (ctx != nullptr) ctx->parts().stop->off_stop(token);
}

void progress(ganger_ctx* ctx, std::uint64_t done, std::uint64_t total, ganger_str what) noexcept {
  if (ctx != nullptr) ctx->parts().scope->progress(done, total, view(what));
}

ganger_status param(ganger_ctx* ctx, const char* name, std::uint64_t i, ganger_value* out) noexcept {
  return ctx == nullptr || out == nullptr ? GANGER_BAD_PARAM : ctx->param(view(name), i, *out);
}

ganger_status input(ganger_ctx* ctx, const char* task, const char* name, ganger_value* out) noexcept {
  return ctx == nullptr || out == nullptr ? GANGER_BAD_PARAM : ctx->input(view(task), view(name), *out);
}

ganger_status output(ganger_ctx* ctx, const char* name, const ganger_value* value) noexcept {
  return ctx == nullptr || value == nullptr ? GANGER_BAD_PARAM : ctx->output(view(name), *value);
}

ganger_str work_dir(ganger_ctx* ctx) noexcept { return ctx == nullptr ? ganger_str{"", 0} : ctx->work_dir(); }

ganger_status acquire(ganger_ctx* ctx, const char* interface, const char* pool, std::int64_t wait_ns,
                      ganger_lease* out) noexcept {
  return ctx == nullptr || out == nullptr || interface == nullptr
             ? GANGER_BAD_PARAM
             : ctx->acquire(interface, pool == nullptr ? "" : pool, wait_ns, *out);
}

void release(ganger_ctx* ctx, ganger_lease* lease, std::uint32_t state) noexcept {
  if (ctx != nullptr && lease != nullptr) ctx->release(*lease, state);
}

ganger_status parallel(ganger_ctx* ctx, std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                       std::uint32_t max_threads) noexcept {
  return ctx == nullptr || fn == nullptr ? GANGER_BAD_PARAM : ctx->parallel(n, fn, user, max_threads);
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

ganger_ctx* current_call() { return call_of_this_thread; }

CurrentCall::CurrentCall(ganger_ctx* ctx) : before_(call_of_this_thread) { call_of_this_thread = ctx; }
CurrentCall::~CurrentCall() { call_of_this_thread = before_; }

}  // namespace ganger::host
