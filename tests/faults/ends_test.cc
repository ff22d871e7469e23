// E01 to E10: tasks that end as tasks must not, or do not end.
#include <gtest/gtest.h>

#include <csignal>

#include "fault_test.h"

namespace ganger::host::test {

using E01InProcess = InProcess;
using E01Isolated = Isolated;
using E02InProcess = InProcess;
using E02Isolated = Isolated;
using E03InProcess = InProcess;
using E03Isolated = Isolated;
using E04InProcess = InProcess;
using E04Isolated = Isolated;
using E05InProcess = InProcess;
using E05Isolated = Isolated;
using E06InProcess = InProcess;
using E06Isolated = Isolated;
using E07InProcess = InProcess;
using E07Isolated = Isolated;
using E08Isolated = Isolated;
using E09InProcess = InProcess;
using E09Isolated = Isolated;
using E10InProcess = InProcess;
using E10Isolated = Isolated;

namespace {

using std::chrono::seconds;

/// One way to take a process along.
struct Crash {
  const char* task;
  const char* how;
  int signal;
  const char* name;
};

constexpr Crash kSignals[] = {{"demo.crash", "segv", SIGSEGV, "SIGSEGV"},
                              {"faulty.do", "sigbus", SIGBUS, "SIGBUS"},
                              {"faulty.do", "sigfpe", SIGFPE, "SIGFPE"}};
constexpr Crash kAborts[] = {{"demo.crash", "abort", SIGABRT, "SIGABRT"},
                             {"faulty.do", "terminate", SIGABRT, "SIGABRT"}};
constexpr Crash kOverflow = {"demo.crash", "stack", SIGSEGV, "SIGSEGV"};

std::string plugin_of(const Crash& crash) {
  const std::string task = crash.task;
  return task.substr(0, task.find('.'));
}

void expect_failures_of_the_task(const FaultTest& t) {
  t.run(t.task("a", "rude.throw-error") + t.witness("a")).exits(3).says("a failed").says("thrown out of run");
  t.run(t.task("a", "rude.throw-number") + t.witness("a")).exits(3).says("a failed");
  t.run(t.task("a", "faulty.do", how("throw-odd")) + t.witness("a")).exits(3).says("an exception of unknown type");
  t.run(t.task("a", "demo.fail", "kind = \"throw\", message = \"no luck\"") + t.witness("a"))
      .exits(3)
      .says("no luck");
  EXPECT_EQ(t.count("seen", "end witness"), 4);
}

/// The process ends by the signal, says of whom it was, and the next start knows what was in the middle.
void expect_end_of_the_host(const FaultTest& t, const Crash& crash) {
  const Ended run = t.run(t.task("a", crash.task, how(crash.how)) + t.witness("a"));
  const Ended show = t.later("show");
  const Ended refused = t.later("resume");

  EXPECT_EQ(run.signal, crash.signal) << run.err;
  run.says(std::string("ganger: ") + crash.name).says(plugin_of(crash) + ".so+0x");
  // A thread of the plugin's own belongs to no task.
  if (std::string_view(crash.how) != "terminate") run.says("in task 'a' of plugin '" + plugin_of(crash) + "'");
  t.expect_no_witness();
  show.exits(0).prints("killed").prints("in doubt");
  refused.says("--assume");
  EXPECT_NE(refused.code, 0);
  t.expect_no_witness();
  t.later("resume", {"--assume", "done"}).exits(0);
  t.expect_witness();
  std::filesystem::remove(t.folder_ / "seen");
}

/// The task has crashed, of which the host tells more than the signal, and goes on.
void expect_end_of_the_child(const FaultTest& t, const Crash& crash) {
  const Ended run = t.run(t.task("a", crash.task, how(crash.how)) + t.witness("a"));

  run.exits(3).says(std::string("a crashed")).says(crash.name);
  run.says("plugin '" + plugin_of(crash) + "'").says("task 'a'").says(plugin_of(crash) + ".so+0x");
  t.expect_witness();
  std::filesystem::remove(t.folder_ / "seen");
}

void expect_timeout(const FaultTest& t, const std::string& task_text, std::string_view why) {
  const Ended run = t.run(task_text + t.witness("a"), {"--grace", "300ms"});

  run.exits(3).says("a timed_out").says(why).takes_less_than(seconds(5));
  t.expect_witness();
  std::filesystem::remove(t.folder_ / "seen");
}

constexpr std::string_view kSoon = "timeout = \"200ms\"";

}  // namespace

// -- exceptions ---------------------------------------------------------------------------------------------------

TEST_F(E01InProcess, ExceptionsAreFailuresOfTheTaskAndOthersGoOn) { expect_failures_of_the_task(*this); }

TEST_F(E01Isolated, ExceptionsAreFailuresOfTheTaskAndOthersGoOn) { expect_failures_of_the_task(*this); }

// -- signals ------------------------------------------------------------------------------------------------------

TEST_F(E02InProcess, TheHostDiesOfTheSignalWithANoteAndResumeAsksWhatBecameOfTheTask) {
  for (const Crash& crash : kSignals) expect_end_of_the_host(*this, crash);
}

TEST_F(E02Isolated, TheTaskHasCrashedWithATraceAndOthersGoOn) {
  for (const Crash& crash : kSignals) expect_end_of_the_child(*this, crash);
}

TEST_F(E03InProcess, TheHostDiesOfTheAbortWithANoteAndResumeAsksWhatBecameOfTheTask) {
  for (const Crash& crash : kAborts) expect_end_of_the_host(*this, crash);
}

TEST_F(E03Isolated, TheTaskHasCrashedWithATraceAndOthersGoOn) {
  for (const Crash& crash : kAborts) expect_end_of_the_child(*this, crash);
}

// -- exit ---------------------------------------------------------------------------------------------------------

TEST_F(E04InProcess, AnExitIsNoSuccessAndResumeAsksWhatBecameOfTheTask) {
  const Ended run = this->run(task("a", "demo.crash", how("exit")) + witness("a"));
  const Ended refused = later("resume");

  run.exits(3).says("exit").says("'a'");
  expect_no_witness();
  refused.says("--assume");
  EXPECT_NE(refused.code, 0);
  later("resume", {"--assume", "done"}).exits(0);
  expect_witness();
}

TEST_F(E04InProcess, AnExitThatNobodySeesIsSeenAtTheNextStart) {
  run(task("a", "faulty.do", how("exit-now")) + witness("a"));
  const Ended refused = later("resume");

  expect_no_witness();
  refused.says("--assume");
  EXPECT_NE(refused.code, 0);
  later("resume", {"--assume", "done"}).exits(0);
  expect_witness();
}

TEST_F(E04Isolated, AnExitWithoutAResultIsAFailureAndOthersGoOn) {
  for (const auto& [type, word] : {std::pair{"demo.crash", "exit"}, {"faulty.do", "exit-now"}})
    run(task("a", type, how(word)) + witness("a"))
        .exits(3)
        .says("a failed")
        .says("ended with exit code 0 without a result");
  EXPECT_EQ(count("seen", "end witness"), 2);
}

// -- the stack ----------------------------------------------------------------------------------------------------

TEST_F(E05InProcess, TheHostDiesOfItWithANoteAndResumeAsksWhatBecameOfTheTask) {
  expect_end_of_the_host(*this, kOverflow);
}

TEST_F(E05Isolated, TheTaskHasCrashedWithATraceAndOthersGoOn) { expect_end_of_the_child(*this, kOverflow); }

// -- no end -------------------------------------------------------------------------------------------------------

TEST_F(E06InProcess, ItsTimeoutEndsIt) {
  expect_timeout(*this, task("a", "demo.sleep", "for = \"60s\"", kSoon), "took longer than its timeout of 200ms");
}

TEST_F(E06Isolated, ItsTimeoutEndsIt) {
  expect_timeout(*this, task("a", "demo.sleep", "for = \"60s\"", kSoon), "took longer than its timeout of 200ms");
}

TEST_F(E07InProcess, ItsThreadIsGivenUpAfterTheGraceAndOthersGoOn) {
  expect_timeout(*this, task("a", "demo.crash", how("spin"), kSoon), "its thread was given up");
}

TEST_F(E07InProcess, MoreOfThemThanAreReplacedDoNotKeepTheRunFromItsEnd) {
  std::string tasks;
  for (const char* name : {"a", "b", "c", "d"})
    tasks += task(name, "faulty.do", how("hang"), "heavy = true\ntimeout = \"200ms\"");

  const Ended run = this->run(tasks + witness("a"), {"--grace", "200ms", "-k", "-j", "2"});

  EXPECT_NE(run.code, 0);
  EXPECT_EQ(run.signal, 0);
  run.says("its thread was given up").takes_less_than(seconds(10));
}

TEST_F(E07Isolated, TheChildIsKilledAfterTheGraceAndOthersGoOn) {
  expect_timeout(*this, task("a", "faulty.do", how("hang"), kSoon), "its child process was killed");
}

TEST_F(E08Isolated, TheChildIsKilledAllTheSame) {
  expect_timeout(*this, task("a", "demo.crash", how("spin"), kSoon), "its child process was killed");
  expect_timeout(*this, task("a", "faulty.do", how("block-signals"), kSoon), "its child process was killed");
}

// -- processes that are left --------------------------------------------------------------------------------------

// That none is left is looked at after every test; see FaultTest.
TEST_F(E09InProcess, WhatIsLeftIsEndedWithTheRunAndCounted) {
  for (const char* word : {"process", "session"})
    run(task("a", "faulty.do", how(word)) + witness("a")).exits(0).says("process running; it was ended");
  run(task("a", "demo.crash", how("orphan")) + witness("a")).exits(0).says("process running; it was ended");
  EXPECT_EQ(count("seen", "end witness"), 3);
}

TEST_F(E09Isolated, WhatIsLeftIsKilledWithItsTaskAndCounted) {
  for (const char* word : {"process", "session"})
    run(task("a", "faulty.do", how(word)) + witness("a")).exits(0).says("left 1 process running; it was killed");
  run(task("a", "demo.crash", how("orphan")) + witness("a")).exits(0).says("left 1 process running; it was killed");
  EXPECT_EQ(count("seen", "end witness"), 3);
}

// -- memory -------------------------------------------------------------------------------------------------------

TEST_F(E10InProcess, NothingProtectsTheHostButALimitFromOutsideMakesItAFailure) {
  if (kHasSanitizer) GTEST_SKIP() << "a limit of the address space and a sanitizer exclude each other";

  job(task("a", "demo.crash", how("memory")) + witness("a"))
      .limited(RLIMIT_AS, 1U << 30U)
      .end()
      .exits(3)
      .says("a failed")
      .says("out of memory");

  expect_witness();
}

TEST_F(E10Isolated, TheLimitOfItsSandboxMakesItAFailureAndOthersGoOn) {
  if (kHasSanitizer) GTEST_SKIP() << "a limit of the address space and a sanitizer exclude each other";

  run(task("a", "demo.crash", how("memory"), "sandbox = { memory = \"512MiB\" }") + witness("a"))
      .exits(3)
      .says("a failed")
      .says("out of memory");

  expect_witness();
}

}  // namespace ganger::host::test
