// ganger/testing.hpp itself: what it reports of tasks that break the rules, and of plugins.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/sdk/rogue.h"

namespace sdk_test {
namespace {

using ganger::testing::host;
using ganger::testing::result;
using ganger::testing::value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- texts

TEST(Texts, OneThatIsTooLongIsCutAndMarkedAsByARealHost) {
  const std::string longest(200 * 1024, 'x');
  const ganger_str text{longest.data(), longest.size()};

  const result r = run([&](const ganger_host& sdk, ganger_ctx* c) {
    sdk.log(c, GANGER_LOG_INFO, text);
    sdk.progress(c, 1, 2, text);
    return sdk.fail(c, GANGER_FAILED, text);
  });

  ASSERT_EQ(r.logs.size(), 1U);
  ASSERT_EQ(r.progress.size(), 1U);
  for (const std::string& kept : {r.logs[0].text, r.progress[0].what, r.why}) {
    EXPECT_EQ(kept.size(), 64U * 1024);
    EXPECT_THAT(kept, ::testing::EndsWith("x ... (cut after 64 KiB)"));
  }
}

// ---- what is left behind

TEST(Leaks, ATaskThatLeavesNothingIsClean) {
  const result r = run([](const ganger_host&, ganger_ctx*) { return GANGER_OK; });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.calls, 0U);
}

TEST(Leaks, ALeaseThatIsStillOutIsNamedWithItsPool) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease lease{};
    return borrow(sdk, c, &lease);
  });

  EXPECT_THAT(r.leaked, ElementsAre("lease 1 of pool 'things'"));
  EXPECT_FALSE(r.ok());
}

TEST(Leaks, AStopCallbackThatNobodyTookOff) {
  const result r = run([](const ganger_host& sdk, ganger_ctx* c) {
    sdk.on_stop(
        c, [](void*) {}, nullptr);
    return GANGER_OK;
  });

  EXPECT_THAT(r.leaked, ElementsAre("stop callback"));
}

TEST(Leaks, ADescriptorIsNamedWithWhatItIsOf) {
  int fd = -1;

  const result r = run([&](const ganger_host&, ganger_ctx*) {
    fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return GANGER_OK;
  });
  ::close(fd);

  ASSERT_EQ(r.leaked.size(), 1U) << r;
  EXPECT_EQ(r.leaked[0], "descriptor " + std::to_string(fd) + " (/dev/null)");
}

TEST(Leaks, TheStopDescriptorIsTheHosts) {
  const result r =
      run([](const ganger_host& sdk, ganger_ctx* c) { return sdk.stop_fd(c) >= 0 ? GANGER_OK : GANGER_BUG; });

  EXPECT_TRUE(r.ok()) << r;
}

TEST(Leaks, AThreadThatIsStillRunning) {
  std::promise<void> end;
  std::thread left;

  const result r = run([&](const ganger_host&, ganger_ctx*) {
    left = std::thread([&] { end.get_future().wait(); });
    return GANGER_OK;
  });
  end.set_value();
  left.join();

  ASSERT_EQ(r.leaked.size(), 1U) << r;
  EXPECT_THAT(r.leaked[0], HasSubstr("thread "));
}

// ---- rules broken

TEST(Bugs, ALeaseGivenBackTwice) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease lease{};
    borrow(sdk, c, &lease);
    ganger_lease again = lease;
    sdk.release(c, &lease, GANGER_LEASE_CLEAN);
    EXPECT_EQ(lease.id, 0U);
    sdk.release(c, &again, GANGER_LEASE_CLEAN);
    return GANGER_OK;
  });

  EXPECT_THAT(r.bugs, ElementsAre("gives back a lease that is not out"));
  EXPECT_THAT(r.leaked, IsEmpty());
}

TEST(Bugs, AnUndeclaredParameter) {
  const result r = run([](const ganger_host& sdk, ganger_ctx* c) {
    ganger_value v{};
    return sdk.param(c, "size", 0, &v) == GANGER_NO_RESOURCE ? GANGER_OK : GANGER_BUG;
  });

  EXPECT_EQ(r.status, GANGER_OK);
  EXPECT_THAT(r.bugs, ElementsAre("reads the parameter 'size', which it does not declare"));
}

