// Calls in children that go wrong: whatever a plugin does there, the host goes on and says what it was.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <ostream>
#include <sstream>

#include "host/text.h"
#include "tests/fakes/fake_clock.h"
#include "tests/isolate/children_rig.h"

namespace ganger::host::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

#ifdef __has_feature
constexpr bool kHasSanitizer = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

struct Fault {
  friend void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
  const char* name;
  const char* how;
  ganger_status status;
  bool has_crashed, is_in_doubt;
  const char* why;  ///< a part of it
};

constexpr Fault kFaults[] = {
    {"Segv", "segv", GANGER_FAILED, true, true, "SIGSEGV"},
    {"Abort", "abort", GANGER_FAILED, true, true, "SIGABRT"},
    {"ThrowOnAThread", "throw", GANGER_FAILED, true, true, "SIGABRT"},
    {"StackOverflow", "stack", GANGER_FAILED, true, true, "SIGSEGV"},
    {"KilledFromOutside", "killed", GANGER_FAILED, true, true, "SIGKILL, which this host did not send"},
    {"Exit", "exit", GANGER_FAILED, false, true, "the child ended with exit code 3 without a result"},
    {"ExitAtOnce", "_exit", GANGER_FAILED, false, true, "the child ended with exit code 0 without a result"},
    {"HalfAFrame", "half", GANGER_FAILED, false, true, "without a result"},
    {"AbsurdLength", "long", GANGER_FAILED, false, true, "broke the protocol: a frame of 4294967295 bytes"},
    {"UnknownKind", "unknown", GANGER_FAILED, false, true, "broke the protocol: a frame of unknown kind 99"},
    {"ClosedChannel", "close", GANGER_FAILED, false, true, "broke the protocol: it closed its channel"},
    {"Spin", "spin", GANGER_CANCELLED, false, true, "did not end within 50ms of being asked to"},
    {"Grandchild", "grandchild", GANGER_OK, false, false, ""},
    {"ClosedStreams", "closes-streams", GANGER_OK, false, false, ""},
};

class ChildFault : public ChildrenTest, public testing::WithParamInterface<Fault> {
 protected:
  IsolatedEnd misbehave() {
    if (std::string_view(GetParam().how) == "spin") stop->request(GANGER_STOP_DEADLINE);
    IsolatedEnd end = run("misbehave", {{"how", Value::of_text(GetParam().how)}});
    stop->begin_attempt();
    return end;
  }
};

TEST_P(ChildFault, ItIsTheEndOfTheTaskAndOfNothingElse) {
  const IsolatedEnd end = misbehave();
  const IsolatedEnd next = run("noop");

  EXPECT_EQ(end.status, GetParam().status) << end.why;
  EXPECT_EQ(end.has_crashed, GetParam().has_crashed) << end.why;
  EXPECT_EQ(end.is_in_doubt, GetParam().is_in_doubt) << end.why;
  EXPECT_THAT(end.why, HasSubstr(GetParam().why));
  EXPECT_EQ(next.status, GANGER_OK) << next.why;
}

TEST_P(ChildFault, ManyOfThemLeaveNothingBehind) {
  constexpr int kRounds = 5;
  misbehave();
  const std::size_t before = open_descriptors();

  for (int i = 0; i < kRounds; ++i) {
    dismiss_children();
    EXPECT_EQ(misbehave().status, GetParam().status);
  }

  dismiss_children();
  EXPECT_LE(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

INSTANTIATE_TEST_SUITE_P(Each, ChildFault, testing::ValuesIn(kFaults),
                         [](const auto& each) { return std::string(each.param.name); });

using ChildFaults = ChildrenTest;

TEST_F(ChildFaults, ACrashNamesPluginBuildTaskAndPlace) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("segv")}});

  EXPECT_THAT(end.why, AllOf(StartsWith("SIGSEGV"), HasSubstr("guest.so+0x"),
                             HasSubstr("plugin 'guest' 1.2.3 (build id "), HasSubstr("task 'the-task'")));
}

