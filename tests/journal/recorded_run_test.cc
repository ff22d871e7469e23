#include "host/journal/recorded_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/journal/journal_file.h"
#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

class RecordedRunTest : public testing::Test {
 protected:
  std::int64_t number(std::string_view sql) { return must(must(connect(state / "journal.db"))->number(sql)); }

  TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state";
  std::unique_ptr<Journal> journal = must(Journal::open(state));
  std::unique_ptr<OpenRun> run = must(journal->begin(header_of("r1"), plan_of(3)));
  std::unique_ptr<Reporter> reporter = run->reporter();
  EventMaker events;
};

TEST_F(RecordedRunTest, ATinyTaskIsOneRow) {
  reporter->report(events.started(0));
  reporter->report(events.finished(0, TaskState::done));
  reporter->report(events.run_finished());

  EXPECT_EQ(number("select count(*) from events where task = 0"), 1);
  EXPECT_EQ(number("select started_ns from events where task = 0"), 1'000'000'001'000);
  EXPECT_EQ(number("select count(*) from events where kind = 'task_finished' and outcome = 'done'"), 1);
}

TEST_F(RecordedRunTest, AStartIsWrittenDownWhenItsFinishIsLongInComing) {
  reporter->report(events.started(0));
  reporter->idle();

  EXPECT_EQ(number("select count(*) from events where kind = 'task_started'"), 1);

  reporter->report(events.finished(0, TaskState::done));
  reporter->report(events.run_finished());

  EXPECT_EQ(number("select count(*) from events where kind = 'task_started'"), 1);
  EXPECT_EQ(number("select count(*) from events where kind = 'task_finished' and started_ns is null"), 1);
}

TEST_F(RecordedRunTest, KeepsEveryFieldOfAnEvent) {
  Event lease{.kind = EventKind::lease_acquired, .worker = 2, .task = 1};
  lease.attempt = 3;
  lease.wait = Duration(77);
  lease.lease = 9;
  lease.pool = "db";
  lease.seq = 1'000;
  lease.time_ns = 5;
  reporter->report(lease);
  reporter->report(events.run_finished());

  EXPECT_EQ(
      number("select count(*) from events where kind = 'lease_acquired' and worker = 2 and task = 1 and attempt "
             "= 3 and wait_ns = 77 and lease = 9 and pool = 'db' and time_ns = 5 and run_ns is null"),
      1);
}

TEST_F(RecordedRunTest, TakesAllEventsButThoseThatSayLittleLater) {
  for (std::size_t k = 0; k < kEventKinds; ++k) {
    const auto kind = static_cast<EventKind>(k);
    EXPECT_EQ(reporter->wants(kind), kind != EventKind::task_ready && kind != EventKind::task_progress)
        << name_of(kind);
  }
}

TEST_F(RecordedRunTest, AFloodOfLogLinesEndsWithAWord) {
  for (std::uint32_t i = 0; i < EventRows::kMostLogLines + 500; ++i) reporter->report(events.log(0, "line"));
  reporter->report(events.run_finished());

  EXPECT_EQ(number("select count(*) from events where kind = 'task_log' and text = 'line'"),
            EventRows::kMostLogLines);
  EXPECT_EQ(number("select count(*) from events where kind = 'task_log' and text like '%not kept'"), 1);
}

TEST_F(RecordedRunTest, FinishWritesWhatTheEventsHaveLeft) {
  reporter->report(events.started(0));
  reporter->report(events.finished(0, TaskState::done));

  must(run->finish("finished", 0));

  EXPECT_EQ(number("select count(*) from events"), 1);
}

TEST_F(RecordedRunTest, AListenerThatIsLeftBehindMayOutliveTheRun) {
  reporter->report(events.started(0));
  run.reset();
  journal.reset();

  reporter->report(events.run_finished());
  reporter.reset();

  EXPECT_EQ(number("select count(*) from events"), 2);
}

