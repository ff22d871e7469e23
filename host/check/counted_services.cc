#include "host/check/counted_services.h"

#include <atomic>

#include "host/call/services.h"

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

/// A function of the table that is looked at and served as the host's own.
template <auto Member, Service kService>
struct Counted;
template <class Returned, class... Arguments, Returned (*ganger_host::*Member)(ganger_ctx*, Arguments...),
          Service kService>
struct Counted<Member, kService> {
  static Returned call(ganger_ctx* ctx, Arguments... arguments) noexcept {
    const Look look(ctx, kService);
    return (host_table()->*Member)(ctx, arguments...);
  }
  static void put_into(ganger_host& table) { table.*Member = call; }
};

std::int64_t counted_deadline_ns(ganger_ctx* ctx) noexcept {
  const std::int64_t of_context = Counted<&ganger_host::deadline_ns, Service::deadline_ns>::call(ctx);
  ServiceWatch* watch = watch_now;
  return watch == nullptr ? of_context : watch->deadline_ns(of_context);
}

ganger_status counted_acquire(ganger_ctx* ctx, const char* interface, const char* pool, std::int64_t wait_ns,
                              ganger_lease* out) noexcept {
  const Look look(ctx, Service::acquire);
  if (look.may_be_served()) return host_table()->acquire(ctx, interface, pool, wait_ns, out);
  constexpr std::string_view kWhy = "the pool has nothing to lend: ganger check made this call fail";
  return host_table()->fail(ctx, GANGER_NO_RESOURCE, {kWhy.data(), kWhy.size()});
}

}  // namespace

void watch_services(ServiceWatch* watch) {
  calls = 0;
  watch_now = watch;
}

const ganger_host* counted_table() {
  static const ganger_host table = [] {
    ganger_host counted = *host_table();
    Counted<&ganger_host::log, Service::log>::put_into(counted);
    Counted<&ganger_host::fail, Service::fail>::put_into(counted);
    Counted<&ganger_host::stop_reason, Service::stop_reason>::put_into(counted);
    Counted<&ganger_host::stop_fd, Service::stop_fd>::put_into(counted);
    Counted<&ganger_host::on_stop, Service::on_stop>::put_into(counted);
    Counted<&ganger_host::off_stop, Service::off_stop>::put_into(counted);
    Counted<&ganger_host::progress, Service::progress>::put_into(counted);
    Counted<&ganger_host::param, Service::param>::put_into(counted);
    Counted<&ganger_host::input, Service::input>::put_into(counted);
    Counted<&ganger_host::output, Service::output>::put_into(counted);
    Counted<&ganger_host::work_dir, Service::work_dir>::put_into(counted);
    Counted<&ganger_host::release, Service::release>::put_into(counted);
    Counted<&ganger_host::parallel, Service::parallel>::put_into(counted);
    counted.deadline_ns = counted_deadline_ns;
    counted.acquire = counted_acquire;
    return counted;
  }();
  return &table;
}

}  // namespace ganger::host
