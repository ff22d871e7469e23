// What a process that was killed leaves behind, seen from outside: what it has said is what counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "host/journal/journal.h"
#include "tests/journal/journal_fakes.h"
#include "tests/journal/subject_process.h"

namespace ganger::host {
namespace {

using testing::Contains;
using testing::HasSubstr;

/// What a process has said of its tasks.
struct Heard {
  explicit Heard(const std::vector<std::string>& lines) {
    for (const auto& l : lines) {
      if (l.starts_with("s ")) started.insert(std::stoul(l.substr(2)));
      if (l.starts_with("e ")) ended.insert(std::stoul(l.substr(2)));
    }
  }
  std::set<std::size_t> started, ended;
};

class KillTest : public testing::Test {
 protected:
  std::vector<TaskEntryOfRun> tasks(const std::string& run) {
    auto journal = must(Journal::open(state));
    const auto entry = journal->find(run);
    return entry ? must(journal->tasks(*entry)) : std::vector<TaskEntryOfRun>{};
  }

  // Nothing that was said to be done is lost, and nothing is done without its outputs.
  static void expect_kept(const Heard& heard, const std::vector<TaskEntryOfRun>& all) {
    ASSERT_TRUE(!all.empty() || heard.started.empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
      SCOPED_TRACE("task " + std::to_string(i));
      if (heard.ended.contains(i)) {
        EXPECT_EQ(all[i].state, TaskState::done);
      }
      if (heard.started.contains(i)) {
        EXPECT_NE(all[i].state, TaskState::waiting);
      }
      if (all[i].state == TaskState::done) {
        ASSERT_EQ(all[i].outputs.size(), 1U);
        EXPECT_EQ(all[i].outputs.at("square").text, std::to_string(i * i));
      }
    }
  }

  // Goes on with the run, and looks that nothing is done twice.
  void finish(const std::string& run, std::uint32_t count, const std::vector<TaskEntryOfRun>& before) {
    SubjectProcess again("write", state, run, count);
    const Heard heard(again.all_lines());
    ASSERT_EQ(again.wait(), 0);
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_EQ(heard.started.contains(i), before.empty() || before[i].state != TaskState::done) << i;
    const auto after = tasks(run);
    ASSERT_EQ(after.size(), count);
    for (const auto& t : after) EXPECT_EQ(t.state, TaskState::done) << t.name;
    expect_kept(heard, after);
  }

  TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state";
};

TEST_F(KillTest, DeathAfterAnyDurableStepLosesNothingThatWasDone) {
  constexpr std::uint32_t kTasks = 4;
  unsigned long steps = 0;

  for (bool is_through = false; !is_through; ++steps) {
    SCOPED_TRACE("step " + std::to_string(steps + 1));
    const std::string run = "r" + std::to_string(steps);
    // A new journal each time, so that its making is walked too.
    std::filesystem::remove_all(state);
    SubjectProcess subject("write", state, run, kTasks, 1, steps + 1);
    const Heard heard(subject.all_lines());
    const int end = subject.wait();
    ASSERT_TRUE(end == 0 || end == -SIGKILL) << end;
    is_through = end == 0;
    const auto left = tasks(run);
    expect_kept(heard, left);
    finish(run, kTasks, left);
    if (HasFatalFailure()) return;
  }

  // A task has four: its start, its outputs, that they are kept, its end. The rest: two folders, file and tables of
  // the journal, folder and ledger and rows of the run, events, and the end of the run.
  EXPECT_GE(steps, 4U * kTasks + 9U);
}

TEST_F(KillTest, DeathWhileResumingLosesNothingEither) {
  constexpr std::uint32_t kTasks = 4;
  unsigned long steps = 0;

  for (bool is_through = false; !is_through; ++steps) {
    SCOPED_TRACE("step " + std::to_string(steps + 1));
    const std::string run = "r" + std::to_string(steps);
    {
      SubjectProcess first("write", state, run, kTasks);
      for (std::string l = first.line(); l != "s 2"; l = first.line()) ASSERT_NE(l, "");
      first.kill_it();
    }
    const auto before = tasks(run);
    SubjectProcess second("write", state, run, kTasks, 1, steps + 1);
    const Heard heard(second.all_lines());
    is_through = second.wait() == 0;
    const auto left = tasks(run);
    expect_kept(heard, left);
    for (std::size_t i = 0; i < kTasks; ++i)
      if (before[i].state == TaskState::done) {
        EXPECT_EQ(left[i].state, TaskState::done) << i;
      }
    finish(run, kTasks, left);
    if (HasFatalFailure()) return;
  }

  EXPECT_GT(steps, 4U);
}

TEST_F(KillTest, KillsAtRandomMomentsLoseNothingThatWasDone) {
  constexpr std::uint32_t kTasks = 60;
  std::mt19937 random(20261122);

  for (int kill = 0; kill < 20; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    const std::string run = "r" + std::to_string(kill);
    SubjectProcess subject("write", state, run, kTasks, 4);
    std::vector<std::string> lines;
    for (auto left = random() % (3 * kTasks); left > 0; --left) lines.push_back(subject.line());
    subject.kill_it();
    for (const auto& l : subject.all_lines()) lines.push_back(l);
    const auto found = tasks(run);
    expect_kept(Heard(lines), found);
    finish(run, kTasks, found);
    if (HasFatalFailure()) return;
  }
}

TEST_F(KillTest, TwoProcessesAreNotAtTheSameRun) {
  SubjectProcess holder("hold", state, "r1", 3);
  ASSERT_EQ(holder.line(), "held");
  auto journal = must(Journal::open(state));

  const RunEntry during = must(journal->find("r1"));
  const auto refused = host::resume(*journal, "r1", plan_of(3));
  SubjectProcess other("hold", state, "r1", 3);
  const std::string why = other.line();
  const int end_of_other = other.wait();
  holder.kill_it();
  const RunEntry after = must(journal->find("r1"));
  const auto taken = host::resume(*journal, "r1", plan_of(3));

  EXPECT_TRUE(during.is_running);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("r1"));
  EXPECT_EQ(end_of_other, 77);
  EXPECT_THAT(why, HasSubstr("another process"));
  EXPECT_FALSE(after.is_running);
  EXPECT_EQ(after.sessions, 1U);  // who was refused has left no trace
  ASSERT_TRUE(taken);
  EXPECT_EQ(must(journal->find("r1")).sessions, 2U);
}

TEST_F(KillTest, ProcessesWriteToOneJournalAtTheSameTime) {
  constexpr std::uint32_t kTasks = 300;
  SubjectProcess a("write", state, "a", kTasks, 2), b("write", state, "b", kTasks, 2), c("write", state, "c", kTasks);

  for (SubjectProcess* p : {&a, &b, &c}) {
    p->all_lines();
    EXPECT_EQ(p->wait(), 0);
  }

  for (const char* run : {"a", "b", "c"}) {
    const auto all = tasks(run);
    ASSERT_EQ(all.size(), kTasks);
    for (const auto& t : all) EXPECT_EQ(t.state, TaskState::done);
  }
}

TEST_F(KillTest, AFullDiskIsToldOnceAndNothingIsDoneAfterIt) {
  SubjectProcess subject("full", state, "r1", 100);

  const auto lines = subject.all_lines();
  const int end = subject.wait();
  const auto all = tasks("r1");

  EXPECT_THAT(lines, Contains("full"));
  EXPECT_EQ(end, 74);
  EXPECT_THAT(lines.back(), HasSubstr(state.string()));
  const Heard heard(lines);
  EXPECT_GT(heard.ended.size(), 0U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].state == TaskState::done, heard.ended.contains(i)) << i;
    if (all[i].state == TaskState::done) {
      EXPECT_EQ(all[i].outputs.at("big").text.size(), 20'000U) << i;
    }
  }
  EXPECT_EQ(must(must(Journal::open(state))->find("r1")).ended_ns, 0);  // nobody could write it down
}

TEST_F(KillTest, ALedgerWithoutRoomIsFoundBeforeTheRunBegins) {
  SubjectProcess subject("narrow", state, "r1", 1'000'000);

  const auto lines = subject.all_lines();
  const int end = subject.wait();

  EXPECT_EQ(end, 73);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.back(), HasSubstr("ledger"));
  EXPECT_FALSE(std::filesystem::exists(state / "runs"));
  EXPECT_TRUE(must(must(Journal::open(state))->runs(0)).empty());
}

}  // namespace
}  // namespace ganger::host
