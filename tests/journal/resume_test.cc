#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/journal/journal.h"
#include "host/journal/journal_file.h"
#include "host/journal/ledger.h"
#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ResumeTest : public testing::Test {
 protected:
  std::vector<TaskEntryOfRun> tasks() { return must(journal->tasks(must(journal->find("r1")))); }
  static std::vector<TaskState> states(const std::vector<TaskEntryOfRun>& all) {
    std::vector<TaskState> out;
    out.reserve(all.size());
    for (const auto& t : all) out.push_back(t.state);
    return out;
  }
  void do_task(OpenRun& run, TaskIndex task, TaskState outcome) {
    run.started(task);
    reporter->report(events.started(task));
    if (outcome == TaskState::done) must(run.keep_outputs(task, outputs_of("of", std::to_string(task))));
    run.ended(task, outcome);
    reporter->report(events.finished(task, outcome, 1, outcome == TaskState::done ? "" : "went wrong"));
  }
  std::unique_ptr<OpenRun> begin(const Plan& plan) {
    auto run = must(journal->begin(header_of("r1"), plan));
    reporter = run->reporter();
    return run;
  }
  std::unique_ptr<OpenRun> resume(const Plan& plan) {
    auto run = must(host::resume(*journal, "r1", plan));
    reporter = run->reporter();
    return run;
  }
  // Written down and let go.
  void end(std::unique_ptr<OpenRun> run) {
    must(run->finish("failed", 3));
    let_go(std::move(run));
  }
  void let_go(std::unique_ptr<OpenRun> run) {
    reporter.reset();
    run.reset();
  }

  TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state", ledger = state / "runs" / "r1" / "ledger";
  std::unique_ptr<Journal> journal = must(Journal::open(state));
  std::unique_ptr<Reporter> reporter;
  EventMaker events;
};

TEST_F(ResumeTest, TheLedgerKnowsMoreThanTheRowsAfterAKill) {
  auto run = begin(plan_of(4));
  do_task(*run, 0, TaskState::done);
  run->started(1);
  run->started(2);
  run->ended(2, TaskState::done);
  let_go(std::move(run));  // and the events that were not written with it

  const auto all = tasks();

  EXPECT_THAT(states(all), ElementsAre(TaskState::done, TaskState::running, TaskState::done, TaskState::waiting));
  EXPECT_EQ(all[1].attempts, 1U);
  EXPECT_EQ(all[2].attempts, 1U);
  EXPECT_EQ(all[2].started_ns, 0);
  EXPECT_EQ(all[2].ended_ns, 0);
  EXPECT_EQ(all[3].attempts, 0U);
}

TEST_F(ResumeTest, TheSecondSessionGoesOnWithTheFirst) {
  auto first = begin(plan_of(3));
  do_task(*first, 0, TaskState::done);
  do_task(*first, 1, TaskState::failed);
  end(std::move(first));

  auto second = resume(plan_of(3));
  const RunEntry during = must(journal->find("r1"));
  const auto before = tasks();
  do_task(*second, 1, TaskState::done);
  must(second->finish("finished", 0));

  EXPECT_TRUE(during.is_running);
  EXPECT_EQ(during.sessions, 2U);
  EXPECT_EQ(during.ended_ns, 0);
  EXPECT_EQ(during.exit_code, -1);
  EXPECT_THAT(during.end, IsEmpty());
  EXPECT_THAT(states(before), ElementsAre(TaskState::done, TaskState::failed, TaskState::waiting));
  EXPECT_EQ(before[1].reason, "went wrong");
  const auto after = tasks();
  EXPECT_THAT(states(after), ElementsAre(TaskState::done, TaskState::done, TaskState::waiting));
  EXPECT_THAT(after[1].reason, IsEmpty());
  EXPECT_EQ(after[1].outputs.at("of").text, "1");
  EXPECT_EQ(must(journal->find("r1")).end, "finished");
}

TEST_F(ResumeTest, ATaskThatRanInAnEarlierSessionAndWasInTheMiddleNowIsInTheMiddle) {
  auto first = begin(plan_of(1));
  do_task(*first, 0, TaskState::failed);
  end(std::move(first));
  auto second = resume(plan_of(1));
  second->started(0);
  let_go(std::move(second));

  const auto all = tasks();

  EXPECT_EQ(all[0].state, TaskState::running);
  EXPECT_EQ(all[0].attempts, 1U);
  EXPECT_EQ(all[0].started_ns, 0);
  EXPECT_EQ(all[0].ended_ns, 0);
  EXPECT_THAT(all[0].reason, IsEmpty());
}

