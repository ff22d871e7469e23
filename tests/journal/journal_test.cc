#include "host/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>

#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> open() { return must(Journal::open(state)); }
  std::vector<TaskEntryOfRun> tasks(std::string_view run = {}) {
    auto journal = open();
    return must(journal->tasks(must(journal->find(run))));
  }
  static unsigned permissions(const std::filesystem::path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_mode & 0777U;
  }

  TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "deep" / "state";
  EventMaker events;
};

TEST_F(JournalTest, IsReadByNobodyElse) {
  auto journal = open();

  auto run = must(journal->begin(header_of("r1"), plan_of(1)));

  EXPECT_EQ(permissions(state), 0700U);
  EXPECT_EQ(permissions(state / "journal.db"), 0600U);
  EXPECT_EQ(permissions(state / "journal.db-wal"), 0600U);
  EXPECT_EQ(permissions(state / "runs" / "r1"), 0700U);
  EXPECT_EQ(permissions(state / "runs" / "r1" / "ledger"), 0600U);
}

TEST_F(JournalTest, GivesBackWhatARunWasStartedWith) {
  {
    auto journal = open();
    must(must(journal->begin(header_of("r1"), plan_of(3)))->finish("failed", 3));
  }

  const RunEntry entry = must(open()->find("r1"));

  const RunHeader expected = header_of("r1");
  EXPECT_EQ(entry.header.run, expected.run);
  EXPECT_EQ(entry.header.job, expected.job);
  EXPECT_EQ(entry.header.job_file, expected.job_file);
  EXPECT_EQ(entry.header.current_dir, expected.current_dir);
  EXPECT_EQ(entry.header.job_digest, expected.job_digest);
  EXPECT_EQ(entry.header.params, expected.params);
  EXPECT_EQ(entry.header.secret_params, expected.secret_params);
  EXPECT_EQ(entry.header.plugins, expected.plugins);
  EXPECT_EQ(entry.header.options, expected.options);
  EXPECT_GT(entry.started_ns, 0);
  EXPECT_GE(entry.ended_ns, entry.started_ns);
  EXPECT_EQ(entry.end, "failed");
  EXPECT_EQ(entry.exit_code, 3);
  EXPECT_EQ(entry.total, 3U);
  EXPECT_EQ(entry.sessions, 1U);
  EXPECT_FALSE(entry.is_running);
}

TEST_F(JournalTest, SaysThatARunGoesOn) {
  auto journal = open();
  auto run = must(journal->begin(header_of("r1"), plan_of(1)));

  const RunEntry during = must(journal->find("r1"));
  run.reset();
  const RunEntry after = must(journal->find("r1"));

  EXPECT_TRUE(during.is_running);
  EXPECT_EQ(during.ended_ns, 0);
  EXPECT_FALSE(after.is_running);
  EXPECT_EQ(after.ended_ns, 0);
  EXPECT_EQ(after.exit_code, -1);
  EXPECT_THAT(after.end, IsEmpty());
}

TEST_F(JournalTest, ListsTheLatestRunsFirst) {
  auto journal = open();
  for (const char* id : {"r1", "r2", "r3"})
    must(must(journal->begin(header_of(id), plan_of(1)))->finish("finished", 0));

  const auto all = must(journal->runs(0));
  const auto two = must(journal->runs(2));

  const auto ids = [](const std::vector<RunEntry>& runs) {
    std::vector<std::string> out;
    for (const auto& r : runs) out.push_back(r.header.run);
    return out;
  };
  EXPECT_THAT(ids(all), ElementsAre("r3", "r2", "r1"));
  EXPECT_THAT(ids(two), ElementsAre("r3", "r2"));
}

TEST_F(JournalTest, FindsARunByTheStartOfItsId) {
  auto journal = open();
  for (const char* id : {"2026-aa", "2026-ab", "2026-a", "2027-x"})
    must(must(journal->begin(header_of(id), plan_of(1)))->finish("finished", 0));

  EXPECT_EQ(must(journal->find("2026-ab")).header.run, "2026-ab");
  EXPECT_EQ(must(journal->find("2026-a")).header.run, "2026-a");  // it is that very one
  EXPECT_EQ(must(journal->find("2027")).header.run, "2027-x");
  EXPECT_EQ(must(journal->find("")).header.run, "2027-x");

  const auto many = journal->find("2026");
  const auto none = journal->find("-aa");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, ErrorKind::not_found);
  EXPECT_THAT(many.error().message, HasSubstr("2026-a, 2026-ab, 2026-aa"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
  EXPECT_THAT(none.error().message, HasSubstr("2026-aa"));
}

TEST_F(JournalTest, SaysThatThereAreNoRunsYet) {
  auto journal = open();

  const auto found = journal->find("");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("no run has been recorded"));
  EXPECT_THAT(must(journal->runs(0)), IsEmpty());
}

