#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ganger/testing.hpp>
#include <string>

#include "plugin_entry.h"
#include "sqlite_borrower.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;

using ganger::testing::host;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteExec : public ::testing::Test {
 protected:
  SqliteExec() { host_.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", folder_ / "test.db"}}); }

  ganger::testing::result exec() { return host_.run(plugin_entry("sqlite"), "exec"); }
  std::vector<std::string> query(const std::string& sql) {
    std::vector<std::string> rows;
    host h;
    h.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", folder_ / "test.db"}});
    const auto r = run_as_task(h, [&](const ganger::ctx& c) {
      ganger::sql db(c, "db");
      rows = first_column(db, sql);
    });
    EXPECT_TRUE(r.ok()) << r;
    return rows;
  }

  TemporaryFolder folder_;
  host host_;
};

TEST_F(SqliteExec, RunsAllStatements) {
  host_.param("sql", "create table t(a); insert into t values(1), (2), (3); delete from t where a > 1;");

  const auto r = exec();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("changes"), 2);
  EXPECT_THAT(query("select a from t"), ElementsAre("1"));
}

TEST_F(SqliteExec, ReadsAFile) {
  host_.param("file",
              folder_.file("make.sql", "-- one table\ncreate table t(a);\ninsert into t values('from file');\n"));

  const auto r = exec();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(query("select a from t"), ElementsAre("from file"));
}

TEST_F(SqliteExec, SaysWhichFileItCannotRead) {
  host_.param("file", folder_ / "missing.sql");

  const auto r = exec();

  EXPECT_EQ(r.why, "cannot read '" + (folder_ / "missing.sql").string() + "': No such file or directory");
}

TEST_F(SqliteExec, WantsEitherSqlOrAFile) {
  EXPECT_EQ(host_.check(plugin_entry("sqlite"), "exec").why, "give either sql or file");

  host_.param("sql", "select 1").param("file", "/some/file");
  EXPECT_EQ(host_.check(plugin_entry("sqlite"), "exec").status, GANGER_BAD_PARAM);
}

TEST_F(SqliteExec, RefusesANulInTheSql) {
  host_.param("sql", std::string("select 1;\0select 2", 18));

  const auto r = exec();

  EXPECT_EQ(r.status, GANGER_BAD_PARAM) << r;
}

TEST_F(SqliteExec, FailsWhenTheSqlForgetsToCommit) {
  host_.param("sql", "create table t(a); begin; insert into t values(1)");

  const auto r = exec();

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_THAT(r.why, HasSubstr("ends inside a transaction"));
  EXPECT_THAT(query("select count(*) from t"), ElementsAre("0"));
}

TEST_F(SqliteExec, AFailureUndoesTheTransactionItIsIn) {
  host_.param("sql", "create table t(a unique); begin; insert into t values(1); insert into t values(1); commit");

  const auto r = exec();

  EXPECT_THAT(r.why, HasSubstr("UNIQUE constraint failed"));
  EXPECT_THAT(query("select count(*) from t"), ElementsAre("0"));
}

TEST_F(SqliteExec, StopsWellWhereverTheStopComes) {
  const auto swept = ganger::testing::sweep([&](host& h) {
    h.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", folder_ / "test.db"}});
    h.param("sql", "create table if not exists t(a); insert into t values(1)");
    return h.run(plugin_entry("sqlite"), "exec");
  });

  EXPECT_EQ(swept.bad_call, 0u) << swept.at;
}

}  // namespace
