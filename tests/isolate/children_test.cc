// Calls in children that go well: every service, and children that stay warm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/isolate/sandbox/landlock.h"
#include "tests/isolate/children_rig.h"

namespace ganger::host::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Children = ChildrenTest;

TEST_F(Children, ACallEndsWellInAProcessOfItsOwn) {
  const IsolatedEnd end = run("where");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_NE(number(end, "pid"), getpid());
  EXPECT_EQ(text(end, "tmpdir"), settings.writable.string());
  EXPECT_FALSE(end.has_crashed);
}

TEST_F(Children, TheNextCallFindsTheChildWarm) {
  const auto first = number(run("where"), "pid");

  const auto second = number(run("where"), "pid");

  EXPECT_EQ(first, second);
}

TEST_F(Children, AnotherSandboxIsAnotherChild) {
  const auto first = number(run("where"), "pid");
  sandbox.network = false;

  const auto second = number(run("where"), "pid");
  sandbox.network = true;
  const auto third = number(run("where"), "pid");

  EXPECT_NE(first, second);
  EXPECT_EQ(first, third);
}

TEST_F(Children, AChildThatHasHadItsShareIsReplaced) {
  settings.calls_per_child = 2;
  const auto first = number(run("where"), "pid");
  const auto second = number(run("where"), "pid");

  const auto third = number(run("where"), "pid");

  EXPECT_EQ(first, second);
  EXPECT_NE(second, third);
}

TEST_F(Children, AChildThatKeepsTooMuchIsReplaced) {
  settings.most_resident_bytes = 400ull << 20;

  const auto first = number(run("hoard"), "pid");
  std::int64_t last = first;
  for (int i = 0; i < 8; ++i) last = number(run("hoard"), "pid");

  EXPECT_NE(last, first);
}

