// A run that a service manager has started.
#include <gmock/gmock.h>

#include <csignal>

#include "ganger_process.h"
#include "tests/fakes/notify_listener.h"

namespace ganger::host::test {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Service : public GangerTest {
 protected:
  Process service(std::vector<std::string> arguments) const {
    return ganger(std::move(arguments)).with_env("NOTIFY_SOCKET", socket_);
  }

  const std::string socket_ = (folder_ / "notify").string();
  const NotifyListener listener_{socket_};
};

TEST_F(Service, ARunSaysThatItIsReadyAndHowItEnds) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.fail\"\n");

  service({"run", "j.toml"}).end().exits(3);

  const auto heard = listener_.heard();
  ASSERT_FALSE(heard.empty());
  EXPECT_THAT(heard.front(), HasSubstr("READY=1\nSTATUS="));
  EXPECT_THAT(heard.front(), HasSubstr(" of 1 tasks have ended"));  // it may have by then
  EXPECT_EQ(heard.back(), "STOPPING=1\nSTATUS=failed: 1 of 1 tasks have ended, 1 failed");
}

TEST_F(Service, AResumedRunDoesSoToo) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.fail\"\n");
  run_ganger("run", "j.toml").exits(3);

  service({"resume"}).end().exits(3);

  EXPECT_THAT(listener_.heard(), Contains(HasSubstr("READY=1")));
}

TEST_F(Service, WhatCannotRunIsNeverReady) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.nonsense\"\n");

  service({"run", "j.toml"}).end().exits(66);

  EXPECT_THAT(listener_.heard(), ElementsAre());
}

TEST_F(Service, ALockThatIsTakenIsNoFailureForWhoWaitsUntilItIsReady) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.sleep\"\nwith = { for = \"60s\", say = \"sleeping\" }\n");
  std::vector<std::string> heard;
  const auto start_again = [&](pid_t pid) {
    service({"run", "j.toml", "--lock", "nightly"}).end().exits(75);
    heard = listener_.heard();
    kill(pid, SIGTERM);
  };

  ganger({"run", "j.toml", "--lock", "nightly"}).acted_on(start_again, "sleeping").end().exits(2);

  EXPECT_THAT(heard, ElementsAre("READY=1\nSTATUS=another run holds the lock 'nightly'; nothing was run"));
}

TEST_F(Service, NorIsARunThatHasFinishedAndIsResumed) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");
  run_ganger("run", "j.toml").exits(0);

  service({"resume"}).end().exits(0);

  EXPECT_THAT(listener_.heard(), ElementsAre(HasSubstr("READY=1\nSTATUS=run ")));
}

TEST_F(Service, ASignalIsAnsweredWithAStopThatHasTheGrace) {
  write("j.toml",
        "grace = \"20s\"\n[[task]]\nname = \"a\"\nuses = \"demo.sleep\"\nwith = { for = \"60s\", say = \"sleeping\" "
        "}\n");

  service({"run", "j.toml"}).signalled(SIGTERM, "sleeping").end().exits(2);

  const auto heard = listener_.heard();
  EXPECT_THAT(heard, Contains("STOPPING=1\nEXTEND_TIMEOUT_USEC=25000000"));
  EXPECT_EQ(heard.back(), "STOPPING=1\nSTATUS=interrupt: 1 of 1 tasks have ended");
}

TEST_F(Service, TheWatchdogHearsThatItLivesForAsLongAsItRuns) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"demo.sleep\"\nwith = { for = \"60s\", say = \"sleeping\" }\n");
  std::size_t signs = 0;
  const auto hear_signs = [&](pid_t pid) {
    while (signs < 3)
      for (const std::string& heard : listener_.heard()) signs += heard == "WATCHDOG=1" ? 1 : 0;
    kill(pid, SIGTERM);
  };

  service({"run", "j.toml"}).with_env("WATCHDOG_USEC", "20000").acted_on(hear_signs, "sleeping").end().exits(2);

  EXPECT_GE(signs, 3u);
}

TEST_F(Service, CommandsOfTasksDoNotSpeakForTheRun) {
  write("j.toml", "[[task]]\nname = \"a\"\nuses = \"exec.run\"\nwith = { argv = [\"env\"] }\n");

  service({"run", "j.toml", "-v"})
      .with_env("WATCHDOG_USEC", "60000000")
      .with_env("KEPT", "1")
      .end()
      .exits(0)
      .says("KEPT=1")
      .never_says("NOTIFY_SOCKET")
      .never_says("WATCHDOG");
}

}  // namespace ganger::host::test
