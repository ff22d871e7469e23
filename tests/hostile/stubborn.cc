// Tasks that are well behaved as long as nobody stops them, for `ganger check --cancel-sweep`. Each asks five times
// in all whether to stop, and borrows a box and makes a temporary file on its way.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "hostile.h"

namespace {

using Host = const ganger_host;

constexpr const char *kInterface = "stubborn.box/1";
constexpr int kSteps = 5;

std::string temporary(const char *name) { return std::string(std::getenv("TMPDIR")) + "/" + name; }

void make_file(const std::string &path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
}

[[noreturn]] void sleep_for_ever() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// What a task does when it is told to stop; it holds the lease then.
using AtStop = ganger_status (*)(Host *, ganger_ctx *, ganger_lease *);

ganger_status stop_well(Host *host, ganger_ctx *ctx, ganger_lease *lease) {
  host->release(ctx, lease, GANGER_LEASE_CLEAN);
  return GANGER_CANCELLED;
}
ganger_status ignore(Host *, ganger_ctx *, ganger_lease *) { sleep_for_ever(); }
ganger_status leave_thread(Host *host, ganger_ctx *ctx, ganger_lease *lease) {
  std::thread(sleep_for_ever).detach();
  return stop_well(host, ctx, lease);
}
ganger_status leave_descriptor(Host *host, ganger_ctx *ctx, ganger_lease *lease) {
  static_cast<void>(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return stop_well(host, ctx, lease);
}
ganger_status leave_file(Host *host, ganger_ctx *ctx, ganger_lease *lease) {
  make_file(temporary("half-written"));
  return stop_well(host, ctx, lease);
}
ganger_status keep_lease(Host *, ganger_ctx *, ganger_lease *) { return GANGER_CANCELLED; }
ganger_status say_failed(Host *host, ganger_ctx *ctx, ganger_lease *lease) {
  stop_well(host, ctx, lease);
  constexpr std::string_view kWhy = "no idea what went wrong";
  return host->fail(ctx, GANGER_FAILED, {kWhy.data(), kWhy.size()});
}
ganger_status crash(Host *, ganger_ctx *, ganger_lease *) { std::abort(); }

ganger_status work(Host *host, ganger_ctx *ctx, void *user) {
  const auto at_stop = reinterpret_cast<AtStop>(user);
  ganger_lease lease{};
  if (const auto status = host->acquire(ctx, kInterface, nullptr, -1, &lease)) return status;
  for (std::uint64_t i = 0; i < kSteps; ++i) {
    if (host->stop_reason(ctx) != GANGER_RUNNING) return at_stop(host, ctx, &lease);
    host->progress(ctx, i, kSteps, {"", 0});
    const std::string file = temporary("whole");
    make_file(file);
    std::remove(file.c_str());
  }
  host->release(ctx, &lease, GANGER_LEASE_CLEAN);
  return GANGER_OK;
}

/// Takes it that a lease is always to be had.
ganger_status trust(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{};
  host->acquire(ctx, kInterface, nullptr, -1, &lease);
  if (lease.api == nullptr) std::abort();
  host->release(ctx, &lease, GANGER_LEASE_CLEAN);
  return GANGER_OK;
}

/// Leaves a part of its output beside it.
ganger_status leave_part(Host *host, ganger_ctx *ctx, void *) {
  ganger_value to{};
  if (const auto status = host->param(ctx, "to", 0, &to)) return status;
  const std::string whole(to.u.s.p, to.u.s.n), part = whole + ".part";
  make_file(part);
  if (host->stop_reason(ctx) != GANGER_RUNNING) return GANGER_CANCELLED;
  std::rename(part.c_str(), whole.c_str());
  return GANGER_OK;
}

ganger_status call_often(Host *host, ganger_ctx *ctx, void *) {
  for (std::uint64_t i = 0; i < 1000; ++i) host->progress(ctx, i, 1000, {"", 0});
  return GANGER_OK;
}

/// Their names alone are more than a few megabytes.
ganger_status leave_many(Host *, ganger_ctx *, void *) {
  for (int i = 0; i < 25000; ++i) make_file(temporary((std::string(200, 'x') + std::to_string(i)).c_str()));
  return GANGER_OK;
}

/// Floods a descriptor that is not its own: the one on which the host is answered.
ganger_status flood(Host *, ganger_ctx *, void *) {
  const std::string much(65536, 'x');
  while (write(4, much.data(), much.size()) > 0) {
  }
  return GANGER_OK;
}

/// What has been forked returns like its parent, and first.
ganger_status fork_and_return(Host *host, ganger_ctx *ctx, void *) {
  const pid_t child = fork();
  if (child == 0) return GANGER_FAILED;
  waitpid(child, nullptr, 0);
  host->progress(ctx, 1, 1, {"", 0});
  return GANGER_OK;
}

/// Asks, and then does not look for a while.
ganger_status doze(Host *host, ganger_ctx *ctx, void *) {
  if (host->stop_reason(ctx) != GANGER_RUNNING) return GANGER_CANCELLED;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return GANGER_OK;
}

struct Crew {
  Host *host;
  ganger_ctx *ctx;
  std::thread::id leader;
  std::atomic<bool> others_have_asked;
};

/// Well behaved on the thread of run(), which lets another one ask first, if there is one.
ganger_status do_part(void *user, std::uint64_t) {
  auto &crew = *static_cast<Crew *>(user);
  const bool leads = std::this_thread::get_id() == crew.leader;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  while (leads && !crew.others_have_asked && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  const bool is_stopped = crew.host->stop_reason(crew.ctx) != GANGER_RUNNING;
  if (!leads && is_stopped) std::abort();
  crew.others_have_asked = true;
  return is_stopped ? GANGER_CANCELLED : GANGER_OK;
}
ganger_status work_with_others(Host *host, ganger_ctx *ctx, void *) {
  Crew crew{host, ctx, std::this_thread::get_id(), false};
  return host->parallel(ctx, 2, do_part, &crew, 0);
}

ganger_status run_for_ever(Host *host, ganger_ctx *ctx, void *) {
  while (host->stop_reason(ctx) == GANGER_RUNNING) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return GANGER_CANCELLED;
}

struct Api {
  std::uint32_t struct_size;
};
const Api api = {sizeof(Api)};
int one_thing = 0;
ganger_status open_box(Host *, ganger_ctx *, void *, void **handle) {
  *handle = &one_thing;
  return GANGER_OK;
}
void close_box(void *, void *) {}

const ganger_need box_need = {sizeof(ganger_need), 1, kInterface, nullptr};
const ganger_need *const needs_box[] = {&box_need, nullptr};
const ganger_param to_param = {
    sizeof(ganger_param), GANGER_PATH, GANGER_PARAM_REQUIRED, 0, "to", "what to write", nullptr, nullptr};
const ganger_param *const has_to[] = {&to_param, nullptr};

ganger_task worker(const char *name, AtStop at_stop) {
  return {sizeof(ganger_task),
          GANGER_TASK_IDEMPOTENT,
          name,
          "Is well behaved until it is stopped",
          nullptr,
          needs_box,
          reinterpret_cast<void *>(at_stop),
          nullptr,
          work};
}

const ganger_task tasks[] = {
    worker("fine", stop_well),
    worker("ignores-stop", ignore),
    worker("leaves-thread", leave_thread),
    worker("leaves-descriptor", leave_descriptor),
    worker("leaves-file", leave_file),
    worker("keeps-lease", keep_lease),
    worker("says-failed", say_failed),
    worker("crashes", crash),
    {sizeof(ganger_task), 0, "trusts", "Crashes when it gets no lease", nullptr, needs_box, nullptr, nullptr, trust},
    {sizeof(ganger_task), 0, "leaves-part", "Leaves half an output", has_to, nullptr, nullptr, nullptr, leave_part},
    {sizeof(ganger_task), 0, "calls-often", "Calls a service 1000 times", nullptr, nullptr, nullptr, nullptr,
     call_often},
    {sizeof(ganger_task), 0, "runs-for-ever", "Ends when it is stopped", nullptr, nullptr, nullptr, nullptr,
     run_for_ever},
    {sizeof(ganger_task), 0, "leaves-many", "Leaves many files", nullptr, nullptr, nullptr, nullptr, leave_many},
    {sizeof(ganger_task), 0, "floods", "Writes where it must not", nullptr, nullptr, nullptr, nullptr, flood},
    {sizeof(ganger_task), 0, "dozes", "Sleeps after it has asked", nullptr, nullptr, nullptr, nullptr, doze},
    {sizeof(ganger_task), 0, "teams-up", "Crashes on the threads of others", nullptr, nullptr, nullptr, nullptr,
     work_with_others},
    {sizeof(ganger_task), 0, "forks", "Returns twice", nullptr, nullptr, nullptr, nullptr, fork_and_return},
};
const ganger_pool_kind box = {sizeof(ganger_pool_kind),
                              0,
                              "box",
                              "A box",
                              kInterface,
                              &api,
                              nullptr,
                              nullptr,
                              open_box,
                              nullptr,
                              nullptr,
                              close_box};

}  // namespace

extern "C" GANGER_EXPORT const ganger_plugin *ganger_plugin_v1(const ganger_host *) {
  static const ganger_task *task_list[sizeof tasks / sizeof tasks[0] + 1];
  static const ganger_pool_kind *const kind_list[] = {&box, nullptr};
  for (std::size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) task_list[i] = &tasks[i];
  static const ganger_plugin plugin = {
      sizeof(ganger_plugin), GANGER_ABI_MINOR, 0,         0,       HOSTILE_ID, "1.0.0",
      "Apache-2.0",          task_list,        kind_list, nullptr, nullptr};
  return &plugin;
}
