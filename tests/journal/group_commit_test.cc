#include "host/journal/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "host/journal/journal_file.h"
#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

class GroupCommitTest : public testing::Test {
 protected:
  GroupCommitTest() : database(must(open_journal_file(folder.path() / "state"))), commits(*database) {
    must(database->run("create table numbers(n integer unique)"));
  }
  static Result<void> insert(Database& db, int n) {
    return db.run(("insert into numbers values(" + std::to_string(n) + ")").c_str());
  }
  std::int64_t count() { return must(database->number("select count(*) from numbers")); }

  TemporaryFolder folder;
  std::unique_ptr<Database> database;
  GroupCommit commits;
};

TEST_F(GroupCommitTest, ReturnsWhenAnotherConnectionCanSeeIt) {
  must(commits.commit([](Database& db) { return insert(db, 1); }));

  auto other = must(connect(database->file()));

  EXPECT_EQ(must(other->number("select count(*) from numbers")), 1);
}

TEST_F(GroupCommitTest, ThoseThatArriveWhileOneCommitsWaitForTheirTurn) {
  constexpr int kThreads = 4;
  std::latch is_leading(1), may_go_on(1);
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    must(commits.commit([&](Database& db) {
      is_leading.count_down();
      may_go_on.wait();
      return insert(db, 0);
    }));
    ++done;
  });
  is_leading.wait();

  for (int t = 1; t <= kThreads; ++t)
    threads.emplace_back([&, t] {
      must(commits.commit([&](Database& db) { return insert(db, t); }));
      ++done;
    });
  EXPECT_EQ(done, 0);  // the first has not been committed, so nothing has
  may_go_on.count_down();
  for (auto& t : threads) t.join();

  EXPECT_EQ(done, kThreads + 1);
  EXPECT_EQ(count(), kThreads + 1);
}

TEST_F(GroupCommitTest, KeepsEveryWriteOfManyThreads) {
  std::vector<std::thread> threads;

  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 250; ++i) must(commits.commit([&](Database& db) { return insert(db, t * 1000 + i); }));
    });
  for (auto& t : threads) t.join();

  EXPECT_EQ(count(), 1000);
  EXPECT_FALSE(commits.trouble());
}

TEST_F(GroupCommitTest, TriesNothingAfterAFailure) {
  must(commits.commit([](Database& db) { return insert(db, 1); }));
  bool was_tried = false;

  const auto twice = commits.commit([](Database& db) -> Result<void> {
    if (auto first = insert(db, 2); !first) return first;
    return insert(db, 1);
  });
  const auto later = commits.commit([&](Database& db) {
    was_tried = true;
    return insert(db, 3);
  });

  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().kind, ErrorKind::io);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().message, twice.error().message);
  EXPECT_FALSE(was_tried);
  EXPECT_EQ(count(), 1);  // nor is half of a write there
}

}  // namespace
}  // namespace ganger::host
