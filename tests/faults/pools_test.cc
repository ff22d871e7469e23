// E11 to E17: leases that are used as they must not be, and pools that do not work.
#include <gtest/gtest.h>

#include <csignal>

#include "fault_test.h"

namespace ganger::host::test {

using E11InProcess = InProcess;
using E11Isolated = Isolated;
using E12InProcess = InProcess;
using E12Isolated = Isolated;
using E13InProcess = InProcess;
using E13Isolated = Isolated;
using E14InProcess = InProcess;
using E14Isolated = Isolated;
using E15InProcess = InProcess;
using E15Isolated = Isolated;
using E16InProcess = InProcess;
using E16Isolated = Isolated;
using E17InProcess = InProcess;
using E17Isolated = Isolated;

namespace {

using std::chrono::seconds;

/// One thing at most; `with` are lines of TOML.
std::string pool(const std::string& name, const std::string& with = {}, const std::string& wait = "20s") {
  return "[pools." + name + "]\nkind = \"faulty.thing\"\nlimit = 1\nwait = \"" + wait + "\"\nwith = { " + with +
         " }\n";
}

std::string borrow(const FaultTest& t, const std::string& name, const std::string& then = "release",
                   const std::string& more = {}) {
  return t.task(name, "faulty.borrow", "then = \"" + then + "\", file = " + t.path("borrowed"), more);
}

std::string opened(const FaultTest& t) { return "opened = " + t.path("opened"); }

/// The place is free again for the next task, which comes in time.
void expect_the_place_back(const FaultTest& t) {
  t.run(pool("p") + borrow(t, "a", "leak") + borrow(t, "b"))
      .exits(0)
      .says("a: warning: ended with a lease of pool 'p' still out; it was taken back")
      .prints("1 leaked")
      .takes_less_than(seconds(15));

  EXPECT_EQ(t.count("borrowed", "borrowed"), 2);
}

void expect_it_told(const FaultTest& t, const std::string& then) {
  const Ended run = t.run(pool("p") + borrow(t, "a", then) + borrow(t, "b"));

  run.exits(0).says("a: warning: gave back a lease that is not out").says("b done").prints("1 given back wrongly");
  EXPECT_EQ(t.count("borrowed", "borrowed"), 2);
  std::filesystem::remove(t.folder_ / "borrowed");
}

/// The lease of an earlier task is not that of the task that has the thing now.
void expect_it_refused(const FaultTest& t) {
  const Ended run =
      t.run(pool("p") + borrow(t, "a", "keep") + borrow(t, "b", "use-kept", "after = [\"a\"]") + t.witness("b"));

  run.exits(0).says("b: warning: gave back a lease that is not out");
  EXPECT_EQ(t.count("borrowed", "borrowed"), 2);
  t.expect_witness();
}

void expect_no_thing(const FaultTest& t, const std::string& open, std::string_view why) {
  const Ended run = t.run(pool("p", "open = \"" + open + "\", " + opened(t)) + borrow(t, "a") + t.witness("a"));

  run.exits(69).says("a failed").says("pool 'p' cannot be opened").says(why).takes_less_than(seconds(15));
  EXPECT_GE(t.count("opened", "open"), 1);
  EXPECT_EQ(t.read("borrowed"), "");
  t.expect_witness();
  std::filesystem::remove(t.folder_ / "seen");
}

/// After three failures in a row the others are told so at once.
void expect_three_tries(const FaultTest& t) {
  std::string tasks = pool("p", "open = \"fail\", " + opened(t));
  for (int i = 0; i < 10; ++i) tasks += borrow(t, "t" + std::to_string(i));

  const Ended run = t.run(tasks + t.witness("t9"), {"-k"});

  run.exits(69).says("t9 failed").says("open fails; opening it failed 3 times in a row; it is tried again in");
  run.prints("3 could not be opened, 7 not tried after that");
  EXPECT_EQ(t.count("opened", "open"), 3);
  t.expect_witness();
}

/// The deadline ends a run whose pool never opens.
void expect_an_open_ends_by_the_deadline(const FaultTest& t) {
  const Ended run = t.job(pool("p", "open = \"hang\", " + opened(t)) + borrow(t, "a") + t.witness("a"),
                          {"--timeout", "300ms", "--grace", "300ms"})
                        .end();

  run.exits(1).says("a timed_out").takes_less_than(seconds(5));
  if (t.is_isolated_) run.prints("0 leaked, 1 could not be opened");
  EXPECT_EQ(t.count("opened", "open"), 1);
  EXPECT_EQ(t.read("borrowed"), "");
}

/// Each task has a thing that works: another one.
void expect_another_thing(const FaultTest& t, const std::string& what) {
  for (const char* how : {"fail", "throw"}) {
    const Ended run = t.run(pool("p", what + " = \"" + how + "\", " + opened(t)) + borrow(t, "a") +
                            borrow(t, "b", "release", "after = [\"a\"]"));

    run.exits(0).says("b done");
    EXPECT_EQ(t.count("opened", "open"), 2) << run.out << run.err;
    EXPECT_EQ(t.count("borrowed", "borrowed"), 2);
    for (const char* file : {"opened", "borrowed"}) std::filesystem::remove(t.folder_ / file);
  }
}

/// Each of the two holds what the other one waits for.
void expect_no_deadlock(const FaultTest& t) {
  const auto two = [&](const std::string& name, const std::string& first, const std::string& second) {
    const std::string other = name == "a" ? "b" : "a";
    return t.task(name, "faulty.borrow-two",
                  "first = \"" + first + "\", second = \"" + second + "\", mine = " + t.path(name + ".held") +
                      ", other = " + t.path(other + ".held"));
  };
  const Ended run = t.run(pool("p", {}, "300ms") + pool("q", {}, "300ms") + two("a", "p", "q") + two("b", "q", "p") +
                              t.witness("a") + t.witness("b", "second"),
                          {"-j", "2", "-k"});

  run.exits(3).says("came free in time").takes_less_than(seconds(15));
  EXPECT_EQ(t.count("a.held", "held"), 1);
  EXPECT_EQ(t.count("b.held", "held"), 1);
  t.expect_witness();
  t.expect_witness("second");
}

/// Who says what it needs has it all before it begins: neither of the two holds what the other one waits for.
void expect_both_to_succeed(const FaultTest& t) {
  const auto two = [&](const std::string& name, const std::string& first, const std::string& second) {
    return t.task(name, "faulty.borrow-two-declared",
                  "first = \"" + first + "\", second = \"" + second + "\", hold = \"300ms\"");
  };

  const Ended run = t.run(pool("p") + pool("q") + two("a", "p", "q") + two("b", "q", "p"), {"-j", "2", "-k"});

  run.exits(0).says("a done").says("b done").prints("0 leaked").takes_less_than(seconds(15));
}

/// One task has the thing, so many ask for it, and all are interrupted: each ends, and the place is free again.
void expect_no_place_lost(const FaultTest& t, int many, const std::string& workers) {
  std::string tasks = pool("p") + borrow(t, "holds", "hold", "heavy = true");
  for (int i = 0; i < many; ++i)
    tasks +=
        t.task("w" + std::to_string(i), "faulty.borrow",
               "file = " + t.path("borrowed") + ", once = " + t.path("borrowed") + ", waiting = " + t.path("waiting"),
               "heavy = true");
  tasks += t.task("last", "faulty.borrow", "file = " + t.path("last"), "after = [\"holds\"]\nwhen = \"always\"");

  const Ended run = t.job(tasks, {"-k", "-j", workers})
                        .acted_on(
                            [&](pid_t pid) {
                              t.wait_until([&] { return t.count("waiting", "waiting") == many; });
                              kill(pid, SIGINT);
                            },
                            "holds: holds it")
                        .end();

  run.exits(2).says("holds interrupted").prints("0 leaked").takes_less_than(seconds(30));
  int done = 0;  // those who had the place when the one before them gave it back
  for (int i = 0; i < many; ++i) {
    const bool is_done = run.err.find("\nw" + std::to_string(i) + " done") != std::string::npos;
    if (!is_done) run.says("\nw" + std::to_string(i) + " interrupted");
    done += is_done ? 1 : 0;
  }
  EXPECT_GE(t.count("borrowed", "borrowed"), 1 + done);
  EXPECT_EQ(t.count("last", "borrowed"), 1);
}

}  // namespace

// -- leases -------------------------------------------------------------------------------------------------------

TEST_F(E11InProcess, ItIsTakenBackAndCountedAndTheNextTaskHasThePlace) { expect_the_place_back(*this); }

TEST_F(E11Isolated, ItIsTakenBackAndCountedAndTheNextTaskHasThePlace) { expect_the_place_back(*this); }

TEST_F(E12InProcess, ItIsToldAsABugAndChangesNothing) {
  for (const char* then : {"twice", "made-up"}) expect_it_told(*this, then);
}

TEST_F(E12Isolated, ItIsToldAsABugAndChangesNothing) {
  for (const char* then : {"twice", "made-up"}) expect_it_told(*this, then);
}

TEST_F(E13InProcess, ALeaseOfAnEarlierTaskCannotBeGivenBackByALaterOne) { expect_it_refused(*this); }

TEST_F(E13Isolated, ALeaseOfAnEarlierTaskCannotBeGivenBackByALaterOne) { expect_it_refused(*this); }

// -- pools that do not work ---------------------------------------------------------------------------------------

TEST_F(E14InProcess, AnOpenThatFailsFailsItsTaskWithTheReasonAndOthersGoOn) {
  expect_no_thing(*this, "fail", "open fails");
  expect_no_thing(*this, "throw", "an exception of unknown type");
}

TEST_F(E14InProcess, AfterThreeFailuresInARowNoneIsTried) { expect_three_tries(*this); }

TEST_F(E14InProcess, AnOpenThatHangsDoesNotKeepTheRunPastItsDeadline) { expect_an_open_ends_by_the_deadline(*this); }

TEST_F(E14Isolated, AnOpenThatFailsFailsItsTaskWithTheReasonAndOthersGoOn) {
  expect_no_thing(*this, "fail", "open fails");
  expect_no_thing(*this, "throw", "an exception of unknown type");
}

TEST_F(E14Isolated, AfterThreeFailuresInARowNoneIsTried) { expect_three_tries(*this); }

TEST_F(E14Isolated, AnOpenThatHangsDoesNotKeepTheRunPastItsDeadline) { expect_an_open_ends_by_the_deadline(*this); }

TEST_F(E14Isolated, AnOpenThatCrashesThreeTimesIsNotTriedAgain) {
  std::string tasks = pool("p", "open = \"crash\", " + opened(*this));
  for (const char* name : {"a", "b", "c", "d"}) tasks += borrow(*this, name);

  const Ended run = this->run(tasks, {"-k"});

  run.exits(69).says("c crashed").says("d failed").says("has crashed 3 times within 60 s and is not started again");
  run.prints("0 leaked, 3 could not be opened");
  EXPECT_EQ(count("opened", "open"), 3);
}

TEST_F(E15InProcess, AnotherOneIsOpened) {
  expect_another_thing(*this, "check");
  expect_another_thing(*this, "reset");
}

TEST_F(E15Isolated, AnotherOneIsOpened) {
  expect_another_thing(*this, "check");
  expect_another_thing(*this, "reset");
}

// -- several who borrow -------------------------------------------------------------------------------------------

TEST_F(E16InProcess, TheWaitEndsAndTheRunGoesOn) { expect_no_deadlock(*this); }

TEST_F(E16Isolated, TheWaitEndsAndTheRunGoesOn) { expect_no_deadlock(*this); }

TEST_F(E16InProcess, DeclaredBothHaveWhatTheyNeed) { expect_both_to_succeed(*this); }

TEST_F(E16Isolated, DeclaredBothHaveWhatTheyNeed) { expect_both_to_succeed(*this); }

TEST_F(E17InProcess, NoPlaceIsLostWhenAllAreInterrupted) { expect_no_place_lost(*this, 31, "32"); }

TEST_F(E17Isolated, NoPlaceIsLostWhenAllAreInterrupted) { expect_no_place_lost(*this, 7, "8"); }

}  // namespace ganger::host::test
