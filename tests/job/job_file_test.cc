// Good job files: what they say is in the Job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "host/job/read_job.h"

namespace ganger::host {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// The job of `text`, which must hold no error.
Job good_job(std::string text, const std::filesystem::path& file = "/srv/jobs/nightly.toml") {
  JobReading reading = parse_job(std::move(text), file);
  for (const Error& error : reading.errors) ADD_FAILURE() << describe(error);
  return std::move(reading.job);
}

std::string task_with(const std::string& lines) {
  return "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n" + lines + "\n";
}

TEST(Job, HasDefaultsForAllThatIsLeftOut) {
  const Job job = good_job(task_with("[pools.db]\nkind = \"sqlite.connection\""));

  EXPECT_EQ(job.name, "nightly");
  EXPECT_EQ(job.file, "/srv/jobs/nightly.toml");
  EXPECT_EQ(job.dir, "/srv/jobs");
  EXPECT_EQ(job.timeout, std::nullopt);
  EXPECT_EQ(job.grace, 10s);
  EXPECT_EQ(job.workers, std::nullopt);
  EXPECT_THAT(job.plugins, IsEmpty());
  EXPECT_THAT(job.params, IsEmpty());
  const PoolEntry& pool = job.pools.at(0);
  EXPECT_EQ(pool.size, 4U);
  EXPECT_EQ(pool.limit, 0U);
  EXPECT_EQ(pool.idle_timeout, std::nullopt);
  EXPECT_EQ(pool.max_lifetime, std::nullopt);
  const TaskEntry& task = job.tasks.at(0);
  EXPECT_THAT(task.after, IsEmpty());
  EXPECT_EQ(task.timeout, std::nullopt);
  EXPECT_EQ(task.backoff, 1s);
  EXPECT_EQ(task.heavy, std::nullopt);
  EXPECT_EQ(task.retries, 0);
  EXPECT_EQ(task.when, When::ok);
  EXPECT_EQ(task.isolate, Isolate::by_type);
}

TEST(Job, HoldsEveryKeyOfTheFile) {
  const Job job = good_job(R"(
name = "inventory"
timeout = "10m"
grace = "0s"
workers = 4
plugins = ["../lib", "/opt/plugins", "more"]
[params]
root = "/usr/share/doc"
[pools.db]
kind = "sqlite.connection"
size = 2
limit = 8
wait = "0s"
idle_timeout = "5m"
max_lifetime = "1h"
with = { path = "inventory.db" }
[[task]]
name = "scan"
uses = "files.scan"
[[task]]
name = "hash"
uses = "my.files.hash"
after = ["scan"]
with = { list = "${tasks.scan.list}", pool = "db" }
heavy = true
isolate = "thread"
timeout = "2m"
retries = 2
backoff = "250ms"
when = "always"
)");

  EXPECT_EQ(job.name, "inventory");
  EXPECT_EQ(job.timeout, 10min);
  EXPECT_EQ(job.grace, 0s);
  EXPECT_EQ(job.workers, 4U);
  EXPECT_THAT(job.plugins, ElementsAre("/srv/lib", "/opt/plugins", "/srv/jobs/more"));
  EXPECT_EQ(*job.params.at(0).value.text(), "/usr/share/doc");
  const PoolEntry& pool = job.pools.at(0);
  EXPECT_EQ(pool.name, "db");
  EXPECT_EQ(pool.kind, "sqlite.connection");
  EXPECT_EQ(pool.size, 2U);
  EXPECT_EQ(pool.limit, 8U);
  EXPECT_EQ(pool.wait, 0s);
  EXPECT_EQ(pool.idle_timeout, 5min);
  EXPECT_EQ(pool.max_lifetime, 1h);
  EXPECT_EQ(*pool.with.at(0).value.text(), "inventory.db");
  const TaskEntry& task = job.tasks.at(1);
  EXPECT_EQ(task.name, "hash");
  EXPECT_EQ(task.uses, "my.files.hash");
  EXPECT_EQ(task.after.at(0).name, "scan");
  EXPECT_EQ(*task.with.at(1).value.text(), "db");
  EXPECT_EQ(task.heavy, true);
  EXPECT_EQ(task.isolate, Isolate::thread);
  EXPECT_EQ(task.timeout, 2min);
  EXPECT_EQ(task.retries, 2);
  EXPECT_EQ(task.backoff, 250ms);
  EXPECT_EQ(task.when, When::always);
}

TEST(Job, ValuesKeepTheTypeThatTheFileGivesThem) {
  const Job job = good_job(task_with("with = { a = true, b = -7, c = 0.5, d = \"10m\", e = [1, \"x\"], f = [] }"));

  const std::vector<Setting>& with = job.tasks.at(0).with;
  EXPECT_EQ(std::get<bool>(with.at(0).value.value), true);
  EXPECT_EQ(std::get<std::int64_t>(with.at(1).value.value), -7);
  EXPECT_EQ(std::get<double>(with.at(2).value.value), 0.5);
  EXPECT_EQ(*with.at(3).value.text(), "10m");
  EXPECT_EQ(std::get<std::int64_t>(with.at(4).value.list()->at(0).value), 1);
  EXPECT_EQ(*with.at(4).value.list()->at(1).text(), "x");
  EXPECT_THAT(*with.at(5).value.list(), IsEmpty());
}

TEST(Job, EverythingKeepsTheOrderOfTheFile) {
  const Job job = good_job("[pools.z]\nkind = \"a.b\"\n[params]\nz = 1\nm = 2\na = 3\n[pools.a]\nkind = \"a.b\"\n" +
                           task_with("with.y = 1\nwith.b = 2"));

  EXPECT_EQ(job.pools.at(0).name, "z");
  EXPECT_EQ(job.pools.at(1).name, "a");
  EXPECT_EQ(job.params.at(0).key, "z");
  EXPECT_EQ(job.params.at(1).key, "m");
  EXPECT_EQ(job.params.at(2).key, "a");
  EXPECT_EQ(job.tasks.at(0).with.at(0).key, "y");
  EXPECT_EQ(job.tasks.at(0).with.at(1).key, "b");
}

TEST(Job, PlacesLeadBackIntoTheFile) {
  const Job job = good_job("# ü\n" + task_with("with = { text = \"ü ${env.HOME}\" }"));

  const TaskEntry& task = job.tasks.at(0);
  EXPECT_EQ(task.where, (Position{3, 8, 3}));
  EXPECT_EQ(task.uses_where, (Position{4, 8, 11}));
  EXPECT_EQ(task.with.at(0).where, (Position{5, 10, 4}));
  EXPECT_EQ(task.with.at(0).value.where, (Position{5, 17, 15}));
  const Where where = job.where_in(task.with.at(0).value, 3, 11);
  EXPECT_EQ(where.file, "/srv/jobs/nightly.toml");
  EXPECT_EQ(where.line, 5U);
  EXPECT_EQ(where.column, 20U);
  EXPECT_EQ(where.length, 11U);
  EXPECT_EQ(where.source, "with = { text = \"ü ${env.HOME}\" }");
}

TEST(Job, APlaceInsideAStringWithEscapesIsTheWholeString) {
  const Job job = good_job(task_with("with = { text = \"\\t${env.HOME}\" }"));

  const JobValue& text = job.tasks.at(0).with.at(0).value;
  const Where where = job.where_in(text, 1, 11);

  EXPECT_EQ(where.column, text.where.column);
  EXPECT_EQ(where.length, text.where.length);
}

TEST(Job, WithoutASizeAPoolKeepsNoMoreThanItsLimit) {
  const Job job = good_job("[pools.db]\nkind = \"a.b\"\nlimit = 2\n" + task_with(""));

  EXPECT_EQ(job.pools.at(0).size, 2U);
}

TEST(Job, MayComeAfterTasksThatStandFurtherDown) {
  const Job job = good_job(task_with("after = [\"b\"]") + "[[task]]\nname = \"b\"\nuses = \"demo.noop\"\n");

  EXPECT_EQ(job.tasks.at(0).after.at(0).name, "b");
}

TEST(Job, AByteOrderMarkAndWindowsLineEndsAreAccepted) {
  const Job job = good_job("\xEF\xBB\xBFname = \"x\"\r\n[[task]]\r\nname = \"a\"\r\nuses = \"demo.noop\"\r\n");

  EXPECT_EQ(job.name, "x");
  EXPECT_EQ(job.tasks.at(0).where, (Position{3, 8, 3}));
  EXPECT_EQ(job.where(job.tasks.at(0).where).source, "name = \"a\"");
}

TEST(Job, ALineOfAStringMayBeginWithAnyLetter) {
  const Job job = good_job(task_with("with.text = \"\"\"a \\\n  \u00FC\"\"\""));

  EXPECT_EQ(*job.tasks.at(0).with.at(0).value.text(), "a \u00FC");
}

TEST(Job, ARelativeFileIsMadeAbsoluteButShownAsItWasGiven) {
  const Job job = good_job(task_with(""), "jobs/../a.toml");

  EXPECT_EQ(job.file, std::filesystem::current_path() / "a.toml");
  EXPECT_EQ(job.where({1, 1, 1}).file, "jobs/../a.toml");
}

}  // namespace
}  // namespace ganger::host
