#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ganger/sql.hpp>
#include <ganger/testing.hpp>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "plugin_entry.h"
#include "sqlite_borrower.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;

using ganger::testing::host;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Never ends by itself.
constexpr const char* kEndless =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

class SqliteConnection : public ::testing::Test {
 protected:
  // Pool "db" of connections to one database of the test's.
  void add_pool(host& h, std::map<std::string, ganger::testing::value> with = {}) {
    with.try_emplace("path", folder_ / "test.db");
    h.pool_of(pool_kind("sqlite", "connection"), "db", with);
  }

  TemporaryFolder folder_;
};

TEST_F(SqliteConnection, ValuesComeBackAsTheyWereBound) {
  host h;
  add_pool(h);
  const std::string bytes("a\0b\xff", 4);

  const auto r = run_as_task(h, [&](const ganger::ctx& c) {
    ganger::sql db(c, "db");
    auto row = db.prepare("select ?, ?, ?, ?, ?, ?");
    row.bind(1, 7);
    row.bind(2, 0.5);
    row.bind(3, bytes);
    row.bind(4, std::string_view());
    row.bind_null(5);
    row.bind(6, true);

    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.column(0).u.i, 7);
    EXPECT_DOUBLE_EQ(row.column(1).u.f, 0.5);
    EXPECT_EQ(ganger::view(row.column(2).u.s), bytes);
    EXPECT_EQ(row.column(3).type, GANGER_STR);
    EXPECT_EQ(row.column(4).type, GANGER_NONE);
    EXPECT_EQ(row.column(5).u.i, 1);
    EXPECT_FALSE(row.step());
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, BindingsStayOverARewind) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [&](const ganger::ctx& c) {
    ganger::sql db(c, "db");
    db.exec("create table t(a, b)");
    auto insert = db.prepare("insert into t values(?, ?)");
    insert.bind(1, "kept");
    for (int i = 0; i < 2; ++i) {
      insert.bind(2, i);
      insert.run();
    }

    EXPECT_THAT(first_column(db, "select a || b from t order by b"), ElementsAre("kept0", "kept1"));
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, APlaceThatIsNotThereIsABadParameter) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").prepare("select ?").bind(2, 1); });

  EXPECT_EQ(r.status, GANGER_BAD_PARAM) << r;
}

TEST_F(SqliteConnection, OneStatementIsPreparedAndACommentMayFollow) {
  host h;
  add_pool(h);

  const auto one = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").prepare("select 1; -- one\n"); });
  const auto two = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").prepare("select 1;\n select 2"); });
  const auto none = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").prepare("-- nothing"); });

  EXPECT_TRUE(one.ok()) << one;
  EXPECT_EQ(two.why, "more than one statement in the text: the second is at line 2, column 2");
  EXPECT_EQ(none.why, "there is no statement in the text");
}

TEST_F(SqliteConnection, AnErrorInAScriptNamesItsPlace) {
  host h;
  add_pool(h);

  const auto syntax = run_as_task(
      h, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("create table t(a);\n\n  insrt into t;"); });
  const auto failure = run_as_task(h, [](const ganger::ctx& c) {
    ganger::sql(c, "db").exec("create table u(a unique);\ninsert into u values(1);\ninsert into u values(1);");
  });

  EXPECT_EQ(syntax.status, GANGER_FAILED);
  EXPECT_THAT(syntax.why, HasSubstr("syntax error at line 3, column 3"));
  EXPECT_EQ(failure.why, "UNIQUE constraint failed: u.a at line 3, column 1");
}

TEST_F(SqliteConnection, ATransactionLeftOpenIsRolledBack) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    {
      ganger::sql db(c, "db");
      db.exec("create table t(a)");
      db.begin();
      db.exec("insert into t values(1)");
    }
    ganger::sql db(c, "db");
    EXPECT_THAT(first_column(db, "select count(*) from t"), ElementsAre("0"));
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, ACommittedTransactionStays) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    {
      ganger::sql db(c, "db");
      db.begin();
      db.exec("create table t(a); insert into t values(1)");
      db.commit();
    }
    ganger::sql db(c, "db");
    EXPECT_THAT(first_column(db, "select count(*) from t"), ElementsAre("1"));
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, AStatementLeftOpenEndsWithTheLease) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    const auto lease = c.borrow<ganger_sql_api>(GANGER_SQL_INTERFACE, "db");
    ganger_sql_stmt* left_open = nullptr;
    std::int32_t has_row = 0;
    ASSERT_EQ(lease->prepare(lease.handle(), ganger::str("select 1 union select 2"), &left_open), GANGER_OK);
    ASSERT_EQ(lease->step(left_open, &has_row), GANGER_OK);
  });

  // SQLite does not close a database with an open statement: its descriptor would be a leak.
  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, TransactionsDoNotNest) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    ganger::sql db(c, "db");
    EXPECT_EQ(db.api()->commit(db.connection()), GANGER_BUG);
    EXPECT_EQ(db.api()->rollback(db.connection()), GANGER_BUG);
    db.begin();
    EXPECT_EQ(db.api()->begin(db.connection()), GANGER_BUG);
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, ChangesAreThoseOfThePresentBorrower) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    {
      ganger::sql db(c, "db");
      db.exec("create table t(a); insert into t values(1), (2)");
      EXPECT_EQ(db.changes(), 2);
    }
    ganger::sql db(c, "db");
    db.exec("create index i on t(a)");
    EXPECT_EQ(db.changes(), 0);
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, AStopInterruptsAStatement) {
  host h;
  add_pool(h);
  std::thread stopper;

  const auto r = run_as_task(h, [&](const ganger::ctx& c) {
    ganger::sql db(c, "db");
    // Whether it comes before the statement or while it runs, the statement ends.
    stopper = std::thread([&] { h.stop(); });
    db.exec(kEndless);
  });
  stopper.join();

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
}

