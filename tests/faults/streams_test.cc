// E22 to E24: what a task sends to its host, more of it than there should be.
#include <gtest/gtest.h>

#include "fault_test.h"

namespace ganger::host::test {

using E22Isolated = Isolated;
using E23InProcess = InProcess;
using E23Isolated = Isolated;
using E24InProcess = InProcess;
using E24Isolated = Isolated;

namespace {

using std::chrono::seconds;

void expect_it_borne(const FaultTest& t, const std::string& flood) {
  const Ended run = t.run(t.task("a", "faulty.do", how(flood)) + t.witness("a"));

  run.exits(0).says("a done").takes_less_than(seconds(20));
  t.expect_witness();
  std::filesystem::remove(t.folder_ / "seen");
}

}  // namespace

TEST_F(E22Isolated, TheChildIsKilledAndTheTaskFailsAndOthersGoOn) {
  constexpr std::pair<const char*, const char*> kFrames[] = {
      {"half-frame", "without a result"},
      {"long-frame", "broke the protocol: a frame of 4294967295 bytes"},
      {"unknown-frame", "broke the protocol: a frame of unknown kind 99"},
      {"close-channel", "broke the protocol: it closed its channel"}};
  for (const auto& [word, why] : kFrames)
    run(task("a", "faulty.do", how(word)) + witness("a")).exits(3).says("a failed").says(why);
  run(task("a", "demo.crash", how("garbage")) + witness("a")).exits(3).says("a failed").says("broke the protocol");

  EXPECT_EQ(count("seen", "end witness"), 5);
}

TEST_F(E23InProcess, WhatIsTooMuchIsLeftOutAndTheRunGoesOn) {
  for (const char* word : {"flood-log", "flood-progress", "flood-streams"}) expect_it_borne(*this, word);
}

TEST_F(E23Isolated, WhatIsTooMuchIsLeftOutAndTheRunGoesOn) {
  for (const char* word : {"flood-log", "flood-progress", "flood-streams"}) expect_it_borne(*this, word);
}

TEST_F(E24InProcess, WhatItPrintsIsNotInTheAnswer) {
  run(task("a", "faulty.do", how("print")) + witness("a")).exits(0).says("to stdout\n").never_prints("to stdout");
  expect_witness();
}

TEST_F(E24InProcess, ClosedStreamsAreNotThoseOfTheHost) {
  run(task("a", "faulty.do", how("close-streams")) + witness("a")).exits(0).says("a done").says("witness done");
  expect_witness();
}

TEST_F(E24Isolated, WhatItPrintsComesLineByLineWithItsName) {
  const Ended run = this->run(task("a", "faulty.do", how("print")) + witness("a"));

  run.exits(0)
      .says("a: to stdout\n")
      .says("a: warning: to stderr\n")
      .says("a: warning: without an end\n")
      .never_prints("to stdout");
  expect_witness();
}

TEST_F(E24Isolated, ClosedStreamsAreItsOwn) {
  run(task("a", "faulty.do", how("close-streams")) + witness("a"))
      .exits(0)
      .says("a: streams are closed")
      .says("a done");
  expect_witness();
}

}  // namespace ganger::host::test