TEST_F(ChildFaults, ProcessesThatAreLeftAreKilledAndCounted) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("grandchild")}});

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_THAT(scope.recorded.take(), Contains("3 left 1 process running; it was killed"));
}

TEST_F(ChildFaults, APluginThatCrashesThreeTimesInAMinuteIsNotStartedAgain) {
  FakeClock fake;
  clock = &fake;
  for (int i = 0; i < 3; ++i) run("misbehave", {{"how", Value::of_text("abort")}});

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_FAILED);
  EXPECT_EQ(end.why, "plugin 'guest' has crashed 3 times within 60 s and is not started again in this run");
  EXPECT_FALSE(end.has_crashed);
}

TEST_F(ChildFaults, CrashesThatAreFartherApartAreBorne) {
  FakeClock fake;
  clock = &fake;
  for (int i = 0; i < 4; ++i) {
    run("misbehave", {{"how", Value::of_text("abort")}});
    fake.advance(31s);
  }

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
}

TEST_F(ChildFaults, TwoCrashesAreBorne) {
  for (int i = 0; i < 2; ++i) run("misbehave", {{"how", Value::of_text("abort")}});

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
}

TEST_F(ChildFaults, AFamilyIsGoneWithinASecondOfItsHostHoweverThatDies) {
  std::array<int, 2> says{};
  ASSERT_EQ(pipe2(says.data(), O_CLOEXEC), 0);
  Spawner spawner;
  auto host =
      spawner.start({.file = GANGER_HOST_SUBJECT,
                     .arguments = {"host", GANGER_PROGRAM, GANGER_GUEST_PLUGIN, settings.writable.string(), "family"},
                     .environment = {},
                     .descriptors = {{says[1], STDOUT_FILENO}}});
  ASSERT_TRUE(host) << host.error().message;
  close(says[1]);
  char line[64] = {};
  const bool has_said = read(says[0], line, sizeof(line) - 1) > 0;
  close(says[0]);
  ASSERT_TRUE(has_said);
  std::vector<Descriptor> family;
  std::istringstream pids(line);
  for (pid_t pid = 0; pids >> pid;) family.emplace_back(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_EQ(family.size(), 2u) << line;

  kill(host->pid(), SIGKILL);
  const auto until = std::chrono::steady_clock::now() + 1s;
  std::vector<int> gone;
  for (const Descriptor& member : family) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd watched{member.get(), POLLIN, 0};
    gone.push_back(poll(&watched, 1, std::max(0, static_cast<int>(rest.count()))));
  }

  EXPECT_THAT(gone, Each(1));
  host->wait(kNever);
  end_orphans([](pid_t) { return false; });
}

TEST_F(ChildFaults, TheCrashOfWhatItHasForkedIsNotItsOwn) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("fork-segv")}});

  EXPECT_TRUE(end.has_crashed);
  EXPECT_THAT(end.why, StartsWith("SIGKILL, which this host did not send"));
}

TEST_F(ChildFaults, ACrashAmongManyMappingsIsACrash) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("many-maps")}});

  EXPECT_TRUE(end.has_crashed) << end.why;
  EXPECT_THAT(end.why, StartsWith("SIGSEGV"));
}

TEST_F(ChildFaults, NoMoreOfATextIsSentThanIsTakenIn) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("long-texts")}});

  EXPECT_EQ(end.status, GANGER_FAILED);
  EXPECT_EQ(end.why.size(), kMostTakenBytes);
  for (const std::string& line : scope.recorded.take()) EXPECT_LE(line.size(), kMostTakenBytes + 8);
}

TEST_F(ChildFaults, MemoryIsLimited) {
  if (kHasSanitizer) GTEST_SKIP() << "a limit of the address space and a sanitizer exclude each other";
  sandbox.memory_bytes = 512ull << 20;

  const IsolatedEnd end = run("memory");

  EXPECT_EQ(end.status, GANGER_NO_MEMORY);
  EXPECT_THAT(end.why, HasSubstr("out of memory: an isolated task may use"));
  EXPECT_EQ(run("noop").status, GANGER_OK);
}

}  // namespace
}  // namespace ganger::host::test
