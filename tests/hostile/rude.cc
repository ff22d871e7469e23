// Described properly, and then does everything at run time that a task or a pool must not do. No task type here takes
// a parameter; those that borrow need a pool of kind rude.box.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "hostile.h"

namespace {

using Host = const ganger_host;

constexpr const char *kInterface = "rude.box/1";

ganger_str str(std::string_view text) { return {text.data(), text.size()}; }

ganger_value text_value(std::string_view text) {
  ganger_value value{};
  value.type = GANGER_STR;
  value.u.s = str(text);
  return value;
}

// -- ways to end --------------------------------------------------------------------------------------------------

ganger_status throw_error(Host *, ganger_ctx *, void *) { throw std::runtime_error("thrown out of run"); }
ganger_status throw_number(Host *, ganger_ctx *, void *) { throw 42; }
ganger_status garbage_status(Host *, ganger_ctx *, void *) { return 123456; }
ganger_status negative_status(Host *, ganger_ctx *, void *) { return -1; }
ganger_status cancelled_unasked(Host *, ganger_ctx *, void *) { return GANGER_CANCELLED; }
ganger_status retry_always(Host *host, ganger_ctx *ctx, void *) {
  return host->fail(ctx, GANGER_RETRY, str("never works"));
}
ganger_status exit_0(Host *, ganger_ctx *, void *) { std::exit(0); }
ganger_status exit_now(Host *, ganger_ctx *, void *) { _exit(0); }
ganger_status abort_now(Host *, ganger_ctx *, void *) { std::abort(); }
ganger_status segfault(Host *, ganger_ctx *, void *) {
  std::raise(SIGSEGV);
  return GANGER_OK;
}
ganger_status spin(Host *, ganger_ctx *, void *) {
  static std::atomic<std::uint64_t> turns = 0;
  for (;;) turns.fetch_add(1, std::memory_order_relaxed);
}
ganger_status fail_with_control_characters(Host *host, ganger_ctx *ctx, void *) {
  return host->fail(ctx, GANGER_FAILED, str("\033[2J two\nlines \xff"));
}

// -- leases -------------------------------------------------------------------------------------------------------

ganger_status leak(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{};
  return host->acquire(ctx, kInterface, nullptr, -1, &lease);
}

ganger_status release_twice(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{};
  if (const auto status = host->acquire(ctx, kInterface, nullptr, -1, &lease)) return status;
  ganger_lease copy = lease;
  host->release(ctx, &lease, GANGER_LEASE_CLEAN);
  host->release(ctx, &copy, GANGER_LEASE_CLEAN);
  return GANGER_OK;
}

ganger_status release_made_up(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{0xdeadbeef, ctx, host};
  host->release(ctx, &lease, GANGER_LEASE_CLEAN);
  return GANGER_OK;
}

ganger_status release_in_odd_state(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{};
  if (const auto status = host->acquire(ctx, kInterface, nullptr, -1, &lease)) return status;
  host->release(ctx, &lease, 99);
  return GANGER_OK;
}

ganger_status acquire_nonsense(Host *host, ganger_ctx *ctx, void *) {
  ganger_lease lease{};
  const bool is_refused = host->acquire(ctx, nullptr, nullptr, -1, &lease) != GANGER_OK &&
                          host->acquire(ctx, "no.such/1", "no-such-pool", 0, &lease) != GANGER_OK &&
                          host->acquire(ctx, kInterface, nullptr, 0, nullptr) != GANGER_OK;
  return is_refused ? GANGER_OK : GANGER_BUG;
}

// -- outputs, and the other services: done when the host refuses every one of them ---------------------------------

ganger_status refused(bool is_refused) { return is_refused ? GANGER_OK : GANGER_BUG; }

ganger_status huge_output(Host *host, ganger_ctx *ctx, void *) {
  const std::string text(16U << 20U, 'x');
  const ganger_value value = text_value(text);
  return refused(host->output(ctx, "huge", &value) != GANGER_OK);
}

ganger_status many_outputs(Host *host, ganger_ctx *ctx, void *) {
  const std::string text(1024, 'x');
  const ganger_value value = text_value(text);
  for (int i = 0; i < 1000; ++i)
    if (host->output(ctx, ("output-" + std::to_string(i)).c_str(), &value) != GANGER_OK) return GANGER_OK;
  return GANGER_BUG;
}

ganger_status odd_outputs(Host *host, ganger_ctx *ctx, void *) {
  ganger_value unknown{};
  unknown.type = 77;
  ganger_value nowhere{};
  nowhere.type = GANGER_STR;
  nowhere.u.s = {nullptr, 10};
  const ganger_value good = text_value("good");
  const std::string long_name(1000, 'n');
  return refused(host->output(ctx, "unknown-type", &unknown) != GANGER_OK &&
                 host->output(ctx, "null-text", &nowhere) != GANGER_OK &&
                 host->output(ctx, "no-value", nullptr) != GANGER_OK &&
                 host->output(ctx, nullptr, &good) != GANGER_OK && host->output(ctx, "", &good) != GANGER_OK &&
                 host->output(ctx, "Bad Name\n", &good) != GANGER_OK &&
                 host->output(ctx, long_name.c_str(), &good) != GANGER_OK);
}

ganger_status odd_questions(Host *host, ganger_ctx *ctx, void *) {
  ganger_value value{};
  const ganger_status none = host->param(ctx, "no-such-parameter", 0, &value);
  const ganger_status unnamed = host->param(ctx, nullptr, 0, &value);
  const ganger_status input = host->input(ctx, "no-such-task", "x", &value);
  host->log(ctx, 99, str("a level that is none"));
  host->log(ctx, GANGER_LOG_INFO, {nullptr, 0});
  host->progress(ctx, 10, 3, str("more done than there is"));
  host->off_stop(ctx, 424242);
  const bool has_interface = host->get_interface("no.such.interface/1") != nullptr;
  return refused(none != GANGER_OK && unnamed != GANGER_OK && input != GANGER_OK && !has_interface);
}

// -- pool kinds ---------------------------------------------------------------------------------------------------

struct Api {
  std::uint32_t struct_size;
};
const Api api = {sizeof(Api)};

int one_thing = 0;
ganger_status open(Host *, ganger_ctx *, void *, void **handle) {
  *handle = &one_thing;
  return GANGER_OK;
}
ganger_status open_throws(Host *, ganger_ctx *, void *, void **) { throw std::runtime_error("thrown out of open"); }
ganger_status open_nothing(Host *, ganger_ctx *, void *, void **handle) {
  *handle = nullptr;
  return GANGER_OK;
}
ganger_status not_ok(void *, void *) { return GANGER_FAILED; }
ganger_status throws(void *, void *) { throw 1; }
void close(void *, void *) {}
void close_throws(void *, void *) { throw std::runtime_error("thrown out of close"); }
void close_hangs(void *, void *) {
  std::fputs("hangs in close\n", stderr);
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// -- description --------------------------------------------------------------------------------------------------

using Run = ganger_status (*)(Host *, ganger_ctx *, void *);

constexpr ganger_need kBox = {sizeof(ganger_need), 1, kInterface, nullptr};
constexpr const ganger_need *kNeedsBox[] = {&kBox, nullptr};

constexpr ganger_task task(const char *name, const char *summary, Run run, const ganger_need *const *needs = nullptr,
                           std::uint32_t flags = 0) {
  return {sizeof(ganger_task), flags, name, summary, nullptr, needs, nullptr, nullptr, run};
}

const ganger_task tasks[] = {
    task("throw-error", "Throws a std::runtime_error out of run", throw_error),
    task("throw-number", "Throws 42 out of run", throw_number),
    task("garbage-status", "Returns 123456", garbage_status),
    task("negative-status", "Returns -1", negative_status),
    task("cancelled-unasked", "Says it was cancelled when nobody asked", cancelled_unasked),
    task("retry-always", "Fails with GANGER_RETRY each time", retry_always),
    task("exit", "Calls exit(0)", exit_0),
    task("exit-now", "Calls _exit(0)", exit_now),
    task("abort", "Calls abort()", abort_now),
    task("segfault", "Raises SIGSEGV", segfault),
    task("spin", "Never ends and never asks whether to", spin),
    task("spin-heavy", "The same on a worker", spin, nullptr, GANGER_TASK_HEAVY),
    task("control-characters", "Fails with a text that no terminal should see", fail_with_control_characters),
    task("leak", "Keeps a lease", leak, kNeedsBox),
    task("release-twice", "Gives a lease back twice", release_twice, kNeedsBox),
    task("release-made-up", "Gives back a lease it made up", release_made_up),
    task("release-in-odd-state", "Gives a lease back in state 99", release_in_odd_state, kNeedsBox),
    task("acquire-nonsense", "Borrows what is not there; done when that is refused", acquire_nonsense, kNeedsBox),
    task("huge-output", "Sets an output of 16 MiB; done when that is refused", huge_output),
    task("many-outputs", "Sets outputs until one is refused", many_outputs),
    task("odd-outputs", "Sets outputs of bad names and types; done when all are refused", odd_outputs),
    task("odd-questions", "Asks for what is not there; done when the host says so", odd_questions),
};

constexpr ganger_pool_kind kind(const char *name, const char *summary, decltype(ganger_pool_kind::open) open,
                                decltype(ganger_pool_kind::check) check, decltype(ganger_pool_kind::reset) reset,
                                decltype(ganger_pool_kind::close) close) {
  return {sizeof(ganger_pool_kind), 0, name, summary, kInterface, &api, nullptr, nullptr, open, check, reset, close};
}

const ganger_pool_kind kinds[] = {
    kind("box", "Sound; for the tasks that borrow", open, nullptr, nullptr, close),
    kind("open-throws", "Throws out of open", open_throws, nullptr, nullptr, close),
    kind("open-nothing", "Opens a NULL handle", open_nothing, nullptr, nullptr, close),
    kind("check-fails", "Is never fit to be lent again", open, not_ok, nullptr, close),
    kind("check-throws", "Throws out of check", open, throws, nullptr, close),
    kind("reset-fails", "Cannot be reset", open, nullptr, not_ok, close),
    kind("reset-throws", "Throws out of reset", open, nullptr, throws, close),
    kind("close-throws", "Throws out of close", open, nullptr, nullptr, close_throws),
    kind("close-hangs", "Says so and never returns from close", open, nullptr, nullptr, close_hangs),
};

}  // namespace

extern "C" const ganger_plugin *ganger_plugin_v1(const ganger_host *) {
  static const ganger_task *task_list[sizeof tasks / sizeof tasks[0] + 1];
  static const ganger_pool_kind *kind_list[sizeof kinds / sizeof kinds[0] + 1];
  for (std::size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) task_list[i] = &tasks[i];
  for (std::size_t i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) kind_list[i] = &kinds[i];
  static const ganger_plugin plugin = {
      sizeof(ganger_plugin), GANGER_ABI_MINOR, 0,         0,       HOSTILE_ID, "1.0.0",
      "Apache-2.0",          task_list,        kind_list, nullptr, nullptr};
  return &plugin;
}
