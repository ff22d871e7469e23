#include <gmock/gmock.h>
#include <poll.h>

#include <limits>

#include "tests/call/services_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ganger_value integer(std::int64_t i) { return Value::of_integer(i).borrowed(); }

bool is_readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

TEST(HostTable, SaysHowLargeItIsAndOfWhichMinor) {
  const ganger_host& host = *host_table();

  EXPECT_EQ(host.struct_size, sizeof(ganger_host));
  EXPECT_EQ(host.abi_minor, GANGER_ABI_MINOR);
  EXPECT_STREQ(host.name, "ganger");
  EXPECT_STREQ(host.version, GANGER_VERSION);
  EXPECT_EQ(host.get_interface("ganger.trace/1"), nullptr);
  EXPECT_EQ(host.get_interface(nullptr), nullptr);
}

TEST(HostTable, NoServiceMindsANullContext) {
  const ganger_host& host = *host_table();
  ganger_value value{};
  ganger_lease lease{};

  host.log(nullptr, GANGER_LOG_INFO, str("to nobody"));
  EXPECT_EQ(host.fail(nullptr, GANGER_RETRY, str("why")), GANGER_RETRY);
  EXPECT_EQ(host.stop_reason(nullptr), GANGER_RUNNING);
  EXPECT_EQ(host.stop_fd(nullptr), -1);
  EXPECT_EQ(host.deadline_ns(nullptr), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(host.on_stop(
                nullptr, [](void*) {}, nullptr),
            0U);
  host.off_stop(nullptr, 1);
  host.progress(nullptr, 1, 2, str("x"));
  EXPECT_EQ(host.param(nullptr, "a", 0, &value), GANGER_BAD_PARAM);
  EXPECT_EQ(host.input(nullptr, "a", "b", &value), GANGER_BAD_PARAM);
  EXPECT_EQ(host.output(nullptr, "a", &value), GANGER_BAD_PARAM);
  EXPECT_EQ(text(host.work_dir(nullptr)), "");
  EXPECT_EQ(host.acquire(nullptr, "x/1", nullptr, 0, &lease), GANGER_BAD_PARAM);
  host.release(nullptr, &lease, GANGER_LEASE_CLEAN);
  EXPECT_EQ(host.parallel(
                nullptr, 1, [](void*, std::uint64_t) { return 0; }, nullptr, 0),
            GANGER_BAD_PARAM);
}

TEST(HostTable, NoServiceMindsOtherNullPointers) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  ganger_value value{};
  ganger_lease lease{};

  rig.host.log(ctx, GANGER_LOG_INFO, {nullptr, 0});
  EXPECT_EQ(rig.host.fail(ctx, GANGER_FAILED, {nullptr, 7}), GANGER_FAILED);
  EXPECT_EQ(rig.host.on_stop(ctx, nullptr, nullptr), 0U);
  EXPECT_EQ(rig.host.param(ctx, nullptr, 0, &value), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.host.param(ctx, "a", 0, nullptr), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.input(ctx, nullptr, nullptr, &value), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.host.input(ctx, "a", "b", nullptr), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.output(ctx, "a", nullptr), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.output(ctx, nullptr, &value), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.acquire(ctx, nullptr, nullptr, 0, &lease), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.acquire(ctx, "x/1", nullptr, 0, nullptr), GANGER_BAD_PARAM);
  rig.host.release(ctx, nullptr, GANGER_LEASE_CLEAN);
  EXPECT_EQ(rig.host.parallel(ctx, 1, nullptr, nullptr, 0), GANGER_BAD_PARAM);
}

TEST(HostTable, ParamGivesEveryTypeAsItIs) {
  CallRig rig;
  rig.add_param("flag", GANGER_BOOL, {Value::of_bool(true)});
  rig.add_param("count", GANGER_I64, {Value::of_integer(-7)});
  rig.add_param("share", GANGER_F64, {Value::of_float(0.5)});
  rig.add_param("name", GANGER_STR, {Value::of_text("n")});
  rig.add_param("root", GANGER_PATH, {Value::of_text("/etc", GANGER_PATH)});
  rig.add_param("pause", GANGER_DURATION_NS, {Value::of_integer(5, GANGER_DURATION_NS)});
  rig.add_param("chunk", GANGER_SIZE, {Value::of_integer(64, GANGER_SIZE)});
  rig.add_param("token", GANGER_SECRET, {Value::of_text("s3", GANGER_SECRET)});
  ganger_ctx* ctx = rig.begin();

  for (const Param& param : rig.params) {
    ganger_value out{};
    ASSERT_EQ(rig.host.param(ctx, param.name.c_str(), 0, &out), GANGER_OK) << param.name;
    EXPECT_EQ(out.type, param.type) << param.name;
    EXPECT_EQ(shown(Value::copy_of(out)),
              shown(rig.owned[static_cast<std::size_t>(&param - rig.params.data())]->at(0)));
  }
  ganger_value secret{};
  rig.host.param(ctx, "token", 0, &secret);
  EXPECT_EQ(text(secret), "s3");
  EXPECT_EQ(secret.u.s.p[secret.u.s.n], '\0') << "texts of the host end in NUL";
}

