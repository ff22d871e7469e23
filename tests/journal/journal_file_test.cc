#include "host/journal/journal_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "host/journal/schema.h"
#include "tests/journal/journal_fakes.h"
#include "tests/journal/version_1.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A run as version 1 wrote it.
constexpr const char* kRunOfVersion1 = R"sql(
insert into runs values(1, 'old', 'inventory', '/jobs/i.toml', '00ff', '/jobs', 'ganger run i.toml', 2, 10, 20,
  'failed', 3);
insert into settings values(1, 'param', 1, 'root', '/etc');
insert into tasks values(1, 0, 0, 't0', 'demo.echo');
insert into tasks values(1, 1, 1, 't1', 'demo.echo');
insert into events(run, session, seq, time_ns, kind, task, attempt, outcome, started_ns)
  values(1, 1, 1, 15, 'task_finished', 0, 1, 'done', 11);
insert into outputs values(1, 0, 'list', 5, 'a.txt');
)sql";

class JournalFileTest : public testing::Test {
 protected:
  // A journal with one run of many rows, put into the file and closed.
  void make_journal() {
    auto journal = must(Journal::open(state));
    must(must(journal->begin(header_of("r1"), plan_of(5'000)))->finish("finished", 0));
  }
  void make_database(const std::string& script) {
    std::filesystem::create_directories(state);
    std::ofstream touched(file);
    must(must(Database::open(file))->run(script.c_str()));
  }
  Error error_of_opening() {
    auto journal = Journal::open(state);
    if (journal) {
      ADD_FAILURE() << "it was opened";
      return {};
    }
    return std::move(journal).error();
  }
  std::vector<std::filesystem::path> moved() const {
    std::vector<std::filesystem::path> found;
    for (const auto& e : std::filesystem::directory_iterator(state)) {
      const std::string name = e.path().filename();
      const bool is_part = name.ends_with("-wal") || name.ends_with("-shm");
      if (name.starts_with("journal.db.damaged-") && !is_part) found.push_back(e.path());
    }
    return found;
  }
  // The error says where it went, and the next start begins a new journal.
  void expect_moved_aside(const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::io);
    ASSERT_THAT(moved(), SizeIs(1));
    EXPECT_THAT(error.message, HasSubstr(moved().front().string()));
    EXPECT_THAT(error.message, HasSubstr("the next start begins a new one"));
    EXPECT_THAT(error.message, testing::Not(HasSubstr("\n")));
    EXPECT_THAT(must(must(Journal::open(state))->runs(0)), IsEmpty());
    EXPECT_THAT(moved(), SizeIs(1));
  }

  TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state", file = state / "journal.db";
};

TEST_F(JournalFileTest, OfVersion1IsMigrated) {
  make_database(kTablesOfVersion1 + kRunOfVersion1);

  auto journal = must(Journal::open(state));
  const RunEntry old = must(journal->find("old"));
  const auto tasks = must(journal->tasks(old));
  must(must(host::resume(*journal, "old", plan_of(2)))->finish("finished", 0));

  EXPECT_EQ(old.end, "failed");
  EXPECT_EQ(old.sessions, 1U);
  EXPECT_EQ(old.header.params.at("root"), "/etc");
  ASSERT_THAT(tasks, SizeIs(2));
  EXPECT_EQ(tasks[0].state, TaskState::done);
  EXPECT_EQ(tasks[0].outputs.at("list").text, "a.txt");
  EXPECT_EQ(tasks[1].state, TaskState::waiting);
  EXPECT_EQ(must(journal->find("old")).sessions, 2U);
  EXPECT_EQ(must(must(connect(file))->number("pragma user_version")), kSchemaVersion);
}

TEST_F(JournalFileTest, OfANewerGangerIsRefusedAndLeftAlone) {
  make_journal();
  must(must(Database::open(file))->run("pragma user_version = 99"));
  const std::string before = content_of(file);

  const Error error = error_of_opening();

  EXPECT_EQ(error.kind, ErrorKind::configuration);
  EXPECT_THAT(error.message, HasSubstr(file.string()));
  EXPECT_THAT(error.message, HasSubstr("version 99"));
  EXPECT_THAT(error.message, HasSubstr("up to 2"));
  EXPECT_EQ(content_of(file), before);
}

TEST_F(JournalFileTest, ThatIsADatabaseOfSomethingElseIsRefused) {
  make_database("create table recipes(name text)");

  const Error error = error_of_opening();

  EXPECT_EQ(error.kind, ErrorKind::configuration);
  EXPECT_THAT(error.message, HasSubstr(file.string()));
  EXPECT_EQ(must(must(Database::open(file))->number("select count(*) from recipes")), 0);
}

TEST_F(JournalFileTest, ThatIsADatabaseWithVersionsOfItsOwnIsRefused) {
  for (const char* script : {"create table recipes(name text); pragma user_version = 2",
                             "create table runs(km integer); pragma user_version = 1; pragma application_id = 77",
                             "create table runs(km integer); pragma user_version = 99; pragma application_id = 77"}) {
    std::filesystem::remove_all(state);
    make_database(script);

    const Error error = error_of_opening();

    EXPECT_EQ(error.kind, ErrorKind::configuration) << script;
    EXPECT_THAT(error.message, HasSubstr("no journal of ganger's")) << script;
    EXPECT_THAT(moved(), IsEmpty()) << script;
  }
}

TEST_F(JournalFileTest, ThatIsNoDatabaseIsMovedAside) {
  folder.file("state/journal.db", "these are not the rows you are looking for\n");

  const Error error = error_of_opening();

  expect_moved_aside(error);
  EXPECT_EQ(content_of(moved().front()), "these are not the rows you are looking for\n");
}

TEST_F(JournalFileTest, AShortLogStaysForTheNextProcessAndALongOneDoesNot) {
  make_journal();
  const auto log = state / "journal.db-wal";
  EXPECT_FALSE(std::filesystem::exists(log)) << "the first leaves a whole database";

  must(must(connect(file))->run("update runs set job = 'other'"));
  EXPECT_GT(std::filesystem::file_size(log), 0U);
  EXPECT_EQ(must(must(Journal::open(state))->find("r1")).header.job, "other");

  must(must(connect(file))->run("create table blobs(b); insert into blobs values(zeroblob(1000000))"));
  EXPECT_FALSE(std::filesystem::exists(log));
}

TEST_F(JournalFileTest, ThatIsCutOffIsMovedAside) {
  make_journal();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);

  const Error error = error_of_opening();

  expect_moved_aside(error);
}

TEST_F(JournalFileTest, WhoseDamageShowsLaterIsMovedAsideAtTheNextStart) {
  make_journal();
  {
    // All but the first pages, which hold the schema.
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(16 * 4096);
    out << std::string(std::filesystem::file_size(file) - 16 * 4096, '\xee');
  }
  {
    auto journal = must(Journal::open(state));
    const auto tasks = journal->tasks(must(journal->find("r1")));
    ASSERT_FALSE(tasks);
    EXPECT_EQ(tasks.error().kind, ErrorKind::io);
    EXPECT_THAT(tasks.error().message, HasSubstr("damaged, and the next start moves it aside"));
  }

  const Error error = error_of_opening();

  expect_moved_aside(error);
}

TEST_F(JournalFileTest, ThatSeemedDamagedAndIsNotStays) {
  make_journal();
  folder.file("state/journal.db.suspect");

  auto journal = must(Journal::open(state));

  EXPECT_THAT(must(journal->runs(0)), SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(state / "journal.db.suspect"));
}

TEST_F(JournalFileTest, DamagedOnesDoNotReplaceEachOther) {
  for (int i = 0; i < 3; ++i) {
    folder.file("state/journal.db", "rubbish " + std::to_string(i) + std::string(200, '.'));
    error_of_opening();
  }

  EXPECT_THAT(moved(), SizeIs(3));
}

TEST_F(JournalFileTest, WhoseFolderIsAFileIsAnError) {
  folder.file("state");

  const Error error = error_of_opening();

  EXPECT_EQ(error.kind, ErrorKind::cannot_create);
  EXPECT_THAT(error.message, HasSubstr(state.string()));
}

TEST_F(JournalFileTest, BelowAFileIsAnError) {
  folder.file("state");

  const auto journal = Journal::open(state / "deeper");

  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().kind, ErrorKind::cannot_create);
}

TEST_F(JournalFileTest, ThatIsAFolderIsAnError) {
  folder.folder("state/journal.db");

  const Error error = error_of_opening();

  EXPECT_EQ(error.kind, ErrorKind::io);
  EXPECT_THAT(error.message, HasSubstr(file.string()));
  EXPECT_THAT(moved(), IsEmpty());
}

TEST_F(JournalFileTest, InAFolderThatMayNotBeWrittenIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  make_journal();
  std::filesystem::permissions(state, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);

  auto journal = Journal::open(state);

  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().kind, ErrorKind::io);
  EXPECT_THAT(journal.error().message, HasSubstr("--state-dir"));
  EXPECT_THAT(moved(), IsEmpty());
}

}  // namespace
}  // namespace ganger::host