TEST_F(SqliteConnection, AnInterruptBetweenTwoCallsIsNotLostAndEndsWithTheLease) {
  host h;
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    {
      ganger::sql db(c, "db");
      db.begin();
      db.api()->interrupt(db.connection());
      EXPECT_EQ(db.api()->exec(db.connection(), kEndless), GANGER_CANCELLED);
      EXPECT_EQ(db.api()->commit(db.connection()), GANGER_CANCELLED);
      EXPECT_EQ(db.api()->rollback(db.connection()), GANGER_OK);
    }
    ganger::sql db(c, "db");
    EXPECT_THAT(first_column(db, "select 1"), ElementsAre("1"));
  });

  EXPECT_TRUE(r.ok()) << r;
}

TEST_F(SqliteConnection, ALockOfAnotherConnectionIsWorthARetry) {
  host h;
  add_pool(h, {{"busy_timeout", "0s"}});

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    ganger::sql writer(c, "db");
    writer.begin();
    ganger::sql second(c, "db");
    second.begin();
  });

  EXPECT_EQ(r.status, GANGER_RETRY);
  EXPECT_THAT(r.why, HasSubstr("locked by another connection"));
}

TEST_F(SqliteConnection, AStopEndsTheWaitForALock) {
  host h;
  add_pool(h, {{"busy_timeout", "1h"}});
  std::thread stopper;

  const auto r = run_as_task(h, [&](const ganger::ctx& c) {
    ganger::sql writer(c, "db");
    writer.begin();
    ganger::sql second(c, "db");
    stopper = std::thread([&] { h.stop(); });
    second.begin();
  });
  stopper.join();

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
}

TEST_F(SqliteConnection, MakesTheFolderOfTheDatabase) {
  host h;
  add_pool(h, {{"path", folder_ / "new/folder/test.db"}});

  const auto r = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("create table t(a)"); });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "new/folder/test.db"));
}

TEST_F(SqliteConnection, RefusesAFileThatIsNoDatabase) {
  host h;
  const auto file = folder_.file("test.db", std::string(4096, 'x'));
  add_pool(h);

  const auto r = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("select 1"); });

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
  EXPECT_EQ(r.why, "cannot use database '" + file.string() + "': file is not a database");
}

TEST_F(SqliteConnection, ReadonlyNeitherMakesNorWrites) {
  host h;
  add_pool(h, {{"readonly", true}});

  const auto missing = run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("select 1"); });
  EXPECT_THAT(missing.why, HasSubstr("unable to open database file"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db"));

  host writer;
  add_pool(writer);
  ASSERT_TRUE(run_as_task(writer, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("create table t(a)"); }).ok());
  const auto write =
      run_as_task(h, [](const ganger::ctx& c) { ganger::sql(c, "db").exec("insert into t values(1)"); });
  EXPECT_THAT(write.why, HasSubstr("attempt to write a readonly database"));
}

TEST_F(SqliteConnection, ManyOpenANewDatabaseAtTheSameTime) {
  constexpr std::uint64_t kConnections = 8;
  host h;
  h.threads(kConnections);
  add_pool(h, {{"busy_timeout", "1m"}});

  const auto r = run_as_task(h, [](const ganger::ctx& c) {
    c.parallel(kConnections, [&](std::uint64_t i) {
      ganger::sql db(c, "db");
      db.begin();
      db.exec("create table if not exists t(a); insert into t values(" + std::to_string(i) + ")");
      db.commit();
    });
    ganger::sql db(c, "db");
    EXPECT_THAT(first_column(db, "select count(*) from t"), ElementsAre(std::to_string(kConnections)));
  });

  EXPECT_TRUE(r.ok()) << r;
}

}  // namespace
