#include "host/report/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "host/secrets.h"
#include "tests/fakes/notify_listener.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManager manager(Duration watchdog = {}) {
    return ServiceManager({.socket = name_, .watchdog = watchdog}, names_, stop_, seconds(20),
                          [this] { return view_; });
  }

  const TemporaryFolder folder_;
  const std::string name_ = (folder_.path() / "notify").string();
  const NotifyListener listener_{name_};
  Plan plan_;
  const RunNames names_{"1", "nightly", &plan_};
  Stop stop_{kNever};
  RunView view_{.total = 3, .ended = 0, .failed = 0, .running = {}, .running_count = 0};
  const TimePoint start_{seconds(100)};
};

TEST_F(ServiceManagerTest, ReadyComesWithWhatThereIsToDo) {
  manager().ready();

  EXPECT_THAT(listener_.heard(), ElementsAre("READY=1\nSTATUS=0 of 3 tasks have ended"));
}

TEST_F(ServiceManagerTest, NoSecretReachesTheServiceManager) {
  secrets_of_process().add("hunter2-of-the-lock");

  tell_nothing_to_run({.socket = name_, .watchdog = {}}, "lock hunter2-of-the-lock is held");

  EXPECT_THAT(listener_.heard(), ElementsAre("READY=1\nSTATUS=lock *** is held"));
}

TEST_F(ServiceManagerTest, TheStatusIsToldOnceASecondAndOnlyWhereItHasChanged) {
  ServiceManager service = manager();
  service.ready();
  service.beat(start_);
  listener_.heard();

  view_.ended = 1;
  EXPECT_EQ(service.beat(start_ + milliseconds(500)), start_ + seconds(1));
  EXPECT_THAT(listener_.heard(), IsEmpty());
  service.beat(start_ + seconds(1));
  EXPECT_THAT(listener_.heard(), ElementsAre("STATUS=1 of 3 tasks have ended"));
  service.beat(start_ + seconds(2));
  EXPECT_THAT(listener_.heard(), IsEmpty());
}

TEST_F(ServiceManagerTest, ASignOfLifeComesTwiceAsOftenAsItIsWantedAndFromNobodyElse) {
  ServiceManager service = manager(milliseconds(600));
  service.ready();
  listener_.heard();

  EXPECT_EQ(service.beat(start_), start_ + milliseconds(300));
  EXPECT_THAT(listener_.heard(), ElementsAre("WATCHDOG=1"));
  service.beat(start_ + milliseconds(299));
  EXPECT_THAT(listener_.heard(), IsEmpty());
  service.beat(start_ + milliseconds(300));
  EXPECT_THAT(listener_.heard(), ElementsAre("WATCHDOG=1"));
}

TEST_F(ServiceManagerTest, AStopIsToldOnceAndHasTheGraceAndMore) {
  ServiceManager service = manager();
  service.ready();
  service.beat(start_);
  listener_.heard();

  stop_.interrupt(15);
  service.beat(start_ + milliseconds(1));
  EXPECT_THAT(listener_.heard(), ElementsAre("STOPPING=1\nEXTEND_TIMEOUT_USEC=25000000",
                                             "STATUS=stopping after a signal: 0 of 3 tasks have ended"));
  service.beat(start_ + milliseconds(2));
  EXPECT_THAT(listener_.heard(), IsEmpty());
}

TEST_F(ServiceManagerTest, ADrainIsNoStopSinceWhatRunsHasItsTime) {
  ServiceManager service = manager();
  service.ready();
  listener_.heard();

  stop_.drain();
  service.beat(start_);

  EXPECT_THAT(listener_.heard(), ElementsAre("STATUS=draining: 0 of 3 tasks have ended"));
}

TEST_F(ServiceManagerTest, TheEndIsToldWithHowItWas) {
  ServiceManager service = manager();
  view_ = {.total = 3, .ended = 3, .failed = 1, .running = {}, .running_count = 0};

  service.ended("failed");

  EXPECT_THAT(listener_.heard(), ElementsAre("STOPPING=1\nSTATUS=failed: 3 of 3 tasks have ended, 1 failed"));
}

TEST_F(ServiceManagerTest, AQueueThatIsFullHoldsNobodyUp) {
  ServiceManager service = manager(milliseconds(2));
  service.ready();

  TimePoint now = start_;
  for (int i = 0; i < 10'000; ++i) service.beat(now += milliseconds(1));

  EXPECT_LT(listener_.heard().size(), 10'000u);
}

TEST_F(ServiceManagerTest, AnAbstractSocketIsSpokenToAsWell) {
  const std::string name = "@ganger-test-" + std::to_string(getpid());
  const NotifyListener listener(name);

  ServiceManager({.socket = name, .watchdog = {}}, names_, stop_, {}, [this] { return view_; }).ready();

  EXPECT_THAT(listener.heard(), ElementsAre(HasSubstr("READY=1")));
}

TEST_F(ServiceManagerTest, WhereNobodyListensNothingIsToBeDone) {
  for (const std::string& name : {std::string(), std::string("relative"), std::string("/nowhere/notify"),
                                  std::string("vsock:2:1"), "/" + std::string(200, 'x')}) {
    ServiceManager service({.socket = name, .watchdog = seconds(1)}, names_, stop_, {}, [this] { return view_; });
    service.ready();
    EXPECT_EQ(service.beat(start_), kNever) << name;
    service.ended("finished");
  }
}

TEST(ServiceSettings, AreTakenOutOfTheEnvironment) {
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);

  take_service_settings();

  EXPECT_EQ(service_settings().socket, "/run/notify");
  EXPECT_EQ(service_settings().watchdog, seconds(3));
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
    EXPECT_EQ(getenv(name), nullptr) << name;
}

TEST(ServiceSettings, AWatchdogOfAnotherProcessIsNotOurs) {
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", "1", 1);

  take_service_settings();

  EXPECT_EQ(service_settings().watchdog, Duration());
}

}  // namespace
}  // namespace ganger::host