TEST(HostTable, TheRunHearsOfAnOutputBeforeItIsSet) {
  CallRig rig;
  rig.scope.hears_outputs = true;
  ganger_ctx* ctx = rig.begin();
  ganger_value value{};
  value.type = GANGER_SECRET;
  value.u.s = {"t0ken", 5};

  EXPECT_EQ(rig.host.output(ctx, "token", &value), GANGER_OK);
  EXPECT_EQ(rig.host.output(ctx, "No name", &value), GANGER_BAD_PARAM);

  EXPECT_THAT(rig.scope.take(), ElementsAre("sets secret token=t0ken"));
}

TEST(HostTable, ParamWithoutAValueIsEmptyZeroOrFalse) {
  CallRig rig;
  for (const std::uint32_t type : {GANGER_BOOL, GANGER_I64, GANGER_F64, GANGER_STR, GANGER_PATH})
    rig.add_param("p" + std::to_string(type), type, {});
  ganger_ctx* ctx = rig.begin();

  for (const Param& param : rig.params) {
    ganger_value out{};
    out.u.i = 99;
    ASSERT_EQ(rig.host.param(ctx, param.name.c_str(), 0, &out), GANGER_OK) << param.name;
    EXPECT_EQ(out.type, param.type);
    if (param.type == GANGER_STR || param.type == GANGER_PATH) {
      ASSERT_NE(out.u.s.p, nullptr);
      EXPECT_EQ(text(out), "");
    } else {
      EXPECT_EQ(out.u.i, 0);
    }
    EXPECT_EQ(rig.host.param(ctx, param.name.c_str(), 1, &out), GANGER_NO_RESOURCE);
  }
}

TEST(HostTable, ParamGivesTheElementsOfAListAndNothingPastItsEnd) {
  CallRig rig;
  rig.add_param("list", GANGER_STR, {Value::of_text("a"), Value::of_text("b")}, GANGER_PARAM_LIST);
  rig.add_param("none", GANGER_STR, {}, GANGER_PARAM_LIST);
  ganger_ctx* ctx = rig.begin();
  ganger_value out{};

  ASSERT_EQ(rig.host.param(ctx, "list", 1, &out), GANGER_OK);
  EXPECT_EQ(text(out), "b");
  EXPECT_EQ(rig.host.param(ctx, "list", 2, &out), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.host.param(ctx, "none", 0, &out), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.host.param(ctx, "other", 0, &out), GANGER_NO_RESOURCE);
  EXPECT_EQ(text(out), "b") << "written only on GANGER_OK";
}

TEST(HostTable, InputStaysValidUntilTheCallEnds) {
  CallRig rig;
  rig.scope.inputs["scan.list"] = Value::of_text("/tmp/first", GANGER_PATH);
  ganger_ctx* ctx = rig.begin();
  ganger_value first{}, second{};

  ASSERT_EQ(rig.host.input(ctx, "scan", "list", &first), GANGER_OK);
  rig.scope.inputs["scan.list"] = Value::of_text("/tmp/another", GANGER_PATH);
  ASSERT_EQ(rig.host.input(ctx, "scan", "list", &second), GANGER_OK);

  EXPECT_EQ(first.type, static_cast<std::uint32_t>(GANGER_PATH));
  EXPECT_EQ(text(first), "/tmp/first");
  EXPECT_EQ(text(second), "/tmp/another");
  EXPECT_EQ(rig.host.input(ctx, "scan", "count", &first), GANGER_NO_RESOURCE);
}

TEST(HostTable, OutputKeepsTheLastValueOfEachName) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  const ganger_value one = integer(1), two = integer(2);

  EXPECT_EQ(rig.host.output(ctx, "count", &one), GANGER_OK);
  EXPECT_EQ(rig.host.output(ctx, "count", &two), GANGER_OK);

  const Outputs outputs = rig.ctx.take_outputs();
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(outputs.at("count").i, 2);
}

