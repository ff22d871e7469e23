// ganger/testing.hpp itself: what it reports of tasks that break the rules, and how it makes faults, stops and time.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <ganger/testing.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using ganger::ctx;
using ganger::testing::host;
using ganger::testing::result;
using ganger::testing::value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr const char* kThing = "test.thing/1";
const std::uint32_t kThingApi = sizeof(kThingApi);

/// A task in the C of the ABI, so that it can do what the wrapper keeps authors from.
class Rogue {
 public:
  using body = std::function<ganger_status(const ganger_host&, ganger_ctx*)>;
  explicit Rogue(body b) : body_(std::move(b)) {
    task_.struct_size = sizeof(ganger_task);
    task_.name = "rogue";
    task_.user = this;
    task_.run = [](const ganger_host* h, ganger_ctx* c, void* self) {
      return static_cast<Rogue*>(self)->body_(*h, c);
    };
  }
  const ganger_task& task() const { return task_; }

 private:
  body body_;
  ganger_task task_{};
};

result run(host& h, Rogue::body b) { return h.run(Rogue(std::move(b)).task()); }
result run(Rogue::body b) {
  host h;
  return run(h, std::move(b));
}

ganger_status borrow(const ganger_host& sdk, ganger_ctx* c, ganger_lease* lease, std::int64_t wait_ns = -1) {
  return sdk.acquire(c, kThing, "", wait_ns, lease);
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

// ---- stop

TEST(Stop, ComesAtTheCallThatTheTestNames) {
  host h;
  h.stop_at_call(3, GANGER_STOP_DEADLINE);
  std::vector<std::int32_t> seen;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    for (int i = 0; i < 4; ++i) seen.push_back(sdk.stop_reason(c));
    return GANGER_CANCELLED;
  });

  EXPECT_THAT(seen, ElementsAre(GANGER_RUNNING, GANGER_RUNNING, GANGER_STOP_DEADLINE, GANGER_STOP_DEADLINE));
}

TEST(Stop, BeforeARunIsForTheNextRunOnly) {
  host h;
  h.stop();
  const Rogue rogue(
      [](const ganger_host& sdk, ganger_ctx* c) { return sdk.stop_reason(c) == 0 ? GANGER_OK : GANGER_CANCELLED; });

  EXPECT_EQ(h.run(rogue.task()).status, GANGER_CANCELLED);
  EXPECT_EQ(h.run(rogue.task()).status, GANGER_OK);
}

TEST(Stop, ACallbackThatTakesItselfOffIsABugAndNoDeadlock) {
  struct Call {
    const ganger_host* sdk;
    ganger_ctx* c;
    std::atomic<std::uint64_t> token;
    std::promise<void> done;
  };
  host h;

  const result r = run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    Call call{&sdk, c, {}, {}};
    std::promise<void> known;
    call.token = sdk.on_stop(
        c,
        [](void* p) {
          auto* self = static_cast<Call*>(p);
          self->sdk->off_stop(self->c, self->token);
          self->done.set_value();
        },
        &call);
    h.stop();
    call.done.get_future().wait();
    sdk.off_stop(c, call.token);
    return GANGER_CANCELLED;
  });

  EXPECT_THAT(r.bugs, ElementsAre("a stop callback takes itself off, which waits for ever"));
}

// ---- sweep

struct Careful {
  static constexpr const char* name = "careful";
  static constexpr const char* summary = "Stops wherever it is asked to";
  void run(ctx& c) {
    c.info("begins");
    const auto lease = c.borrow<std::uint32_t>(kThing);
    c.parallel(3, [&](std::uint64_t) { c.sleep_for(1h); });
    c.out("done", true);
  }
};

TEST(Sweep, FindsNothingInATaskThatStopsWell) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return h.run<Careful>();
  });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;
  EXPECT_TRUE(swept.at.ok()) << swept.at;
}

TEST(Sweep, FindsTheCallAtWhichAStopIsTakenForAFailure) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return run(h, [](const ganger_host& sdk, ganger_ctx* c) {
      sdk.progress(c, 0, 0, {"", 0});
      ganger_lease lease{};
      if (borrow(sdk, c, &lease) != GANGER_OK) return GANGER_FAILED;
      sdk.release(c, &lease, GANGER_LEASE_CLEAN);
      return GANGER_OK;
    });
  });

  EXPECT_EQ(swept.bad_call, 1U);
  EXPECT_EQ(swept.at.status, GANGER_FAILED);
}

