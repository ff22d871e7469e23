// E27 to E29: a machine that has no more to give, and a clock that cannot be trusted.
#include <gtest/gtest.h>

#include <cerrno>

#include "fault_test.h"

namespace ganger::host::test {

using E27InProcess = InProcess;
using E27Isolated = Isolated;
using E28InProcess = InProcess;
using E28Isolated = Isolated;
using E29InProcess = InProcess;
using E29Isolated = Isolated;

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr const char* kNoPreload = "a sanitizer wants to be loaded before everything else";

Process failing(Process process, const std::string& call, int error, int n, bool only_once = false) {
  process.with_env("LD_PRELOAD", FAILING_CALLS);
  process.with_env("FAILING_CALL",
                   call + ":" + std::to_string(error) + ":" + std::to_string(n) + (only_once ? ":" : ""));
  return process;
}

std::string marks(const FaultTest& t) {
  return t.task("a", "faulty.mark", "file = " + t.path("marks"), "heavy = true") + t.witness("a");
}

/// The call fails from the n-th time on, or once, for n = 1, 2, ... until the run is finished; before that it is
/// never said to be, and `judge` looks at it.
template <class Judge>
int walk(const FaultTest& t, const std::string& call, int error, const Judge& judge, bool only_once = false) {
  constexpr int kMost = 200;
  for (int n = 1; n < kMost; ++n) {
    SCOPED_TRACE(call + " fails at its call " + std::to_string(n));
    for (const char* left : {".local", "seen", "marks"}) fs::remove_all(t.folder_ / left);
    const Ended run = failing(t.job(marks(t), {"--timeout", "1m"}), call, error, n, only_once).end();
    EXPECT_EQ(run.signal, 0) << run.err;
    run.takes_less_than(seconds(20));
    if (run.code == 0) {
      t.expect_witness();
      EXPECT_EQ(t.count("marks", "end ran"), 1);
      return n;
    }
    EXPECT_NE(run.err, "");
    judge(run);
    if (testing::Test::HasFailure()) return n;
  }
  ADD_FAILURE() << "it is called more than " << kMost << " times";
  return kMost;
}

void expect_io_errors_told(const FaultTest& t) {
  const auto judge = [](const Ended& run) { run.exits(74).says("journal"); };
  EXPECT_GT(walk(t, "pwrite64", ENOSPC, judge), 3);
  EXPECT_GT(walk(t, "pwrite64", EIO, judge), 3);
  failing(t.job(marks(t)), "pwrite64", EROFS, 1).end().exits(74);
}

/// Whatever cannot be had, the run is not said to be finished unless it is, and no signal ends it. Nor does it wait
/// for its deadline.
void expect_no_crash(const FaultTest& t) {
  const auto judge = [&](const Ended& run) { EXPECT_GT(run.code, 0) << run.err; };
  for (const char* call : {"eventfd", "pipe2", "socketpair"}) walk(t, call, EMFILE, judge);
  for (const char* call : {"pthread_create", "posix_spawn"}) walk(t, call, EAGAIN, judge);
  for (const char* call : {"pthread_create", "posix_spawn"}) walk(t, call, EAGAIN, judge, true);
}

void expect_no_crash_without_descriptors(const FaultTest& t) {
  constexpr int kEnough = 64;
  bool is_finished = false;
  for (int most = 4; most <= kEnough && !is_finished; ++most) {
    SCOPED_TRACE(std::to_string(most) + " descriptors");
    for (const char* left : {".local", "seen", "marks"}) fs::remove_all(t.folder_ / left);
    const Ended run = t.job(marks(t)).limited(RLIMIT_NOFILE, static_cast<rlim_t>(most)).end();
    EXPECT_EQ(run.signal, 0) << run.err;
    is_finished = run.code == 0;
    if (is_finished) t.expect_witness();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_TRUE(is_finished);
}

void expect_steady_deadlines(const FaultTest& t) {
  const auto jumping = [](Process process) {
    return process.with_env("LD_PRELOAD", FAILING_CALLS).with_env("JUMPING_CLOCK", "1").end();
  };
  jumping(
      t.job(t.task("a", "demo.sleep", "for = \"300ms\"", "timeout = \"20s\"") + t.witness("a"), {"--timeout", "1m"}))
      .exits(0)
      .says("a done")
      .takes_less_than(seconds(15));
  jumping(t.job(t.task("a", "demo.sleep", "for = \"60s\"", "timeout = \"200ms\"") + t.witness("a")))
      .exits(3)
      .says("a timed_out")
      .takes_less_than(seconds(15));
  jumping(t.job(t.task("a", "demo.sleep", "for = \"60s\""), {"--timeout", "200ms"}))
      .exits(1)
      .takes_less_than(seconds(15));
  EXPECT_EQ(t.count("seen", "end witness"), 2);
}

}  // namespace

TEST_F(E27InProcess, ARunThatCannotBeRecordedIsNeverFinished) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_io_errors_told(*this);
}

TEST_F(E27Isolated, ARunThatCannotBeRecordedIsNeverFinished) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_io_errors_told(*this);
}

TEST_F(E28InProcess, NothingCrashesAndNoRunIsFinishedThatIsNot) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_no_crash(*this);
}

TEST_F(E28InProcess, FewDescriptorsAreNoCrashEither) { expect_no_crash_without_descriptors(*this); }

TEST_F(E28Isolated, NothingCrashesAndNoRunIsFinishedThatIsNot) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_no_crash(*this);
}

TEST_F(E28Isolated, FewDescriptorsAreNoCrashEither) { expect_no_crash_without_descriptors(*this); }

TEST_F(E28Isolated, AProcessThatCannotBeStartedNowIsStartedByTheNextAttempt) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;

  failing(job(task("a", "faulty.mark", "file = " + path("seen"), "retries = 2\nbackoff = \"10ms\"")), "posix_spawn",
          EAGAIN, 1, true)
      .end()
      .exits(0)
      .says("a failed (attempt 1): cannot start")
      .says("a done");

  EXPECT_EQ(count("seen", "end ran"), 1);
}

TEST_F(E29InProcess, TimeoutsAndDeadlinesTakeNoNotice) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_steady_deadlines(*this);
}

TEST_F(E29Isolated, TimeoutsAndDeadlinesTakeNoNotice) {
  if (kHasSanitizer) GTEST_SKIP() << kNoPreload;
  expect_steady_deadlines(*this);
}

}  // namespace ganger::host::test
