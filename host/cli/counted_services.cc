#include "host/cli/counted_services.h"

#include <atomic>

#include "host/plugin/services.h"

namespace ganger::host {

namespace {

std::atomic<ServiceWatch*> watch_now = nullptr;
std::atomic<std::uint64_t> calls = 0;

/// Lives while a call is being served.
class Look {
 public:
  Look(ganger_ctx* ctx, Service service) noexcept
      : watch_(ctx == nullptr ? nullptr : watch_now.load()), service_(service) {
    if (watch_ == nullptr) return;
    number_ = ++calls;
    may_be_served_ = watch_->before(service_, number_);
  }
  ~Look() {
    if (watch_ != nullptr) watch_->after(service_, number_);
  }
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  bool may_be_served() const { return may_be_served_; }

 private:
  ServiceWatch* const watch_;
  const Service service_;
  std::uint64_t number_ = 0;
  bool may_be_served_ = true;
};

void log(ganger_ctx* ctx, std::int32_t level, ganger_str message) noexcept {
  const Look look(ctx, Service::log);
  host_table()->log(ctx, level, message);
}

ganger_status fail(ganger_ctx* ctx, ganger_status status, ganger_str why) noexcept {
  const Look look(ctx, Service::fail);
  return host_table()->fail(ctx, status, why);
}

std::int32_t stop_reason(ganger_ctx* ctx) noexcept {
  const Look look(ctx, Service::stop_reason);
  return host_table()->stop_reason(ctx);
}

int stop_fd(ganger_ctx* ctx) noexcept {
  const Look look(ctx, Service::stop_fd);
  return host_table()->stop_fd(ctx);
}

std::int64_t deadline_ns(ganger_ctx* ctx) noexcept {
  const Look look(ctx, Service::deadline_ns);
  const std::int64_t of_context = host_table()->deadline_ns(ctx);
  ServiceWatch* watch = watch_now;
  return watch == nullptr ? of_context : watch->deadline_ns(of_context);
}

std::uint64_t on_stop(ganger_ctx* ctx, void (*cb)(void*), void* user) noexcept {
  const Look look(ctx, Service::on_stop);
  return host_table()->on_stop(ctx, cb, user);
}

void off_stop(ganger_ctx* ctx, std::uint64_t token) noexcept {
  const Look look(ctx, Service::off_stop);
  host_table()->off_stop(ctx, token);
}

void progress(ganger_ctx* ctx, std::uint64_t done, std::uint64_t total, ganger_str what) noexcept {
  const Look look(ctx, Service::progress);
  host_table()->progress(ctx, done, total, what);
}

ganger_status param(ganger_ctx* ctx, const char* name, std::uint64_t i, ganger_value* out) noexcept {
  const Look look(ctx, Service::param);
  return host_table()->param(ctx, name, i, out);
}

ganger_status input(ganger_ctx* ctx, const char* task, const char* name, ganger_value* out) noexcept {
  const Look look(ctx, Service::input);
  return host_table()->input(ctx, task, name, out);
}

ganger_status output(ganger_ctx* ctx, const char* name, const ganger_value* value) noexcept {
  const Look look(ctx, Service::output);
  return host_table()->output(ctx, name, value);
}

ganger_str work_dir(ganger_ctx* ctx) noexcept {
  const Look look(ctx, Service::work_dir);
  return host_table()->work_dir(ctx);
}

ganger_status acquire(ganger_ctx* ctx, const char* interface, const char* pool, std::int64_t wait_ns,
                      ganger_lease* out) noexcept {
  const Look look(ctx, Service::acquire);
  if (look.may_be_served()) return host_table()->acquire(ctx, interface, pool, wait_ns, out);
  constexpr std::string_view kWhy = "the pool has nothing to lend: ganger check made this call fail";
  return host_table()->fail(ctx, GANGER_NO_RESOURCE, {kWhy.data(), kWhy.size()});
}

void release(ganger_ctx* ctx, ganger_lease* lease, std::uint32_t state) noexcept {
  const Look look(ctx, Service::release);
  host_table()->release(ctx, lease, state);
}

ganger_status parallel(ganger_ctx* ctx, std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                       std::uint32_t max_threads) noexcept {
  const Look look(ctx, Service::parallel);
  return host_table()->parallel(ctx, n, fn, user, max_threads);
}

}  // namespace

void watch_services(ServiceWatch* watch) {
  calls = 0;
  watch_now = watch;
}

const ganger_host* counted_table() {
  static const ganger_host table = [] {
    ganger_host counted = *host_table();
    counted.log = log;
    counted.fail = fail;
    counted.stop_reason = stop_reason;
    counted.stop_fd = stop_fd;
    counted.deadline_ns = deadline_ns;
    counted.on_stop = on_stop;
    counted.off_stop = off_stop;
    counted.progress = progress;
    counted.param = param;
    counted.input = input;
    counted.output = output;
    counted.work_dir = work_dir;
    counted.acquire = acquire;
    counted.release = release;
    counted.parallel = parallel;
    return counted;
  }();
  return &table;
}

}  // namespace ganger::host