TEST(HostTable, OutputRefusesBadNamesAndTypes) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  const ganger_value good = integer(1);
  ganger_value none{}, unknown = good, no_text{};
  unknown.type = 99;
  no_text.type = GANGER_STR;
  no_text.u.s = {nullptr, 4};

  for (const char* name : {"", "A", "a b", "a.b", "\xc3\xa4"})
    EXPECT_EQ(rig.host.output(ctx, name, &good), GANGER_BAD_PARAM) << name;
  EXPECT_EQ(rig.host.output(ctx, std::string(63, 'a').c_str(), &good), GANGER_OK);
  EXPECT_EQ(rig.host.output(ctx, std::string(64, 'a').c_str(), &good), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.output(ctx, "a", &none), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.output(ctx, "a", &unknown), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.host.output(ctx, "a", &no_text), GANGER_BAD_PARAM);
  EXPECT_EQ(rig.ctx.take_outputs().size(), 1U);
}

TEST(HostTable, OutputsMayBe64KiBTogether) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  const Value half = Value::of_text(std::string(32 * 1024 - 1, 'x'));
  const Value more = Value::of_text(std::string(32 * 1024, 'x'));
  const Value huge = Value::of_text(std::string(64 * 1024 + 1, 'x'));
  const ganger_value half_c = half.borrowed(), more_c = more.borrowed(), huge_c = huge.borrowed(), one = integer(1);

  EXPECT_EQ(rig.host.output(ctx, "a", &half_c), GANGER_OK);
  EXPECT_EQ(rig.host.output(ctx, "b", &more_c), GANGER_NO_MEMORY);
  EXPECT_EQ(rig.host.output(ctx, "b", &huge_c), GANGER_NO_MEMORY);
  EXPECT_EQ(rig.host.output(ctx, "b", &half_c), GANGER_OK);
  EXPECT_EQ(rig.host.output(ctx, "c", &one), GANGER_NO_MEMORY);
  EXPECT_EQ(rig.host.output(ctx, "b", &one), GANGER_OK) << "the old value makes room";
  EXPECT_EQ(rig.host.output(ctx, "c", &one), GANGER_OK);
}

TEST(HostTable, TheWorkDirIsMadeOnceAndNotAgainWhenItExists) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();

  EXPECT_EQ(text(rig.host.work_dir(ctx)), "") << "it could not be made";
  rig.scope.folder = "/run/work/a";
  EXPECT_EQ(text(rig.host.work_dir(ctx)), "/run/work/a");
  EXPECT_EQ(text(rig.host.work_dir(ctx)), "/run/work/a");

  EXPECT_THAT(rig.scope.take(), ElementsAre("work_dir", "work_dir"));
}

TEST(HostTable, FailKeepsTheLastReasonAndReturnsItsStatus) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();

  EXPECT_EQ(rig.host.fail(ctx, GANGER_FAILED, str("first")), GANGER_FAILED);
  EXPECT_EQ(rig.host.fail(ctx, GANGER_RETRY, str("second")), GANGER_RETRY);

  EXPECT_EQ(rig.ctx.take_why(), "second");
}

TEST(HostTable, NothingOfACallIsLeftForTheNext) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  const ganger_value one = integer(1);
  rig.scope.folder = "/run/work/a";
  rig.host.fail(ctx, GANGER_FAILED, str("why"));
  rig.host.output(ctx, "count", &one);
  rig.host.work_dir(ctx);
  rig.ctx.end();

  rig.begin();
  rig.scope.folder = "/run/work/b";

  EXPECT_EQ(rig.ctx.take_why(), "");
  EXPECT_THAT(rig.ctx.take_outputs(), IsEmpty());
  EXPECT_EQ(text(rig.host.work_dir(rig.held())), "/run/work/b");
}

TEST(HostTable, LogAndProgressGoToTheScopeOfTheCall) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();

  rig.host.log(ctx, GANGER_LOG_WARN, str("careful"));
  rig.host.log(ctx, 77, str("a level of the future"));
  rig.host.log(ctx, -1, str("below all"));
  rig.host.progress(ctx, 3, 10, str("files"));

  EXPECT_THAT(rig.scope.take(), ElementsAre("3 careful", "4 a level of the future", "0 below all", "3/10 files"));
}

