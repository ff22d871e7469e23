#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ganger/testing.hpp>
#include <map>
#include <string>
#include <vector>

#include "plugin_entry.h"
#include "sqlite_borrower.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;

namespace fs = std::filesystem;
using ganger::testing::host;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Source: FIPS 180-2, appendix B, and sha256sum.
constexpr const char* kDigestOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kDigestOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kDigestOfAMillionAs = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

class FilesHash : public ::testing::Test {
 protected:
  FilesHash() { set_up(host_); }

  void set_up(host& h) const {
    h.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", results_ / "test.db"}});
    h.param("list", results_ / "list").param("pool", "db");
  }
  void list(const std::vector<fs::path>& files) const {
    std::string text;
    for (const auto& file : files) text += file.native() + '\0';
    results_.file("list", text);
  }
  // Files "0" to "n - 1", in the list.
  void make_files(int n) const {
    std::vector<fs::path> files;
    for (int i = 0; i < n; ++i) files.push_back(tree_.file(std::to_string(i), std::to_string(i)));
    list(files);
  }
  ganger::testing::result hash() { return host_.run(plugin_entry("files"), "hash"); }

  // The first column of a query on the database.
  std::vector<std::string> rows(const std::string& sql) const {
    std::vector<std::string> all;
    host h;
    h.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", results_ / "test.db"}});
    const auto r = run_as_task(h, [&](const ganger::ctx& c) {
      ganger::sql db(c, "db");
      all = first_column(db, sql);
    });
    EXPECT_TRUE(r.ok()) << r;
    return all;
  }

  TemporaryFolder tree_, results_;
  host host_;
};

TEST_F(FilesHash, WritesARowForEachFile) {
  const auto abc = tree_.file("abc", "abc");
  const auto empty = tree_.file("empty", "");
  const auto large = tree_.file("large", std::string(1'000'000, 'a'));
  list({abc, empty, large});

  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select sha256 from files order by path"),
              ElementsAre(kDigestOfAbc, kDigestOfNothing, kDigestOfAMillionAs));
  EXPECT_THAT(rows("select path from files order by path"), ElementsAre(abc, empty, large));
  EXPECT_THAT(rows("select size from files order by path"), ElementsAre("3", "0", "1000000"));
  EXPECT_THAT(rows("select error from files"), ElementsAre("NULL", "NULL", "NULL"));
  EXPECT_THAT(rows("select count(*) from files where mtime > strftime('%s', 'now') - 600"), ElementsAre("3"));
  EXPECT_EQ(r.outputs.at("files"), 3);
  EXPECT_EQ(r.outputs.at("bytes"), 1'000'003);
  EXPECT_EQ(r.outputs.at("errors"), 0);
}

TEST_F(FilesHash, KeepsPathsByteForByte) {
  const auto odd = tree_.file("new\nline-\xE9", "abc");
  list({odd});

  EXPECT_TRUE(hash().ok());

  EXPECT_THAT(rows("select path from files"), ElementsAre(odd.native()));
}

TEST_F(FilesHash, AFileThatCannotBeReadIsARow) {
  list({tree_.file("abc", "abc"), tree_ / "gone", tree_.path()});

  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select error from files order by path"),
              ElementsAre("not a regular file", "NULL", "No such file or directory"));
  EXPECT_THAT(rows("select sha256 from files where error is not null"), ElementsAre("NULL", "NULL"));
  EXPECT_EQ(r.outputs.at("errors"), 2);
  EXPECT_TRUE(r.logged("2 of 3 files could not be read")) << r;
}

TEST_F(FilesHash, WritesAllRowsWhateverTheBatch) {
  make_files(25);
  for (const int batch : {1, 7, 25, 1000}) {
    const auto r = host_.param("batch", batch).threads(4).run(plugin_entry("files"), "hash");

    EXPECT_TRUE(r.ok()) << r;
    EXPECT_THAT(rows("select path from files where sha256 is not null"), SizeIs(25)) << "batch " << batch;
  }
}