TEST(Bugs, CancelledThoughNobodyAskedForIt) {
  const result r = run([](const ganger_host&, ganger_ctx*) { return GANGER_CANCELLED; });

  EXPECT_THAT(r.bugs, ElementsAre("returned GANGER_CANCELLED although nothing asked it to stop"));
}

TEST(Bugs, AnExceptionThatLeavesThePlugin) {
  const result r = run([](const ganger_host&, ganger_ctx*) -> ganger_status { throw std::runtime_error("out"); });

  EXPECT_EQ(r.status, GANGER_BUG);
  EXPECT_THAT(r.bugs, ElementsAre("an exception leaves run()"));
}

TEST(Bugs, AnotherWorkingDirectory) {
  const auto here = std::filesystem::current_path();

  const result r = run([](const ganger_host&, ganger_ctx*) {
    std::filesystem::current_path("/");
    return GANGER_OK;
  });
  std::filesystem::current_path(here);

  EXPECT_THAT(r.bugs, ElementsAre("changed the working directory to /"));
}

TEST(Bugs, ASignalHandler) {
  const result r = run([](const ganger_host&, ganger_ctx*) {
    ::signal(SIGUSR2, SIG_IGN);
    return GANGER_OK;
  });
  ::signal(SIGUSR2, SIG_DFL);

  EXPECT_THAT(r.bugs, ElementsAre("changed the handler of signal " + std::to_string(SIGUSR2)));
}

TEST(Bugs, CheckBorrows) {
  ganger_task t{};
  t.struct_size = sizeof(ganger_task);
  t.check = [](const ganger_host* sdk, ganger_ctx* c, void*) {
    ganger_lease lease{};
    return borrow(*sdk, c, &lease);
  };
  host h;

  const result r = h.check(t);

  EXPECT_EQ(r.status, GANGER_BUG);
  EXPECT_THAT(r.bugs, ElementsAre("check() calls acquire(), which is for run()"));
}

// ---- a plugin by its entry

int begun = 0, ended = 0;

const ganger_plugin* entry(const ganger_host*) {
  static const Rogue rogue([](const ganger_host& sdk, ganger_ctx* c) {
    sdk.log(c, GANGER_LOG_INFO, ganger::str("at work"));
    return GANGER_OK;
  });
  static const ganger_task* const tasks[] = {&rogue.task(), nullptr};
  static ganger_plugin p{};
  p.struct_size = sizeof(ganger_plugin);
  p.id = "test";
  p.tasks = tasks;
  p.init = [](const ganger_host*) -> ganger_status {
    ++begun;
    return GANGER_OK;
  };
  p.deinit = [] { ++ended; };
  return &p;
}

TEST(Plugin, BeginsBeforeItsFirstTaskAndEndsWithTheHost) {
  begun = ended = 0;
  {
    host h;

    EXPECT_TRUE(h.run(entry, "rogue").logged("at work"));
    h.run(entry, "rogue");

    EXPECT_EQ(begun, 1);
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(ended, 1);
}

TEST(Plugin, ATaskItDoesNotHaveIsNotRun) {
  host h;

  const result r = h.run(entry, "rouge");

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "not run: test has no task 'rouge'");
}

// ---- result

TEST(Result, TellsAllThereIsForTheMessageOfATest) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease lease{};
    borrow(sdk, c, &lease);
    const value bob("bob");
    const ganger_value v = bob.borrowed();
    sdk.output(c, "greeted", &v);
    sdk.log(c, GANGER_LOG_WARN, ganger::str("careful"));
    return sdk.fail(c, GANGER_RETRY, ganger::str("busy"));
  });

  std::ostringstream text;
  text << r;
  EXPECT_EQ(text.str(),
            "retry (2) after 4 calls: busy\n"
            "  leaked: lease 1 of pool 'things'\n"
            "  output greeted: \"bob\"\n"
            "  log: careful");
}

}  // namespace
}  // namespace sdk_test
