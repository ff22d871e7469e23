#include "host/stop/stop_source.h"

#include <fcntl.h>
#include <ganger/plugin.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <latch>

#include "host/descriptor.h"

namespace ganger::host {
namespace {

/// A callback that counts its calls, and can be held up in one.
struct Call {
  std::atomic<int> count{0};
  std::latch entered{1}, go_on{1};

  static void count_it(void* call) {
    ++static_cast<Call*>(call)->count;
    static_cast<Call*>(call)->entered.count_down();
  }
  static void block(void* call) {
    count_it(call);
    static_cast<Call*>(call)->go_on.wait();
  }
};

bool is_readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

TEST(StopSource, TheFirstReasonStays) {
  const auto stop = std::make_shared<StopSource>();
  EXPECT_EQ(stop->reason(), GANGER_RUNNING);

  stop->request(GANGER_STOP_DEADLINE);
  stop->request(GANGER_STOP_USER);

  EXPECT_EQ(stop->reason(), GANGER_STOP_DEADLINE);
}

TEST(StopSource, CallbacksAreCalledOnceOnAnotherThread) {
  const auto stop = std::make_shared<StopSource>();
  Call call;
  EXPECT_NE(stop->on_stop(&Call::count_it, &call), 0u);

  stop->request(GANGER_STOP_USER);
  call.entered.wait();
  stop->request(GANGER_STOP_USER);
  stop->end_attempt();

  EXPECT_EQ(call.count, 1);
}

TEST(StopSource, ARequestDoesNotWaitForACallbackThatBlocks) {
  const auto stop = std::make_shared<StopSource>();
  Call call;
  stop->on_stop(&Call::block, &call);

  stop->request(GANGER_STOP_USER);

  call.entered.wait();
  call.go_on.count_down();
  stop->end_attempt();
}

TEST(StopSource, OneThatIsRegisteredLateIsCalledAtOnce) {
  const auto stop = std::make_shared<StopSource>();
  stop->request(GANGER_STOP_USER);
  Call call;

  EXPECT_EQ(stop->on_stop(&Call::count_it, &call), 0u);

  EXPECT_EQ(call.count, 1);
}

TEST(StopSource, OneThatIsTakenOffIsNotCalled) {
  const auto stop = std::make_shared<StopSource>();
  Call off, on;
  const auto token = stop->on_stop(&Call::count_it, &off);
  stop->on_stop(&Call::count_it, &on);

  stop->off_stop(token);
  stop->request(GANGER_STOP_USER);
  on.entered.wait();
  stop->end_attempt();

  EXPECT_EQ(off.count, 0);
}

TEST(StopSource, TakingOffWaitsForTheCallThatIsGoingOn) {
  const auto stop = std::make_shared<StopSource>();
  Call call;
  const auto token = stop->on_stop(&Call::block, &call);
  stop->request(GANGER_STOP_USER);
  call.entered.wait();

  std::atomic<bool> is_off{false};
  std::thread taker([&] {
    stop->off_stop(token);
    is_off = true;
  });

  EXPECT_FALSE(is_off);
  call.go_on.count_down();
  taker.join();
}

TEST(StopSource, ACallbackMayTakeItselfOff) {
  struct Self {
    std::shared_ptr<StopSource> stop = std::make_shared<StopSource>();
    std::uint64_t token = 0;
    std::latch done{1};
  } self;
  self.token = self.stop->on_stop(
      [](void* p) {
        auto& s = *static_cast<Self*>(p);
        s.stop->off_stop(s.token);
        s.done.count_down();
      },
      &self);

  self.stop->request(GANGER_STOP_USER);

  self.done.wait();
  self.stop->end_attempt();
}

TEST(StopSource, TheDescriptorIsReadableFromTheRequestOn) {
  const auto early = std::make_shared<StopSource>();
  const auto late = std::make_shared<StopSource>();
  const int fd = early->fd();
  EXPECT_FALSE(is_readable(fd));

  early->request(GANGER_STOP_USER);
  late->request(GANGER_STOP_USER);

  EXPECT_TRUE(is_readable(fd));
  EXPECT_EQ(early->fd(), fd);
  EXPECT_TRUE(is_readable(late->fd()));
}

TEST(StopSource, WakesByTheDescriptorOfSomebodyElse) {
  const auto early = std::make_shared<StopSource>();
  const auto late = std::make_shared<StopSource>();
  const Descriptor woken_early(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      woken_late(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  early->wake_by(woken_early.get());
  EXPECT_FALSE(is_readable(woken_early.get()));

  early->request(GANGER_STOP_USER);
  late->request(GANGER_STOP_USER);
  late->wake_by(woken_late.get());

  EXPECT_TRUE(is_readable(woken_early.get()));
  EXPECT_TRUE(is_readable(woken_late.get()));
}

TEST(StopSource, WakesNobodyWhoHasGone) {
  const auto gone = std::make_shared<StopSource>();
  const auto ended = std::make_shared<StopSource>();
  const Descriptor woken(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  gone->wake_by(woken.get());
  ended->wake_by(woken.get());

  gone->wake_by(-1);
  gone->request(GANGER_STOP_USER);
  ended->end_attempt();
  ended->request(GANGER_STOP_USER);

  EXPECT_FALSE(is_readable(woken.get()));
}

TEST(StopSource, TheNextAttemptKnowsNothingOfTheLast) {
  const auto stop = std::make_shared<StopSource>();
  Call call;
  stop->fd();
  stop->on_stop(&Call::count_it, &call);
  stop->end_attempt();

  stop->begin_attempt();
  stop->request(GANGER_STOP_USER);
  stop->end_attempt();
  stop->begin_attempt();

  EXPECT_EQ(stop->reason(), GANGER_RUNNING);
  EXPECT_FALSE(is_readable(stop->fd()));
  EXPECT_EQ(call.count, 0);
}

TEST(StopSource, TheDescriptorIsClosedWhenTheAttemptEnds) {
  const auto stop = std::make_shared<StopSource>();
  const int fd = stop->fd();

  stop->end_attempt();

  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(StopSource, ARequestThatComesBetweenTwoAttemptsIsOfNeither) {
  const auto stop = std::make_shared<StopSource>();
  stop->fd();
  stop->end_attempt();
  stop->request(GANGER_STOP_USER);

  stop->begin_attempt();

  EXPECT_EQ(stop->reason(), GANGER_RUNNING);
  EXPECT_FALSE(is_readable(stop->fd()));
}

TEST(StopSource, AbandonedIsForEver) {
  const auto stop = std::make_shared<StopSource>();
  EXPECT_FALSE(stop->is_abandoned());

  stop->abandon();

  EXPECT_TRUE(stop->is_abandoned());
}

TEST(StopSource, RequestsAndRegistrationsOfManyThreadsMeet) {
  for (int round = 0; round < 200; ++round) {
    const auto stop = std::make_shared<StopSource>();
    std::atomic<int> calls{0};
    const auto count = [](void* p) { ++*static_cast<std::atomic<int>*>(p); };
    std::latch start{3};
    std::thread asker([&] {
      start.arrive_and_wait();
      stop->request(GANGER_STOP_USER);
    });
    std::thread other([&] {
      start.arrive_and_wait();
      stop->off_stop(stop->on_stop(count, &calls));
    });

    start.arrive_and_wait();
    stop->on_stop(count, &calls);
    asker.join();
    other.join();
    stop->end_attempt();

    EXPECT_LE(calls, 2);
  }
}

}  // namespace
}  // namespace ganger::host