TEST_F(ResumeTest, FindsTasksByNameWhenThePlanHasChanged) {
  auto first = begin(plan_of({"a", "b", "c"}));
  do_task(*first, 0, TaskState::done);
  do_task(*first, 1, TaskState::failed);
  do_task(*first, 2, TaskState::done);
  end(std::move(first));

  auto second = resume(plan_of({"new", "c", "b"}));
  const auto before = tasks();
  do_task(*second, 0, TaskState::done);
  second->started(2);
  let_go(std::move(second));
  const auto after = tasks();
  auto third = resume(plan_of({"b", "a", "c"}));  // one that was left out comes back

  const auto names = [](const std::vector<TaskEntryOfRun>& all) {
    std::vector<std::string> out;
    out.reserve(all.size());
    for (const auto& t : all) out.push_back(t.name);
    return out;
  };
  EXPECT_THAT(names(before), ElementsAre("new", "c", "b"));
  EXPECT_THAT(states(before), ElementsAre(TaskState::waiting, TaskState::done, TaskState::failed));
  EXPECT_EQ(before[1].outputs.at("of").text, "2");
  EXPECT_THAT(states(after), ElementsAre(TaskState::done, TaskState::done, TaskState::running));
  EXPECT_EQ(after[0].outputs.at("of").text, "0");
  EXPECT_EQ(must(journal->find("r1")).total, 3U);
  EXPECT_THAT(names(tasks()), ElementsAre("b", "a", "c"));
  EXPECT_THAT(states(tasks()), ElementsAre(TaskState::running, TaskState::done, TaskState::done));
}

TEST_F(ResumeTest, ARunThatHasEndedNeedsItsLedgerNoMore) {
  auto run = begin(plan_of(3));
  do_task(*run, 0, TaskState::done);
  run->started(1);
  run->ended(1, TaskState::timed_out);  // of which no event came
  end(std::move(run));
  std::filesystem::remove_all(state / "runs");

  const auto before = tasks();
  auto again = resume(plan_of(3));

  EXPECT_THAT(states(before), ElementsAre(TaskState::done, TaskState::timed_out, TaskState::waiting));
  EXPECT_EQ(before[0].outputs.at("of").text, "0");
  EXPECT_THAT(states(tasks()), ElementsAre(TaskState::done, TaskState::timed_out, TaskState::waiting));
  EXPECT_EQ(tasks()[0].outputs.at("of").text, "0");
}

TEST_F(ResumeTest, ALostLedgerIsMadeAnewFromTheEvents) {
  auto run = begin(plan_of(3));
  do_task(*run, 0, TaskState::done);
  run->started(1);
  reporter->report(events.started(1));
  reporter->report(events.run_finished());
  let_go(std::move(run));
  folder.file("state/runs/r1/ledger", "rubbish");

  auto again = resume(plan_of(3));

  EXPECT_THAT(states(tasks()), ElementsAre(TaskState::done, TaskState::running, TaskState::waiting));
  EXPECT_EQ(tasks()[0].outputs.at("of").text, "0");
}

TEST_F(ResumeTest, ALedgerThatIsLostInALaterSessionIsNotThatOfAnEarlierOne) {
  auto first = begin(plan_of(2));
  do_task(*first, 0, TaskState::failed);
  end(std::move(first));
  auto second = resume(plan_of(2));
  do_task(*second, 0, TaskState::done);
  reporter->report(events.run_finished());
  let_go(std::move(second));
  std::filesystem::remove_all(state / "runs");

  const auto all = tasks();

  EXPECT_THAT(states(all), ElementsAre(TaskState::done, TaskState::waiting));
}

TEST_F(ResumeTest, ATaskWhoseOutputsAreLostIsNotDone) {
  auto run = begin(plan_of(2));
  do_task(*run, 0, TaskState::done);
  do_task(*run, 1, TaskState::done);
  let_go(std::move(run));
  const auto log = state / "runs" / "r1" / "outputs";
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 1);

  const auto all = tasks();

  EXPECT_THAT(states(all), ElementsAre(TaskState::done, TaskState::running));
  EXPECT_THAT(all[1].reason, HasSubstr("lost"));
}

