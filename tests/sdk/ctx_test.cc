// What the C++ wrapper makes of the C calls, seen by a task.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/sdk/scripted.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

struct Silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

struct Ending {
  const char* name;
  std::function<void(ctx&)> body;
  ganger_status status;
  const char* why;
};

class Guard : public ::testing::TestWithParam<Ending> {};

TEST_P(Guard, TurnsHowRunEndsIntoAStatus) {
  host h;
  if (GetParam().status == GANGER_CANCELLED) h.stop();

  const result r = run(h, GetParam().body);

  EXPECT_EQ(r.status, GetParam().status);
  EXPECT_EQ(r.why, GetParam().why);
  EXPECT_TRUE(r.is_clean()) << r;
}

INSTANTIATE_TEST_SUITE_P(
    Ctx, Guard,
    ::testing::Values(Ending{"Return", [](ctx&) {}, GANGER_OK, ""},
                      Ending{"Error", [](ctx&) { throw ganger::error("no luck"); }, GANGER_FAILED, "no luck"},
                      Ending{"ErrorWithStatus", [](ctx&) { throw ganger::error(GANGER_RETRY, "busy"); }, GANGER_RETRY,
                             "busy"},
                      Ending{"Stopped", [](ctx& c) { c.throw_if_stopped(); }, GANGER_CANCELLED, ""},
                      Ending{"BadAlloc", [](ctx&) { throw std::bad_alloc(); }, GANGER_NO_MEMORY, "out of memory"},
                      Ending{"StdException", [](ctx&) { throw std::out_of_range("17"); }, GANGER_FAILED, "17"},
                      Ending{"AnExceptionThatSaysNothing", [](ctx&) { throw Silent(); }, GANGER_FAILED,
                             "an exception that says nothing"},
                      Ending{"AnythingElse", [](ctx&) { throw 17; }, GANGER_BUG, "an exception of unknown type"}),
    [](const auto& param) { return param.param.name; });