TEST_F(JournalTest, TellsHowEachTaskWent) {
  {
    auto journal = open();
    auto run = must(journal->begin(header_of("r1"), plan_of({"scan", "hash", "mail", "tidy"})));
    auto reporter = run->reporter();
    run->started(0);
    reporter->report(events.started(0));
    run->ended(0, TaskState::done);
    reporter->report(events.finished(0, TaskState::done));
    run->started(1);
    reporter->report(events.started(1, 1));
    run->waits_again(1);
    reporter->report(events.retry(1, 1, "no luck"));
    run->started(1);
    reporter->report(events.started(1, 2));
    run->ended(1, TaskState::failed);
    reporter->report(events.finished(1, TaskState::failed, 2, "still no luck"));
    run->ended(2, TaskState::skipped);
    reporter->report(events.finished(2, TaskState::skipped, 0, "'hash' failed"));
    reporter->report(events.run_finished());
    must(run->finish("failed", 3));
  }

  const auto all = tasks();

  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "scan");
  EXPECT_EQ(all[0].type, "demo.echo");
  EXPECT_EQ(all[0].state, TaskState::done);
  EXPECT_EQ(all[0].attempts, 1U);
  EXPECT_EQ(all[0].started_ns, 1'000'000'001'000);
  EXPECT_EQ(all[0].ended_ns, 1'000'000'002'000);
  EXPECT_EQ(all[1].state, TaskState::failed);
  EXPECT_EQ(all[1].attempts, 2U);
  EXPECT_EQ(all[1].reason, "still no luck");
  EXPECT_EQ(all[1].started_ns, 1'000'000'003'000) << "of the first attempt";
  EXPECT_EQ(all[2].state, TaskState::skipped);
  EXPECT_EQ(all[2].attempts, 0U);
  EXPECT_EQ(all[2].started_ns, 0);
  EXPECT_EQ(all[2].reason, "'hash' failed");
  EXPECT_EQ(all[3].state, TaskState::waiting);
}

TEST_F(JournalTest, KeepsOutputsOfEveryType) {
  Outputs set;
  set.emplace("text", Value::of_text(std::string("a\0b\xff", 4)));
  set.emplace("empty", Value::of_text(""));
  set.emplace("path", Value::of_text("/tmp/x", GANGER_PATH));
  set.emplace("big", Value::of_integer(std::numeric_limits<std::int64_t>::min()));
  set.emplace("flag", Value::of_bool(true));
  set.emplace("size", Value::of_integer(4096, GANGER_SIZE));
  set.emplace("later", Value::of_integer(7, 4711));  // of a newer plugin
  set.emplace("third", Value::of_float(1.0 / 3));
  set.emplace("nan", Value::of_float(std::nan("")));
  set.emplace("token", Value::of_text("s3cr3t", GANGER_SECRET));
  {
    auto journal = open();
    auto run = must(journal->begin(header_of("r1"), plan_of(2)));
    run->started(0);
    must(run->keep_outputs(0, set));
    run->ended(0, TaskState::done);
  }

  const auto all = tasks();

  const Outputs& got = all.at(0).outputs;
  ASSERT_EQ(got.size(), set.size() - 1);
  for (const auto& [name, value] : got) {
    EXPECT_EQ(value.type, set.at(name).type) << name;
    EXPECT_EQ(value.text, set.at(name).text) << name;
    if (value.type == GANGER_F64) {
      EXPECT_TRUE(value.f == set.at(name).f || (std::isnan(value.f) && name == "nan")) << name;
    } else if (!value.is_text()) {
      EXPECT_EQ(value.i, set.at(name).i) << name;
    }
  }
  EXPECT_TRUE(all[0].has_secret_output);
  EXPECT_FALSE(all[1].has_secret_output);
  EXPECT_THAT(content_of(state / "journal.db") + content_of(state / "journal.db-wal"),
              testing::Not(HasSubstr("s3cr3t")));
}

TEST_F(JournalTest, ForgetsTheOutputsOfAnAttemptAfterWhichAnotherBegan) {
  {
    auto journal = open();
    auto run = must(journal->begin(header_of("r1"), plan_of(2)));
    for (TaskIndex t : {0U, 1U}) {
      run->started(t);
      must(run->keep_outputs(t, outputs_of("old", "1")));
      run->waits_again(t);
      run->started(t);
    }
    must(run->keep_outputs(0, outputs_of("new", "2")));
    run->ended(0, TaskState::done);
    run->ended(1, TaskState::done);  // it has set nothing this time
  }

  const auto all = tasks();

  ASSERT_EQ(all.at(0).outputs.size(), 1U);
  EXPECT_EQ(all[0].outputs.at("new").text, "2");
  EXPECT_THAT(all.at(1).outputs, IsEmpty());
}

TEST_F(JournalTest, AnIndexThatIsCutShortEndsTheProcessWithAMessageAndNotByASignal) {
  auto journal = open();
  must(must(journal->begin(header_of("r1"), plan_of(1)))->finish("finished", 0));
  must(journal->runs(0));
  const auto read_all = [&] {
    std::filesystem::resize_file(state / "journal.db-shm", 0);
    static_cast<void>(journal->runs(0));
    _exit(0);
  };

  EXPECT_EXIT(read_all(), testing::ExitedWithCode(74), "journal.db-shm was cut short by another program");
}

}  // namespace
}  // namespace ganger::host
