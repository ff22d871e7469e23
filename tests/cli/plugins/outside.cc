// A plugin that does one thing outside the run() of its tasks, which the variable OUTSIDE names: PLACE.ACT, such as
// init.exits. Written against the C header, as its functions are those of the table.
#include <ganger/plugin.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace {

/// To the host, as if the library of its child said it.
void send_frame(std::uint16_t kind, std::string_view payload) {
  struct {
    std::uint32_t magic = 0x52474e47;
    std::uint16_t kind = 0, reserved = 0;
    std::uint32_t call = 0, length = 0;
  } header;
  header.kind = kind;
  header.length = static_cast<std::uint32_t>(payload.size());
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + std::string(payload);
  for (int fd = 3; fd < 64; ++fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) continue;
    if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) std::perror("send");
    return;
  }
}

/// "level 99, a line of 4 bytes"
std::string log_payload(std::int32_t level) {
  const std::uint32_t length = 4;
  std::string payload(reinterpret_cast<const char*>(&level), sizeof(level));
  payload.append(reinterpret_cast<const char*>(&length), sizeof(length));
  return payload + "line";
}

void act(std::string_view place) {
  const char* variable = std::getenv("OUTSIDE");
  const std::string_view wish = variable == nullptr ? "" : variable;
  if (!wish.starts_with(place) || wish.substr(place.size(), 1) != ".") return;
  const std::string_view what = wish.substr(place.size() + 1);
  std::fprintf(stderr, "now %.*s %.*s\n", static_cast<int>(place.size()), place.data(), static_cast<int>(what.size()),
               what.data());
  if (what == "exits") std::exit(0);
  if (what == "crashes") raise(SIGSEGV);
  if (what == "hangs-deaf") {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
  }
  if (what.starts_with("hangs"))
    for (;;) pause();
  if (what == "lies") send_frame(35, log_payload(99));
  if (what == "commands") send_frame(2, "");
}

struct AtTheEnd {
  ~AtTheEnd() { act("destructor"); }
} at_the_end;

ganger_status noop(const ganger_host*, ganger_ctx*, void*) { return GANGER_OK; }
ganger_status fails(const ganger_host* host, ganger_ctx* ctx, void*) {
  return host->fail(ctx, GANGER_FAILED, ganger_str{"as it should", 12});
}
ganger_status borrows(const ganger_host* host, ganger_ctx* ctx, void*) {
  ganger_lease lease{};
  const ganger_status status = host->acquire(ctx, "outside.box/1", nullptr, -1, &lease);
  if (status == GANGER_OK) host->release(ctx, &lease, GANGER_LEASE_CLEAN);
  return status;
}
// A thread that uses the handle of the one task during the other one.
std::atomic<bool> is_wanted{false};
std::thread left_behind;
ganger_status leaves(const ganger_host* host, ganger_ctx* ctx, void*) {
  left_behind = std::thread([host, ctx] {
    is_wanted.wait(false);
    for (int i = 0; i < 3; ++i) host->log(ctx, GANGER_LOG_WARN, ganger_str{"too late", 8});
  });
  return GANGER_OK;
}
ganger_status meets(const ganger_host*, ganger_ctx*, void*) {
  is_wanted = true;
  is_wanted.notify_all();
  left_behind.join();
  return GANGER_OK;
}

ganger_status checks(const ganger_host*, ganger_ctx*, void*) {
  act("check");
  return GANGER_OK;
}

constexpr ganger_task task(const char* name, decltype(ganger_task::run) run,
                           decltype(ganger_task::check) check = checks) {
  return {sizeof(ganger_task), 0, name, "A task", nullptr, nullptr, nullptr, check, run};
}
constexpr ganger_task noop_type = task("noop", noop), unchecked_type = task("unchecked", noop, nullptr),
                      fails_type = task("fails", fails), borrows_type = task("borrows", borrows),
                      leaves_type = task("leaves", leaves), meets_type = task("meets", meets);
constexpr const ganger_task* tasks[] = {&noop_type,   &unchecked_type, &fails_type, &borrows_type,
                                        &leaves_type, &meets_type,     nullptr};

struct {
  std::uint32_t struct_size = sizeof(struct_size);
} box_api;
ganger_status opens(const ganger_host*, ganger_ctx*, void*, void** handle) {
  *handle = &box_api;
  return GANGER_OK;
}
void closes(void*, void*) { act("close"); }

ganger_status starts(const ganger_host*) {
  act("init");
  std::atexit([] { act("atexit"); });
  return GANGER_OK;
}
void ends() { act("deinit"); }

}  // namespace

extern "C" GANGER_EXPORT const ganger_plugin* ganger_plugin_v1(const ganger_host*) {
  static const ganger_pool_kind box = {sizeof(ganger_pool_kind),
                                       0,
                                       "box",
                                       "A box",
                                       "outside.box/1",
                                       &box_api,
                                       nullptr,
                                       nullptr,
                                       opens,
                                       nullptr,
                                       nullptr,
                                       closes};
  static const ganger_pool_kind* const kinds[] = {&box, nullptr};
  static const ganger_plugin plugin = {
      sizeof(ganger_plugin), GANGER_ABI_MINOR, 0, 0, "outside", "1.0.0", nullptr, tasks, kinds, starts, ends};
  return &plugin;
}
