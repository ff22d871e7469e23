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
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>

#include "host/isolate/process/process_tree.h"
#include "host/text.h"
#include "tests/fakes/fake_clock.h"
#include "tests/isolate/children_rig.h"

namespace ganger::host::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
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
    if (std::string_view(GetParam().how) == "spin") {
      run("noop");  // the grace is for the task, not for the start of its child
      stop->request(GANGER_STOP_DEADLINE);
    }
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

/// A host of its own that can be killed, with a task in a child that has said its numbers.
class HostToKill : public ChildrenTest {
 protected:
  void start(const char* how) {
    std::array<int, 2> says{};
    ASSERT_EQ(pipe2(says.data(), O_CLOEXEC), 0);
    auto host =
        spawner_.start({.file = GANGER_HOST_SUBJECT,
                        .arguments = {"host", GANGER_PROGRAM, GANGER_GUEST_PLUGIN, settings.writable.string(), how},
                        .environment = {},
                        .descriptors = {{says[1], STDOUT_FILENO}}});
    ASSERT_TRUE(host) << host.error().message;
    host_ = std::move(*host);
    close(says[1]);
    char line[64] = {};
    const bool has_said = read(says[0], line, sizeof(line) - 1) > 0;
    close(says[0]);
    ASSERT_TRUE(has_said);
    std::istringstream numbers(line);
    for (pid_t pid = 0; numbers >> pid;) family.push_back(pid);
    ASSERT_FALSE(family.empty());
  }

  void kill_host() { kill(host_.pid(), SIGKILL); }
  /// Then only the child's own sweep counts.
  void kill_guardian() {
    PidList all;
    add_children(host_.pid(), all);
    for (const pid_t pid : all)
      if (pid != family.front()) kill(pid, SIGKILL);
  }
  void stop_host() { kill(host_.pid(), SIGSTOP); }

  std::vector<Descriptor> watch_family() const {
    std::vector<Descriptor> watched;
    for (const pid_t pid : family) watched.emplace_back(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    return watched;
  }

  void TearDown() override {
    host_.wait(kNever);
    end_orphans([](pid_t) { return false; });
  }

  std::vector<pid_t> family;

 private:
  Spawner spawner_;
  Process host_;
};

/// One number for each: 1 = it has ended by then.
std::vector<int> are_gone(const std::vector<Descriptor>& family, TimePoint until) {
  std::vector<int> gone;
  for (const Descriptor& member : family) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd watched{member.get(), POLLIN, 0};
    gone.push_back(poll(&watched, 1, std::max(0, static_cast<int>(rest.count()))));
  }
  return gone;
}

class FamilyOfAKilledHost : public HostToKill, public testing::WithParamInterface<const char*> {};

TEST_P(FamilyOfAKilledHost, IsGoneWithinASecond) {
  start(GetParam());
  kill_guardian();
  const std::vector<Descriptor> watched = watch_family();

  kill_host();

  EXPECT_THAT(are_gone(watched, std::chrono::steady_clock::now() + 1s), AllOf(Each(1), SizeIs(family.size())));
}

// The kernel hangs up on a group that loses its parent and has a stopped process.
INSTANTIATE_TEST_SUITE_P(Each, FamilyOfAKilledHost, testing::Values("family", "stopped-family"),
                         [](const auto& each) { return each.param[0] == 'f' ? "Deaf" : "Stopped"; });

TEST_F(HostToKill, ItsFamilyIsGoneAlsoWhenItsChildIsKilledTogetherWithIt) {
  start("family");
  const std::vector<Descriptor> watched = watch_family();
  ASSERT_GT(family.size(), 1u);

  stop_host();  // so that neither can look after what the other one leaves
  kill(family.front(), SIGKILL);
  kill_host();

  EXPECT_THAT(are_gone(watched, std::chrono::steady_clock::now() + 10s), Each(1));
}

char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t at = text.rfind(')');
  return at == std::string::npos ? '?' : text[at + 2];
}

TEST_F(HostToKill, ItsFamilyIsGoneAlsoWhenThatTakesLong) {
  start("crowd");
  kill_guardian();
  const pid_t child = family.front();
  PidList crowd;
  add_children(child, crowd);
  family.assign(crowd.begin(), crowd.end());
  const std::vector<Descriptor> watched = watch_family();
  ASSERT_GE(family.size(), 300u);

  kill_host();
  // In the middle of it everybody who may be at it is held up for longer than any patience.
  while (state_of(family.front()) == 'S') {
  }
  kill(child, SIGSTOP);
  PidList now;
  add_children(child, now);
  const std::set<pid_t> known(family.begin(), family.end());
  now.keep_if([&](pid_t pid) { return !known.contains(pid); });
  for (const pid_t pid : now) kill(pid, SIGSTOP);
  const bool is_in_the_middle = state_of(family.front()) != '?' && state_of(family.back()) != '?';
  std::this_thread::sleep_for(1500ms);
  kill(child, SIGCONT);
  for (const pid_t pid : now) kill(pid, SIGCONT);

  EXPECT_THAT(are_gone(watched, std::chrono::steady_clock::now() + 20s), Each(1));
  EXPECT_TRUE(is_in_the_middle) << "this has shown nothing";
}

TEST_F(ChildFaults, AQuickChainOfProcessesIsEndedWithItsCall) {
  const IsolatedEnd end = run("misbehave", {{"how", Value::of_text("chain")}});
  const IsolatedEnd next = run("noop");
  dismiss_children();

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(next.status, GANGER_OK) << next.why;
  EXPECT_FALSE(has_children());
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