TEST_F(RecordedRunTest, TroubleIsToldToWhoAsksForItTooLate) {
  const LittleRoom none(0);
  int calls = 0;

  const auto kept = run->keep_outputs(0, outputs_of("a", "b"));
  const auto again = run->keep_outputs(1, outputs_of("a", "b"));
  run->on_trouble([&] { ++calls; });
  const auto end = run->finish("finished", 0);

  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, ErrorKind::io);
  EXPECT_FALSE(again);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(run->has_trouble());
  EXPECT_EQ(run->trouble().message, kept.error().message);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, kept.error().message);
  EXPECT_EQ(must(journal->find("r1")).exit_code, -1);
}

TEST_F(RecordedRunTest, OutputsAreReadAtTheEndAlsoWhereTheirFileHasNoNameAnyMore) {
  must(run->keep_outputs(0, outputs_of("a", "b")));
  run->ended(0, TaskState::done);
  std::filesystem::remove(state / "runs" / "r1" / "outputs");  // it is open, and read all the same

  must(run->finish("finished", 0));

  EXPECT_EQ(must(journal->tasks(must(journal->find("r1"))))[0].outputs.at("a").text, "b");
}

TEST_F(RecordedRunTest, ATaskWhoseOutputsCouldNotBeKeptStaysInTheMiddle) {
  const LittleRoom none(0);
  for (const TaskIndex task : {0U, 1U, 2U}) run->started(task);

  EXPECT_FALSE(run->keep_outputs(0, outputs_of("a", "b")));
  run->ended(0, TaskState::failed);
  EXPECT_FALSE(run->keep_outputs(1, outputs_of("a", "b")));
  run->waits_again(1);
  run->ended(2, TaskState::done);  // it had none

  EXPECT_THAT(Ledger::read(state / "runs" / "r1" / "ledger"),
              testing::Optional(testing::ElementsAre(Standing{TaskState::running}, Standing{TaskState::running},
                                                     Standing{TaskState::done})));
}

TEST_F(RecordedRunTest, AStateDirectoryThatIsRemovedOrReplacedIsTroubleAtTheNextLook) {
  int calls = 0;
  run->on_trouble([&] { ++calls; });
  reporter->idle();
  EXPECT_EQ(calls, 0);
  std::filesystem::rename(state, folder.path() / "away");

  run->started(0);
  const auto end = run->finish("finished", 0);

  EXPECT_EQ(calls, 1);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::io);
  EXPECT_THAT(end.error().message, testing::HasSubstr("ledger was removed, replaced or cut short during the run"));
}

TEST_F(RecordedRunTest, AJournalThatIsReplacedIsTrouble) {
  std::filesystem::rename(state / "journal.db", state / "away.db");
  std::filesystem::copy_file(state / "away.db", state / "journal.db");

  const auto end = run->finish("finished", 0);

  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, testing::HasSubstr("journal.db was removed, replaced or cut short"));
}

TEST_F(RecordedRunTest, WhereTheLedgerIsCutShortTheEventsSayWhatWasDone) {
  run->started(0);
  reporter->report(events.started(0));
  std::filesystem::resize_file(state / "runs" / "r1" / "ledger", 0);
  reporter->idle();
  must(run->keep_outputs(0, outputs_of("a", "b")));
  run->ended(0, TaskState::done);
  reporter->report(events.finished(0, TaskState::done));
  reporter->report(events.run_finished());

  const auto end = run->finish("not recorded", 74);

  EXPECT_TRUE(run->has_trouble());
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, testing::HasSubstr("ledger was removed, replaced or cut short"));
  run.reset();
  const auto tasks = must(journal->tasks(must(journal->find("r1"))));
  EXPECT_EQ(tasks[0].state, TaskState::done);
  EXPECT_EQ(tasks[0].outputs.at("a").text, "b");
  EXPECT_EQ(tasks[1].state, TaskState::waiting);
}

}  // namespace
}  // namespace ganger::host