TEST(Ctx, ReadsAParameterOfEachType) {
  const result r = run([](ctx& c) {
    EXPECT_TRUE(c.get<bool>("flag"));
    EXPECT_EQ(c.get<int>("count"), 4);
    EXPECT_EQ(c.get<std::uint64_t>("count"), 4U);
    EXPECT_EQ(c.get<double>("ratio"), 0.5);
    EXPECT_EQ(c.get<double>("count"), 4.0);
    EXPECT_EQ(c.get<std::string>("text"), "hello");
    EXPECT_EQ(c.get<std::filesystem::path>("file"), "/etc/hosts");
    EXPECT_EQ(c.get<std::chrono::nanoseconds>("wait"), 90s);
    EXPECT_EQ(c.get<std::int64_t>("most"), 65536);
    EXPECT_EQ(c.get<std::string>("password"), "xyzzy");
    EXPECT_THAT(c.get_list<std::string>("names"), ElementsAre("a", "b"));
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST(Ctx, AParameterReadAsAnotherTypeIsABug) {
  const std::vector<std::function<void(ctx&)>> wrong = {
      [](ctx& c) { c.get<int>("text"); },   [](ctx& c) { c.get<std::string>("count"); },
      [](ctx& c) { c.get<bool>("count"); }, [](ctx& c) { c.get<int>("flag"); },
      [](ctx& c) { c.get<int>("ratio"); },  [](ctx& c) { c.get<std::chrono::nanoseconds>("most"); }};

  for (const auto& body : wrong) {
    const result r = run(body);

    EXPECT_EQ(r.status, GANGER_BUG);
    EXPECT_THAT(r.why, ::testing::EndsWith("is read as another type than it has"));
  }
}

TEST(Ctx, AnIntegerThatDoesNotFitIsRefusedAndNotCut) {
  host h;
  h.param("count", std::numeric_limits<std::int64_t>::max());

  const result narrow = run(h, [](ctx& c) { c.get<int>("count"); });
  h.param("count", -1);
  const result negative = run(h, [](ctx& c) { c.get<unsigned>("count"); });

  EXPECT_EQ(narrow.status, GANGER_BAD_PARAM);
  EXPECT_EQ(narrow.why, "'count' is out of range: 9223372036854775807");
  EXPECT_EQ(negative.status, GANGER_BAD_PARAM);
}

TEST(Ctx, AParameterThatIsNotThereIsABug) {
  const result r = run([](ctx& c) { c.get<int>("cuont"); });

  EXPECT_EQ(r.status, GANGER_BUG);
  EXPECT_EQ(r.why, "no parameter 'cuont'");
}

TEST(Ctx, ReadsTheOutputOfAnotherTask) {
  host h;
  h.input("scan", "list", std::filesystem::path("/tmp/list"));

  const result there = run(h, [](ctx& c) { EXPECT_EQ(c.input<std::filesystem::path>("scan", "list"), "/tmp/list"); });
  const result absent = run(h, [](ctx& c) { c.input<int>("scan", "count"); });

  EXPECT_TRUE(there.ok()) << there;
  EXPECT_EQ(absent.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(absent.why, "no output 'scan.count'");
}

TEST(Ctx, SetsAnOutputOfEachType) {
  const result r = run([](ctx& c) {
    c.out("flag", true);
    c.out("count", 4U);
    c.out("ratio", 0.5F);
    c.out("text", "hello");
    c.out("file", std::filesystem::path("/etc/hosts"));
    c.out("took", 3ms);
  });

  ASSERT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("flag"), true);
  EXPECT_EQ(r.outputs.at("count"), 4);
  EXPECT_EQ(r.outputs.at("ratio"), 0.5);
  EXPECT_EQ(r.outputs.at("text"), "hello");
  EXPECT_EQ(r.outputs.at("file").type(), std::uint32_t{GANGER_PATH});
  EXPECT_EQ(r.outputs.at("took"), 3ms);
}

TEST(Ctx, AnOutputThatTheHostRefusesFailsTheTask) {
  const result name = run([](ctx& c) { c.out("Not A Name", 1); });
  const result size = run([](ctx& c) { c.out("big", std::string(65537, 'x')); });

  EXPECT_EQ(name.status, GANGER_BAD_PARAM);
  EXPECT_EQ(name.why, "cannot set output 'Not A Name'");
  EXPECT_EQ(size.status, GANGER_NO_MEMORY);
  EXPECT_THAT(size.outputs, IsEmpty());
}

TEST(Ctx, TheWorkDirIsAFolderOfTheTasksOwn) {
  std::filesystem::path dir;
  {
    host h;
    const result r = run(h, [&](ctx& c) {
      dir = c.work_dir();
      EXPECT_EQ(c.work_dir(), dir);
    });

    EXPECT_TRUE(r.ok()) << r;
    EXPECT_TRUE(std::filesystem::is_directory(dir));
  }
  EXPECT_FALSE(std::filesystem::exists(dir));
}

TEST(Ctx, TheDeadlineIsOnTheClockOfNow) {
  host h;
  h.time_limit(10s);

  const result limited = run(h, [](ctx& c) { EXPECT_EQ(c.deadline().value() - c.now(), 10s); });
  const result free = run([](ctx& c) { EXPECT_EQ(c.deadline(), std::nullopt); });

  EXPECT_TRUE(limited.ok()) << limited;
  EXPECT_TRUE(free.ok()) << free;
}

TEST(Ctx, SleepWithoutAHostsClockIsReal) {
  host h;
  h.interface(GANGER_CLOCK_INTERFACE, nullptr);
  const auto begin = std::chrono::steady_clock::now();

  const result r = run(h, [](ctx& c) { c.sleep_for(3ms); });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 3ms);
}

TEST(Ctx, AStopEndsASleepOfAnyLength) {
  host h;
  h.interface(GANGER_CLOCK_INTERFACE, nullptr);
  h.stop_at_call(2);  // sleep_for asks whether to stop, then for the descriptor to wait at

  const result r = run(h, [](ctx& c) { c.sleep_for(std::chrono::nanoseconds::max()); });

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_TRUE(r.is_clean()) << r;
}

// ---- stop callbacks

TEST(StopCallback, IsCalledOnceTheTaskShouldEnd) {
  host h;

  const result r = run(h, [&](ctx& c) {
    std::promise<std::thread::id> called;
    const auto on_stop = c.on_stop([&] { called.set_value(std::this_thread::get_id()); });
    h.stop();
    EXPECT_NE(called.get_future().get(), std::this_thread::get_id());
    c.throw_if_stopped();
  });

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_TRUE(r.is_clean()) << r;
}

TEST(StopCallback, IsCalledAtOnceWhenItIsTooLate) {
  host h;
  h.stop();
  bool called = false;

  run(h, [&](ctx& c) {
    const auto on_stop = c.on_stop([&] { called = true; });
    EXPECT_TRUE(called);
  });

  EXPECT_TRUE(called);
}

TEST(StopCallback, IsNotCalledAfterItsScope) {
  host h;
  bool called = false;

  run(h, [&](ctx& c) {
    {
      const auto on_stop = c.on_stop([&] { called = true; });
    }
    h.stop();
  });

  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sdk_test