TEST(HostTable, LogWithoutAContextGoesToTheCallOfTheThreadElseToTheDefault) {
  CallRig rig;
  rig.begin();
  RecordingScope fallback;
  set_default_scope(&fallback);

  rig.host.log(nullptr, GANGER_LOG_INFO, str("outside"));
  {
    const CurrentCall current(&rig.ctx);
    rig.host.log(nullptr, GANGER_LOG_INFO, str("inside"));
  }
  set_default_scope(nullptr);
  rig.host.log(nullptr, GANGER_LOG_INFO, str("nowhere"));

  EXPECT_THAT(fallback.take(), ElementsAre("2 outside"));
  EXPECT_THAT(rig.scope.take(), ElementsAre("2 inside"));
}

TEST(HostTable, TheFirstReasonToStopStays) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  EXPECT_EQ(rig.host.stop_reason(ctx), GANGER_RUNNING);

  rig.stop->request(GANGER_STOP_DEADLINE);
  rig.stop->request(GANGER_STOP_USER);

  EXPECT_EQ(rig.host.stop_reason(ctx), GANGER_STOP_DEADLINE);
}

TEST(HostTable, TheDescriptorIsReadableOnceTheTaskShouldEnd) {
  CallRig early, late;
  const int fd = early.host.stop_fd(early.begin());
  EXPECT_FALSE(is_readable(fd));

  early.stop->request(GANGER_STOP_USER);
  late.stop->request(GANGER_STOP_USER);

  EXPECT_TRUE(is_readable(fd));
  EXPECT_EQ(early.host.stop_fd(early.held()), fd) << "one for the whole call";
  EXPECT_TRUE(is_readable(late.host.stop_fd(late.begin()))) << "made after the stop";
}

TEST(HostTable, TheDeadlineIsInNanosecondsOfTheMonotonicClock) {
  CallRig rig;
  EXPECT_EQ(rig.host.deadline_ns(rig.begin()), std::numeric_limits<std::int64_t>::max());

  rig.deadline = TimePoint(std::chrono::seconds(5));

  EXPECT_EQ(rig.host.deadline_ns(rig.begin()), 5'000'000'000);
}

TEST(HostTable, OnStopCallsBackOnceAnotherThreadAsksTheTaskToEnd) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  struct Seen {
    std::latch called{1};
    std::thread::id on;
  } seen;

  const std::uint64_t token = rig.host.on_stop(
      ctx,
      [](void* user) {
        static_cast<Seen*>(user)->on = std::this_thread::get_id();
        static_cast<Seen*>(user)->called.count_down();
      },
      &seen);
  rig.stop->request(GANGER_STOP_USER);
  seen.called.wait();
  rig.host.off_stop(ctx, token);

  EXPECT_NE(token, 0U);
  EXPECT_NE(seen.on, std::this_thread::get_id());
}

TEST(HostTable, OnStopCallsBackAtOnceWhenTheTaskShouldEndAlready) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  rig.stop->request(GANGER_STOP_USER);
  int calls = 0;

  const std::uint64_t token = rig.host.on_stop(
      ctx, [](void* n) { ++*static_cast<int*>(n); }, &calls);

  EXPECT_EQ(token, 0U);
  EXPECT_EQ(calls, 1);
  rig.host.off_stop(ctx, token);
}

TEST(HostTable, ACallbackThatWasTakenOffIsNotCalled) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  int calls = 0;
  std::latch other_called(1);
  const std::uint64_t token = rig.host.on_stop(
      ctx, [](void* n) { ++*static_cast<int*>(n); }, &calls);
  rig.host.on_stop(
      ctx, [](void* l) { static_cast<std::latch*>(l)->count_down(); }, &other_called);

  rig.host.off_stop(ctx, token);
  rig.stop->request(GANGER_STOP_USER);
  other_called.wait();
  rig.ctx.end();

  EXPECT_EQ(calls, 0);
}

TEST(HostTable, OffStopWaitsForACallbackThatRuns) {
  CallRig rig;
  ganger_ctx* ctx = rig.begin();
  struct Slow {
    std::latch entered{1}, may_leave{1};
    std::atomic<bool> has_left{false};
  } slow;
  const std::uint64_t token = rig.host.on_stop(
      ctx,
      [](void* user) {
        auto& s = *static_cast<Slow*>(user);
        s.entered.count_down();
        s.may_leave.wait();
        s.has_left = true;
      },
      &slow);
  rig.stop->request(GANGER_STOP_USER);
  slow.entered.wait();

  bool had_left = false;
  std::thread taking_off([&] {
    rig.host.off_stop(ctx, token);
    had_left = slow.has_left;
  });
  slow.may_leave.count_down();
  taking_off.join();

  EXPECT_TRUE(had_left);
}

}  // namespace
}  // namespace ganger::host