TEST_F(Children, AGrantThatLeadsNowhereIsAWarning) {
  if (Landlock::version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  sandbox.write.push_back(folder / "missing");

  run("noop");

  EXPECT_THAT(scope.recorded.take(), Contains(HasSubstr("missing' does not exist, so nothing was granted for it")));
}

TEST_F(Children, AChildThatHasEndedMeanwhileIsReplaced) {
  const auto first = number(run("where"), "pid");
  kill(static_cast<pid_t>(first), SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(first), &info, WEXITED | WNOWAIT);

  const IsolatedEnd end = run("where");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_NE(number(end, "pid"), first);
}

TEST_F(Children, NothingIsLeftOfThem) {
  const std::size_t before = open_descriptors();
  run("noop");

  dismiss_children();

  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

TEST_F(Children, ParametersOfEveryTypeArrive) {
  const IsolatedEnd end = run("echo", {{"text", Value::of_text(std::string("a\n\"\xc3\xa9"))}});

  ASSERT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(number(end, "flag"), 1);
  EXPECT_EQ(number(end, "number"), -7);
  EXPECT_EQ(end.outputs.at("real").f, 0.5);
  EXPECT_EQ(text(end, "text"), "a\n\"\xc3\xa9");
  EXPECT_EQ(text(end, "path"), "/a/path");
  EXPECT_EQ(end.outputs.at("path").type, std::uint32_t{GANGER_PATH});
  EXPECT_EQ(number(end, "time"), 3'000'000'000);
  EXPECT_EQ(end.outputs.at("time").type, std::uint32_t{GANGER_DURATION_NS});
  EXPECT_EQ(number(end, "size"), 1024);
  EXPECT_EQ(text(end, "secret"), "hush");
  EXPECT_EQ(end.outputs.at("secret").type, std::uint32_t{GANGER_SECRET});
  EXPECT_EQ(text(end, "list"), "x,y,");
}

TEST_F(Children, AParameterOfAMegabyteArrives) {
  const IsolatedEnd end = run("echo", {{"list", Value::of_text(std::string(1 << 20, 'x'))}});

  // The task has tried to set it as an output, for which it is too large.
  EXPECT_EQ(end.status, GANGER_NO_MEMORY);
  EXPECT_EQ(end.why, "cannot set output 'list'");
}

TEST_F(Children, LogProgressInputAndFolderWorkAsInTheHost) {
  scope.recorded.inputs["before.word"] = Value::of_text("hello");
  scope.recorded.folder = folder.folder("run/work");
  deadline = TimePoint(std::chrono::hours(1'000'000));

  const IsolatedEnd end = run("services");

  ASSERT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(text(end, "heard"), "hello");
  EXPECT_EQ(number(end, "no_such"), GANGER_NO_RESOURCE);
  EXPECT_EQ(text(end, "folder"), scope.recorded.folder);
  EXPECT_EQ(content_of(folder / "run/work/file"), "content");
  EXPECT_EQ(text(end, "bytes"), std::string("\0\xff\n", 3));
  EXPECT_EQ(number(end, "deadline"), deadline.time_since_epoch().count());
  EXPECT_EQ(number(end, "stop"), GANGER_RUNNING);
  // The two streams and the log are three ways; what was printed before a line was logged comes before it.
  std::vector<std::string> lines = scope.recorded.take();
  std::erase_if(lines, [](const std::string& l) { return l.starts_with("3"); });
  EXPECT_THAT(lines, ElementsAre("2 printed", "2 logged", "1/2 half", "work_dir"));
}

TEST_F(Children, WhatATaskWritesToStderrIsAWarningALine) {
  scope.recorded.inputs["before.word"] = Value::of_text("hello");
  scope.recorded.folder = folder.folder("run/work");

  run("services");

  std::vector<std::string> lines = scope.recorded.take();
  std::erase_if(lines, [](const std::string& l) { return !l.starts_with("3"); });
  EXPECT_THAT(lines, ElementsAre("3 complained", "3 without an end"));
}

TEST_F(Children, TheHostLearnsOfASecretOutputBeforeItIsMentioned) {
  secret_outputs = {"text"};
  scope.recorded.hears_outputs = true;

  run("echo", {{"text", Value::of_text("a word")}});

  EXPECT_THAT(scope.recorded.take(), ElementsAre("sets secret text=a word", "sets secret secret=hush"));
}

TEST_F(Children, LinesBelowTheWantedLevelAreNotSent) {
  settings.log_level = GANGER_LOG_DEBUG;
  scope.recorded.inputs["before.word"] = Value::of_text("hello");
  scope.recorded.folder = folder.folder("run/work");

  run("services");

  EXPECT_THAT(scope.recorded.take(), Contains("1 quiet"));
}

TEST_F(Children, WorkersHelpWithParallelWork) {
  settings.workers = 3;
  scope.recorded.inputs["before.word"] = Value::of_text("hello");

  const IsolatedEnd end = run("parallel");

  ASSERT_EQ(end.status, GANGER_OK) << end.why;
  EXPECT_EQ(number(end, "sum"), 64 * 63 / 2);
  EXPECT_GT(number(end, "threads"), 1);
  EXPECT_LE(number(end, "threads"), 3);
}

TEST_F(Children, AFailureComesWithItsReasonAndWithoutOutputs) {
  const IsolatedEnd end = run("fail", {{"status", Value::of_integer(GANGER_RETRY)}});

  EXPECT_EQ(end.status, GANGER_RETRY);
  EXPECT_EQ(end.why, "for a reason");
  EXPECT_THAT(end.outputs, IsEmpty());
  EXPECT_FALSE(end.has_crashed);
}

TEST_F(Children, AFloodOfOutputArrivesWholeAndInOrder) {
  const IsolatedEnd end = run("flood");

  ASSERT_EQ(end.status, GANGER_OK) << end.why;
  std::vector<std::string> lines = scope.recorded.take();
  std::erase_if(lines, [](const std::string& l) { return l.starts_with("2 logged"); });
  ASSERT_EQ(lines.size(), 20'003u);
  for (int i = 0; i < 20'000; ++i)
    ASSERT_EQ(lines[static_cast<std::size_t>(i)], "2 line " + std::to_string(i) + " of a flood that goes on and on");
  EXPECT_EQ(lines[20'000], "2 " + std::string(LinePipe::kMostLineBytes, 'x'));
  EXPECT_EQ(lines[20'002], "2 " + std::string(20'000 - 2 * LinePipe::kMostLineBytes, 'x'));
}

class ChildrenStop : public ChildrenTest, public testing::WithParamInterface<const char*> {};

TEST_P(ChildrenStop, AStopReachesTheTask) {
  scope.on_log = [&](std::string_view line) {
    if (line == "waits") stop->request(GANGER_STOP_USER);
  };

  const IsolatedEnd end = run("wait-for-stop", {{"how", Value::of_text(GetParam())}});

  EXPECT_EQ(end.status, GANGER_CANCELLED) << end.why;
  EXPECT_THAT(scope.recorded.take(), ElementsAre("2 waits", "2 stopped for 1"));
}

TEST_P(ChildrenStop, TheNextCallIsNotStopped) {
  scope.on_log = [&](std::string_view line) {
    if (line == "waits") stop->request(GANGER_STOP_USER);
  };
  run("wait-for-stop", {{"how", Value::of_text(GetParam())}});
  stop->begin_attempt();

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_OK) << end.why;
}

INSTANTIATE_TEST_SUITE_P(EachWay, ChildrenStop, testing::Values("poll", "fd", "callback"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(Children, AStopBeforeTheCallCounts) {
  settings.grace = 1h;  // a child may take its time to start
  stop->request(GANGER_STOP_DEADLINE);

  const IsolatedEnd end = run("wait-for-stop");

  EXPECT_EQ(end.status, GANGER_CANCELLED) << end.why;
  EXPECT_THAT(scope.recorded.take(), ElementsAre("2 waits", "2 stopped for 2"));
}

TEST_F(Children, WhatDoesNotStopIsKilled) {
  scope.on_log = [&](std::string_view line) {
    if (line == "waits") stop->request(GANGER_STOP_USER);
  };

  const IsolatedEnd end = run("wait-for-stop", {{"how", Value::of_text("never")}});

  EXPECT_EQ(end.status, GANGER_CANCELLED);
  EXPECT_EQ(end.why, "did not end within 50ms of being asked to; its child process was killed");
  EXPECT_FALSE(end.has_crashed);
  EXPECT_FALSE(has_children());
}

TEST_F(Children, ATaskCanBeKilledAtOnce) {
  settings.grace = 1h;
  scope.on_log = [&](std::string_view line) {
    if (line == "waits") children().kill(0);
  };

  const IsolatedEnd end = run("wait-for-stop", {{"how", Value::of_text("never")}});

  EXPECT_EQ(end.status, GANGER_CANCELLED);
  EXPECT_EQ(end.why, "its child process was killed");
  EXPECT_FALSE(has_children());
}

TEST_F(Children, AProgramThatIsNotThereIsWorthAnotherTry) {
  settings.program = "/no/such/program";

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_RETRY);
  EXPECT_THAT(end.why, HasSubstr("/no/such/program"));
}

TEST_F(Children, AFileThatHasChangedIsNotOpened) {
  settings.digest = [](const Plugin&) { return std::string(64, '0'); };

  const IsolatedEnd end = run("noop");

  EXPECT_EQ(end.status, GANGER_FAILED);
  EXPECT_THAT(end.why, AllOf(HasSubstr("guest.so"), HasSubstr("has changed since the run began")));
  EXPECT_FALSE(has_children());
}

TEST_F(ChildrenTest, AThreadThatATaskHasLeftSaysAndSetsNothingForTheNextOne) {
  RecordingScope of_no_task;
  set_default_scope(&of_no_task);

  const IsolatedEnd left = run("leave");
  const IsolatedEnd met = run("meet");

  set_default_scope(nullptr);
  EXPECT_EQ(left.status, GANGER_OK) << left.why;
  EXPECT_EQ(met.status, GANGER_OK) << met.why;
  EXPECT_EQ(met.outputs.size(), 1u) << "its own";
  EXPECT_THAT(scope.recorded.take(), testing::IsEmpty());
  EXPECT_THAT(
      of_no_task.take(),
      testing::ElementsAre("3 plugin 'guest' called ganger after run() had returned, which does nothing: a bug "
                           "of the plugin; task 'the-task' has left a thread behind"));
}

}  // namespace
}  // namespace ganger::host::test