TEST_F(ResumeTest, KnowsWhichTasksAreInDoubtWhileTheLedgerIsThereAndAfterwards) {
  auto run = begin(plan_of(7));
  do_task(*run, 0, TaskState::done);
  do_task(*run, 1, TaskState::failed);
  for (const TaskIndex t : {2U, 3U, 4U}) run->started(t);
  run->ended(2, TaskState::timed_out);
  run->ended_in_doubt(3, TaskState::timed_out);
  run->ended_in_doubt(4, TaskState::crashed);
  run->started(5);
  const auto during = tasks();
  end(std::move(run));
  std::filesystem::remove_all(state / "runs");
  const auto after = tasks();
  auto again = resume(plan_of(7));
  const auto resumed = tasks();

  for (const auto& all : {during, after, resumed}) {
    std::vector<bool> doubts;
    for (const auto& t : all) doubts.push_back(t.is_in_doubt);
    EXPECT_THAT(doubts, ElementsAre(false, false, false, true, true, true, false));
  }
}

TEST_F(ResumeTest, ATaskThatCrashedIsInDoubtWhoeverHasWrittenTheLedger) {
  auto run = begin(plan_of(1));
  run->started(0);
  run->ended(0, TaskState::crashed);  // as before there was a doubt
  let_go(std::move(run));

  EXPECT_TRUE(tasks()[0].is_in_doubt);
}

TEST_F(ResumeTest, WithoutItsLedgerAKilledRunIsInDoubtAboutAllThatWasTriedAndIsNotDone) {
  auto run = begin(plan_of(5));
  do_task(*run, 0, TaskState::done);
  do_task(*run, 1, TaskState::failed);
  do_task(*run, 2, TaskState::interrupted);
  reporter->report(events.finished(3, TaskState::skipped));
  reporter->report(events.run_finished());
  let_go(std::move(run));
  folder.file("state/runs/r1/ledger", "rubbish");

  std::vector<bool> doubts;
  for (const auto& t : tasks()) doubts.push_back(t.is_in_doubt);

  EXPECT_THAT(doubts, ElementsAre(false, true, true, false, false));
}

TEST_F(ResumeTest, OfWhatThereIsNotIsAnError) {
  const auto none = host::resume(*journal, "r7", plan_of(1));

  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(state / "runs" / "r7"));
}

TEST_F(ResumeTest, WhatIsClaimedIsNotClaimedByAnotherOne) {
  end(begin(plan_of(1)));
  std::filesystem::remove_all(state / "runs");

  auto lock = std::make_unique<RunLock>(must(journal->claim("r1")));
  const auto second = journal->claim("r1");
  lock.reset();
  const auto third = journal->claim("r1");

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::refused);
  EXPECT_TRUE(third);
}

TEST_F(ResumeTest, WritesDownWhatTheRunGoesOnWith) {
  end(begin(plan_of(1)));
  RunHeader now = header_of("r1");
  now.job_digest = "11aa";
  now.params = {{"root", "/usr"}};
  now.secret_params = {"key", "token"};
  now.plugins = {{"demo", "2.0.0"}, {"exec", "1"}};
  now.options = {"--isolate"};

  must(journal->resume(must(journal->claim("r1")), now, plan_of(1)));

  const RunHeader found = must(journal->find("r1")).header;
  EXPECT_EQ(found.job_digest, now.job_digest);
  EXPECT_EQ(found.params, now.params);
  EXPECT_EQ(found.secret_params, now.secret_params);
  EXPECT_EQ(found.plugins, now.plugins);
  EXPECT_EQ(found.options, header_of("r1").options);  // of the first session
}

TEST_F(ResumeTest, ALedgerWithAByteThatMeansNothingIsMadeAnew) {
  auto run = begin(plan_of(2));
  do_task(*run, 0, TaskState::done);
  reporter->report(events.run_finished());
  let_go(std::move(run));
  {
    std::fstream out(ledger, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(-1, std::ios::end);
    out.put('\x7f');
  }

  auto again = resume(plan_of(2));

  EXPECT_TRUE(Ledger::read(ledger));
  EXPECT_THAT(states(tasks()), ElementsAre(TaskState::done, TaskState::waiting));
}

TEST_F(ResumeTest, TasksWithWildNumbersAreDamage) {
  end(begin(plan_of(3)));
  must(must(connect(state / "journal.db"))->run("update tasks set number = 4611686018427387904 where number = 2"));
  std::filesystem::remove_all(state / "runs");

  const auto read = journal->tasks(must(journal->find("r1")));
  const auto again = host::resume(*journal, "r1", plan_of(3));

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::io);
  EXPECT_THAT(read.error().message, HasSubstr("not numbered one after another"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::io);
}

TEST_F(ResumeTest, AnIdIsGivenOnce) {
  auto run = begin(plan_of(1));

  const auto twice = journal->begin(header_of("r1"), plan_of(1));

  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().kind, ErrorKind::bug);
  EXPECT_TRUE(must(journal->find("r1")).is_running);
}

}  // namespace
}  // namespace ganger::host
