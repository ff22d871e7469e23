// E25, E33: what is left of a run that was killed, and journals that cannot be read.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <fstream>

#include "fault_test.h"
#include "tests/journal/version_1.h"

namespace ganger::host::test {

using E25InProcess = InProcess;
using E25Isolated = Isolated;
using E33InProcess = InProcess;
using E33Isolated = Isolated;

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNames = {"one", "two", "three"};

/// Tasks that come one after another, each of which writes its name.
std::string chain(const FaultTest& t, const std::string& type) {
  std::string tasks, before;
  for (const std::string& name : kNames) {
    tasks += t.task(name, type, "file = " + t.path("seen") + ", text = \"" + name + "\"",
                    before.empty() ? "" : "after = [\"" + before + "\"]");
    before = name;
  }
  return tasks;
}

/// Kills the host after its n-th durable step, for n = 1, 2, ... until it lives on; after each kill the run goes on,
/// or is made anew where it was not even recorded. `judge` looks at what was written then, by itself and by the
/// tasks of a run that had to be told what became of the one in the middle.
template <class Judge>
void walk(const FaultTest& t, const std::string& type, const Judge& judge) {
  const std::string tasks = chain(t, type);
  unsigned steps = 0;
  for (bool is_through = false; !is_through; ++steps) {
    SCOPED_TRACE("killed after step " + std::to_string(steps + 1));
    fs::remove_all(t.folder_ / ".local");
    fs::remove(t.folder_ / "seen");
    const Ended run = t.job(tasks).with_env("GANGER_CRASH_AT", std::to_string(steps + 1)).end();
    ASSERT_TRUE(run.code == 0 || run.signal == SIGKILL) << run.code << run.err;
    is_through = run.code == 0;
    bool is_assumed = false;
    if (!is_through) {
      Ended resumed = t.later("resume");
      if (resumed.err.find("no run") != std::string::npos) resumed = t.run(tasks);
      is_assumed = resumed.err.find("--assume") != std::string::npos;
      if (is_assumed) resumed = t.later("resume", {"--assume", "done"});
      ASSERT_EQ(resumed.code, 0) << resumed.err;
    }
    judge(is_assumed);
    if (testing::Test::HasFailure()) return;
  }
  // Each task has a start, outputs that are kept, and an end.
  EXPECT_GE(steps, 3 * kNames.size());
}

void expect_nothing_lost_or_done_twice(const FaultTest& t) {
  walk(t, "faulty.mark", [&](bool is_assumed) {
    int missing = 0;
    for (const std::string& name : kNames) {
      EXPECT_LE(t.count("seen", "start " + name), 1) << name << " was done twice";
      missing += t.count("seen", "end " + name) == 0 ? 1 : 0;
    }
    EXPECT_LE(missing, is_assumed ? 1 : 0) << t.read("seen");
  });
}

void expect_nothing_lost_and_nothing_asked(const FaultTest& t) {
  walk(t, "faulty.mark-again", [&](bool is_assumed) {
    int more = 0;
    for (const std::string& name : kNames) {
      EXPECT_GE(t.count("seen", "end " + name), 1) << name << " was lost";
      more += t.count("seen", "start " + name) - 1;
    }
    EXPECT_LE(more, 1) << t.read("seen");
    EXPECT_FALSE(is_assumed);
  });
}

// -- journals -----------------------------------------------------------------------------------------------------

// A run as the first version wrote it.
constexpr const char* kOldRun = R"sql(
insert into runs values(1, 'ancient', 'inventory', '/jobs/i.toml', '00ff', '/jobs', 'ganger run i.toml', 1, 10, 20,
  'failed', 3);
insert into tasks values(1, 0, 0, 'first', 'demo.echo');
)sql";

fs::path journal_of(const FaultTest& t) { return t.folder_ / ".local/state/ganger/journal.db"; }

void run_sql(const fs::path& file, const std::string& script) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, script.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

std::string marking(const FaultTest& t) { return t.task("a", "faulty.mark", "file = " + t.path("seen")); }

void expect_migration(const FaultTest& t) {
  fs::create_directories(journal_of(t).parent_path());
  run_sql(journal_of(t), kTablesOfVersion1 + kOldRun);

  t.run(marking(t)).exits(0);

  EXPECT_EQ(t.count("seen", "end ran"), 1);
  t.later("history").exits(0).prints("ancient").prints("inventory").prints("finished");
}

void expect_newer_refused(const FaultTest& t) {
  t.run(t.task("a", "demo.noop")).exits(0);
  run_sql(journal_of(t), "pragma user_version = 99");

  t.run(marking(t)).exits(78).says(journal_of(t).string()).says("version 99");

  t.expect_no_witness();
  t.later("history").exits(78);
}

void expect_damaged_moved_aside(const FaultTest& t) {
  t.run(t.task("a", "demo.noop")).exits(0);
  std::ofstream(journal_of(t)) << "these are not the rows you are looking for\n";

  t.run(marking(t)).exits(74).says(journal_of(t).string() + ".damaged-");

  t.expect_no_witness();
  t.run(marking(t)).exits(0);
  EXPECT_EQ(t.count("seen", "end ran"), 1);
}

}  // namespace

TEST_F(E25InProcess, NothingIsLostAndNothingIsDoneTwice) { expect_nothing_lost_or_done_twice(*this); }

TEST_F(E25InProcess, WhatMayBeDoneTwiceGoesOnWithoutAQuestion) { expect_nothing_lost_and_nothing_asked(*this); }

TEST_F(E25Isolated, NothingIsLostAndNothingIsDoneTwice) { expect_nothing_lost_or_done_twice(*this); }

TEST_F(E25Isolated, WhatMayBeDoneTwiceGoesOnWithoutAQuestion) { expect_nothing_lost_and_nothing_asked(*this); }

TEST_F(E33InProcess, AnOlderOneIsMigrated) { expect_migration(*this); }

TEST_F(E33InProcess, ANewerOneIsRefusedBeforeAnythingRuns) { expect_newer_refused(*this); }

TEST_F(E33InProcess, ADamagedOneIsMovedAsideAndTheNextStartBeginsAnew) { expect_damaged_moved_aside(*this); }

TEST_F(E33Isolated, AnOlderOneIsMigrated) { expect_migration(*this); }

TEST_F(E33Isolated, ANewerOneIsRefusedBeforeAnythingRuns) { expect_newer_refused(*this); }

TEST_F(E33Isolated, ADamagedOneIsMovedAsideAndTheNextStartBeginsAnew) { expect_damaged_moved_aside(*this); }

}  // namespace ganger::host::test
