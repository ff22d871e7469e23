#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ganger/testing.hpp>
#include <string>
#include <vector>

#include "plugin_entry.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::content_of;
using ganger::TemporaryFolder;

using ganger::testing::host;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SqliteQuery : public ::testing::Test {
 protected:
  SqliteQuery() { host_.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", folder_ / "test.db"}}); }

  ganger::testing::result query(const std::string& sql) {
    return host_.param("sql", sql).run(plugin_entry("sqlite"), "query");
  }
  // What is in the file it writes.
  std::string written(const std::string& format, const std::string& sql) {
    const auto r = host_.param("to", folder_ / "out")
                       .param("format", format)
                       .param("sql", sql)
                       .run(plugin_entry("sqlite"), "query");
    EXPECT_TRUE(r.ok()) << r;
    return content_of(folder_ / "out");
  }
  static std::vector<std::string> console(const ganger::testing::result& r) {
    std::vector<std::string> lines;
    for (const auto& line : r.logs) lines.push_back(line.text);
    return lines;
  }

  TemporaryFolder folder_;
  host host_;
};

TEST_F(SqliteQuery, PrintsAnAlignedTable) {
  const auto r = query("select 'a' as name, 7 as n, null as other union all select 'longer', 1234, 'x'");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("rows"), 2);
  EXPECT_EQ(r.outputs.count("file"), 0u);
  EXPECT_THAT(console(r), ElementsAre("name       n  other",  //
                                      "------  ----  -----",  //
                                      "a          7",         //
                                      "longer  1234  x"));
}

TEST_F(SqliteQuery, ATableWithoutRowsHasAHeader) {
  const auto r = query("select 1 as n where false");

  EXPECT_THAT(console(r), ElementsAre("n", "-"));
  EXPECT_EQ(r.outputs.at("rows"), 0);
}

TEST_F(SqliteQuery, ATableShowsAnyBytesOnOneLine) {
  const auto r = query("select cast(x'610A1B5BC29BFF' as text) || 'é' as t, 1 as n");

  EXPECT_THAT(console(r), ElementsAre("t               n",         //
                                      "--------------  -",         //
                                      "a\\n\\x1b[\\x9b\uFFFDé  1"  // the width is that of characters, not bytes
                                      ));
}

TEST_F(SqliteQuery, WritesCsvAsRfc4180Says) {
  EXPECT_EQ(written("csv",
                    "select 1 as \"a,b\", 'plain' as b, 'say \"hi\"' as c, cast(x'0A' as text) as d, null as e,"
                    " 0.5 as f, 2.0 as g, cast(x'FF' as text) as h"),
            "\"a,b\",b,c,d,e,f,g,h\r\n1,plain,\"say \"\"hi\"\"\",\"\n\",,0.5,2.0,\xFF\r\n");
}

TEST_F(SqliteQuery, WritesJson) {
  EXPECT_EQ(written("json",
                    "select 1 as i, 0.5 as f, 2.0 as w, null as n, 9e999 as inf, 'é\"\\' as s union all"
                    " select 2, 0, 0, 0, 0, cast(x'0A01FF' as text)"),
            "[\n"
            "  {\"i\": 1, \"f\": 0.5, \"w\": 2.0, \"n\": null, \"inf\": null, \"s\": \"é\\\"\\\\\"},\n"
            "  {\"i\": 2, \"f\": 0, \"w\": 0, \"n\": 0, \"inf\": 0, \"s\": \"\\n\\u0001\\ufffd\"}\n"
            "]\n");
  EXPECT_EQ(written("json", "select 1 as a where false"), "[]\n");
}

TEST_F(SqliteQuery, PrintsJsonLineByLine) {
  host_.param("format", "json");

  const auto r = query("select 1 as a union all select 2");

  EXPECT_THAT(console(r), ElementsAre("[", "  {\"a\": 1},", "  {\"a\": 2}", "]"));
}

TEST_F(SqliteQuery, JsonNeedsDistinctNames) {
  host_.param("format", "json").param("to", folder_ / "out");

  const auto r = query("select 1 as a, 2 as a");

  EXPECT_THAT(r.why, HasSubstr("two columns are called 'a'"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(SqliteQuery, BindsItsArgumentsAsText) {
  host_.param_list("args", {"it's", "2"});

  const auto r = query("select ? as a, typeof(?) as b");

  EXPECT_THAT(console(r), ElementsAre("a     b", "----  ----", "it's  text"));
}

TEST_F(SqliteQuery, ShowsTheFirstRowsOfAFileToo) {
  host_.param("to", folder_ / "new/out.csv").param("format", "csv").param("show", 1);

  const auto r = query("select 1 as a union all select 2");

  EXPECT_EQ(content_of(folder_ / "new/out.csv"), "a\r\n1\r\n2\r\n");
  EXPECT_EQ(r.outputs.at("file"), (folder_ / "new/out.csv").string());
  EXPECT_THAT(console(r), ElementsAre("a", "-", "1", "2 rows in " + (folder_ / "new/out.csv").string()));
}

TEST_F(SqliteQuery, AFailureLeavesTheFileAsItWas) {
  folder_.file("out/file", "old");
  host_.param("to", folder_ / "out/file").param("format", "csv");

  const auto r = query("select 1 union all select json('no json')");

  EXPECT_EQ(r.status, GANGER_FAILED) << r;
  EXPECT_EQ(content_of(folder_ / "out/file"), "old");
  std::filesystem::remove(folder_ / "out/file");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "out"));
}

TEST_F(SqliteQuery, SaysWhatFileItCannotWrite) {
  folder_.file("plain", "");
  host_.param("to", folder_ / "plain/out");

  const auto r = query("select 1");

  EXPECT_THAT(r.why, HasSubstr("cannot make folder '" + (folder_ / "plain").string() + "'"));
}

TEST_F(SqliteQuery, SaysWhereTheSqlIsWrong) {
  const auto r = query("select *\nfrom missing");

  EXPECT_THAT(r.why, HasSubstr("no such table: missing"));
  EXPECT_THAT(console(r), IsEmpty());
}

TEST_F(SqliteQuery, StopsWellWhereverTheStopComes) {
  const auto swept = ganger::testing::sweep([&](host& h) {
    h.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", folder_ / "test.db"}});
    h.param("sql", "select 1 union all select 2").param("to", folder_ / "out/file").param("show", 2);
    auto r = h.run(plugin_entry("sqlite"), "query");
    // No half of a file, and nothing temporary.
    const auto out = folder_ / "out";
    if (std::filesystem::exists(out)) {
      for (const auto& file : std::filesystem::directory_iterator(out)) EXPECT_EQ(file.path().filename(), "file");
    }
    return r;
  });

  EXPECT_EQ(swept.bad_call, 0u) << swept.at;
}

}  // namespace