TEST_F(FilesHash, BorrowsAConnectionForEachBatchOneAtATime) {
  make_files(20);
  host_.pool_of(pool_kind("sqlite", "connection"), "db", {{"path", results_ / "test.db"}}, 1);

  const auto r = host_.param("batch", 5).threads(4).run(plugin_entry("files"), "hash");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(r.returned, SizeIs(5));  // one to make the table, one for each batch
}

TEST_F(FilesHash, StartsAfreshUnlessToldToAppend) {
  const auto first = tree_.file("first", "abc");
  const auto second = tree_.file("second", "abc");
  list({first});
  ASSERT_TRUE(hash().ok());

  list({second});
  ASSERT_TRUE(hash().ok());
  EXPECT_THAT(rows("select path from files"), ElementsAre(second.native()));

  list({first});
  ASSERT_TRUE(host_.param("append", true).run(plugin_entry("files"), "hash").ok());
  EXPECT_THAT(rows("select path from files order by path"), ElementsAre(first.native(), second.native()));
}

TEST_F(FilesHash, RunningAgainReplacesRows) {
  const auto file = tree_.file("file", "old");
  list({file, file});
  host_.param("append", true);
  ASSERT_TRUE(hash().ok());

  tree_.file("file", "abc");
  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select sha256 from files"), ElementsAre(kDigestOfAbc));
}

TEST_F(FilesHash, WritesToTheTableItIsTold) {
  make_files(1);
  host_.param("table", "my \"files\"");

  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select count(*) from \"my \"\"files\"\"\""), ElementsAre("1"));
}

TEST_F(FilesHash, ReadsThroughBorrowedBuffersHoweverFewThereAre) {
  const auto large = tree_.file("large", std::string(1'000'000, 'a'));
  list({large, tree_.file("abc", "abc"), tree_.file("empty", "")});
  host_.pool_of(pool_kind("files", "buffer"), "buffers", {{"size", "4KiB"}}, 1)
      .param("buffers", "buffers")
      .threads(4);

  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select sha256 from files order by path"),
              ElementsAre(kDigestOfAbc, kDigestOfNothing, kDigestOfAMillionAs));
}

TEST_F(FilesHash, AnEmptyListMakesAnEmptyTable) {
  list({});

  const auto r = hash();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_THAT(rows("select * from files"), IsEmpty());
}

TEST_F(FilesHash, AListThatIsNotThereIsAFailure) {
  const auto r = hash();

  EXPECT_EQ(r.why, "cannot read list '" + (results_ / "list").string() + "': No such file or directory");
}

TEST_F(FilesHash, RefusesABatchThatMakesNoSense) {
  for (const int batch : {0, -1, 1'000'001}) {
    const auto r = host_.param("batch", batch).check(plugin_entry("files"), "hash");

    EXPECT_EQ(r.status, GANGER_BAD_PARAM);
    EXPECT_THAT(r.why, HasSubstr("give 1 to 1000000 rows"));
  }
}

TEST_F(FilesHash, ADatabaseThatFailsIsTheEnd) {
  make_files(20);
  host_.param("batch", 2).threads(2).fail_acquire_at(4, GANGER_NO_RESOURCE);

  const auto r = hash();

  EXPECT_EQ(r.status, GANGER_NO_RESOURCE) << r;
  EXPECT_TRUE(r.is_clean()) << r;
  EXPECT_THAT(rows("select count(*) % 2 from files"), ElementsAre("0"));
}

TEST_F(FilesHash, AStopLeavesWholeBatches) {
  constexpr int kFiles = 6;
  constexpr int kBatch = 2;
  make_files(kFiles);

  const auto swept = ganger::testing::sweep([&](host& h) {
    set_up(h);
    auto r = h.param("batch", kBatch).threads(1).run(plugin_entry("files"), "hash");
    if (r.status == GANGER_OK) {
      EXPECT_THAT(rows("select path from files"), SizeIs(kFiles));
    }
    const auto tables = rows("select name from sqlite_schema where name = 'files'");
    if (!tables.empty()) {
      EXPECT_THAT(rows("select count(*) % 2 from files"), ElementsAre("0")) << r;
    }
    EXPECT_THAT(rows("pragma integrity_check"), ElementsAre("ok"));
    return r;
  });

  EXPECT_EQ(swept.bad_call, 0u) << swept.at;
}

}  // namespace