TEST(Sweep, FindsALeaseThatOnlyAStopLeavesOut) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.pool("things", kThing, &kThingApi, nullptr);
    return run(h, [](const ganger_host& sdk, ganger_ctx* c) -> ganger_status {
      ganger_lease lease{};
      if (const auto s = borrow(sdk, c, &lease); s != GANGER_OK) return s;
      if (sdk.stop_reason(c) != GANGER_RUNNING) return GANGER_CANCELLED;
      sdk.release(c, &lease, GANGER_LEASE_CLEAN);
      return GANGER_OK;
    });
  });

  EXPECT_EQ(swept.bad_call, 2U);
  EXPECT_THAT(swept.at.leaked, ElementsAre("lease 1 of pool 'things'"));
}

// ---- time

struct Naps {
  static constexpr const char* name = "naps";
  static constexpr const char* summary = "Sleeps an hour, twice";
  void run(ctx& c) {
    for (int i = 0; i < 2; ++i) {
      c.sleep_for(1h);
      c.progress(static_cast<std::uint64_t>(i) + 1, 2, "naps");
    }
  }
};

TEST(Time, ASleepTakesMadeUpTimeOnly) {
  host h;
  const auto begin = h.now();
  const auto real_begin = std::chrono::steady_clock::now();

  const result r = h.run<Naps>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(h.now() - begin, 2h);
  EXPECT_LT(std::chrono::steady_clock::now() - real_begin, 1h);
}

TEST(Time, TheDeadlineEndsASleepWhereItIs) {
  host h;
  h.time_limit(90min);
  const auto begin = h.now();

  const result r = h.run<Naps>();

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_EQ(h.now() - begin, 90min);
  ASSERT_EQ(r.progress.size(), 1U);
  EXPECT_EQ(r.progress[0].done, 1U);
}

TEST(Time, AdvancedPastTheDeadlineIsAStop) {
  host h;
  h.time_limit(1s);
  std::int32_t reason = GANGER_RUNNING;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    h.advance(1s);
    reason = sdk.stop_reason(c);
    return GANGER_CANCELLED;
  });

  EXPECT_EQ(reason, GANGER_STOP_DEADLINE);
}

// ---- pools

TEST(Pools, AFaultComesAtTheAcquireThatTheTestNames) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr);
  h.fail_acquire_at(2, GANGER_TIMEOUT);
  std::vector<ganger_status> seen;

  run(h, [&](const ganger_host& sdk, ganger_ctx* c) {
    for (int i = 0; i < 3; ++i) {
      ganger_lease lease{};
      seen.push_back(borrow(sdk, c, &lease));
      if (lease.id != 0) sdk.release(c, &lease, GANGER_LEASE_CLEAN);
    }
    return GANGER_OK;
  });

  EXPECT_THAT(seen, ElementsAre(GANGER_OK, GANGER_TIMEOUT, GANGER_OK));
}

TEST(Pools, AWaitThatNobodyCanEndTakesMadeUpTimeOnly) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1);
  const auto begin = h.now();

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease first{}, second{};
    EXPECT_EQ(borrow(sdk, c, &first), GANGER_OK);
    EXPECT_EQ(borrow(sdk, c, &second, 5'000'000'000), GANGER_TIMEOUT);
    EXPECT_EQ(borrow(sdk, c, &second, 0), GANGER_TIMEOUT);
    sdk.release(c, &first, GANGER_LEASE_CLEAN);
    return GANGER_OK;
  });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(h.now() - begin, 5s);
}

TEST(Pools, AWaitPastTheDeadlineIsAStop) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1).time_limit(3s);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease first{}, second{};
    borrow(sdk, c, &first);
    const auto s = borrow(sdk, c, &second);
    sdk.release(c, &first, GANGER_LEASE_CLEAN);
    return s;
  });

  EXPECT_EQ(r.status, GANGER_CANCELLED);
  EXPECT_TRUE(r.is_clean()) << r;
}

struct Crowd {
  static constexpr const char* name = "crowd";
  static constexpr const char* summary = "Borrows from several threads";
  void run(ctx& c) {
    c.parallel(50, [&](std::uint64_t) {
      const auto lease = c.borrow<std::uint32_t>(kThing);
      std::this_thread::yield();
    });
  }
};

TEST(Pools, AWaitEndsWhenAnotherThreadGivesBack) {
  host h;
  h.pool("things", kThing, &kThingApi, nullptr, 1).threads(4);
  const auto begin = h.now();

  const result r = h.run<Crowd>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.returned.size(), 50U);
  EXPECT_EQ(h.now(), begin);
}

TEST(Pools, TwoThatOfferTheSameNeedAName) {
  host h;
  h.pool("a", kThing, &kThingApi, nullptr).pool("b", kThing, &kThingApi, nullptr);

  const result r = run(h, [](const ganger_host& sdk, ganger_ctx* c) {
    ganger_lease lease{};
    return borrow(sdk, c, &lease);
  });

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "several pools offer test.thing/1; name the one to borrow from");
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
