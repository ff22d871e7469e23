// What happens to a process while a plugin is opened in it: what is looked at, ended and put back.
#include "host/check/opening.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "host/check/process_state.h"
#include "host/isolate/process/new_children.h"
#include "host/isolate/process/process.h"

namespace ganger::host {
namespace {

namespace fs = std::filesystem;

/// A child that waits until it is killed.
pid_t start_child() {
  const pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  return child;
}

bool is_there(pid_t pid) { return kill(pid, 0) == 0; }

void end_child(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

/// Opens a plugin that does nothing but this.
Result<std::unique_ptr<Plugin>> open_that(const std::function<void()>& does) {
  return open_watched("/p.so", [&]() -> Result<std::unique_ptr<Plugin>> {
    does();
    return std::make_unique<Plugin>();
  });
}

std::string message_of(const Result<std::unique_ptr<Plugin>>& opened) {
  return opened ? "it was opened" : opened.error().message;
}

TEST(Opening, WhatDoesNothingIsOpened) {
  EXPECT_EQ(message_of(open_that([] {})), "it was opened");
}

TEST(Opening, AChildThatWasThereHidesNoNewOneAndStays) {
  const pid_t inherited = start_child();
  pid_t started = -1;

  const auto opened = open_that([&] { started = start_child(); });

  EXPECT_NE(message_of(opened).find("started a process"), std::string::npos) << message_of(opened);
  EXPECT_FALSE(is_there(started));
  EXPECT_TRUE(is_there(inherited));
  end_child(inherited);
}

TEST(Opening, WhatAChildHasLeftIsAProcessToo) {
  const auto opened = open_that([] {
    const pid_t child = fork();
    if (child == 0) {
      start_child();
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  });

  EXPECT_NE(message_of(opened).find("started a process"), std::string::npos) << message_of(opened);
  EXPECT_TRUE(own_children().empty());
}

TEST(Opening, AFolderAndAUmaskThatWereChangedAreAsBefore) {
  const fs::path folder = fs::current_path();
  const mode_t mask = umask(0);
  umask(mask);

  const auto opened = open_that([] {
    ASSERT_EQ(chdir("/"), 0);
    umask(0123);
  });

  EXPECT_NE(message_of(opened).find("changed the current directory, changed the umask"), std::string::npos);
  EXPECT_EQ(fs::current_path(), folder);
  EXPECT_EQ(umask(mask), mask);
}

TEST(Opening, ATimerThatWasArmedIsNoticedAndNeverGoesOff) {
  const auto has_timer = [] { return !ProcessState::now().timers.empty(); };
  const std::vector<std::function<void()>> ways = {
      [] { alarm(600); },
      [] {
        const itimerval far{.it_interval = {}, .it_value = {.tv_sec = 600, .tv_usec = 0}};
        setitimer(ITIMER_PROF, &far, nullptr);
      },
      [] {
        timer_t timer{};
        const itimerspec far{.it_interval = {}, .it_value = {.tv_sec = 600, .tv_nsec = 0}};
        if (timer_create(CLOCK_MONOTONIC, nullptr, &timer) == 0) timer_settime(timer, 0, &far, nullptr);
      }};

  for (const auto& arms_timer : ways) {
    const auto opened = open_that(arms_timer);

    EXPECT_NE(message_of(opened).find("its code armed a timer while"), std::string::npos) << message_of(opened);
    EXPECT_FALSE(has_timer());
  }
}

TEST(Opening, ATimerOfTheProcessIsNotThePlugins) {
  alarm(600);

  const auto opened = open_that([] {});

  EXPECT_EQ(message_of(opened), "it was opened");
  EXPECT_GT(alarm(0), 0U);
}

TEST(Opening, AnInterruptIsAsBefore) {
  struct sigaction before {};
  struct sigaction after {};
  sigaction(SIGTERM, nullptr, &before);

  static_cast<void>(open_that([] {}));

  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

TEST(NewChildren, AreEndedWithWhatTheyHaveStarted) {
  adopt_orphans();
  const pid_t known = start_child();
  const NewChildren children;
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t started = fork();
  if (started == 0) {
    const pid_t grandchild = start_child();
    if (write(pipes[1], &grandchild, sizeof grandchild) < 0) _exit(1);
    for (;;) pause();
  }
  pid_t grandchild = -1;
  ASSERT_EQ(read(pipes[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));

  children.end();

  EXPECT_FALSE(is_there(started));
  EXPECT_FALSE(is_there(grandchild));
  EXPECT_TRUE(is_there(known));
  end_child(known);
  close(pipes[0]);
  close(pipes[1]);
}

// -- what is looked at --------------------------------------------------------------------------------------------

void catch_it(int) {}
void catch_it_otherwise(int) {}

TEST(ProcessState, IsTheSameWhereNothingWasDone) {
  EXPECT_TRUE(changes(ProcessState::now(), ProcessState::now()).empty());
}

TEST(ProcessState, AThreadThatEndsHidesNone) {
  ProcessState before, after;
  before.threads = {10, 11};
  after.threads = {10, 12};

  EXPECT_EQ(changes(before, after), std::vector<std::string>{"started a thread"});
  after.threads = {10};
  EXPECT_TRUE(changes(before, after).empty());
}

TEST(ProcessState, KnowsEveryThread) {
  const ProcessState before = ProcessState::now();
  std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });

  EXPECT_EQ(changes(before, ProcessState::now()), std::vector<std::string>{"started a thread"});
}

TEST(ProcessState, KnowsWhatIsDoneAtASignal) {
  const auto set = [](int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(number, &action, nullptr);
    return ProcessState::now();
  };
  const std::vector<std::string> usr2{"changed what is done at SIGUSR2"};

  const ProcessState by_default = set(SIGUSR2, SIG_DFL), ignored = set(SIGUSR2, SIG_IGN),
                     caught = set(SIGUSR2, catch_it), otherwise = set(SIGUSR2, catch_it_otherwise);
  set(SIGUSR2, SIG_DFL);

  EXPECT_EQ(changes(by_default, ignored), usr2);
  EXPECT_EQ(changes(ignored, caught), usr2);
  EXPECT_EQ(changes(caught, otherwise), usr2);
  EXPECT_EQ(changes(otherwise, by_default), usr2);
  const int last = SIGRTMAX;
  EXPECT_EQ(changes(by_default, set(last, catch_it)).size(), 1U);
  set(last, SIG_DFL);
}

TEST(ProcessState, KnowsTheUmask) {
  const mode_t mask = umask(0026);
  const ProcessState state = ProcessState::now();
  umask(mask);

  EXPECT_EQ(state.umask, 0026U);
}

}  // namespace
}  // namespace ganger::host
