#include "host/job/lenient_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;

std::vector<std::string> task_names(const Job& job) {
  std::vector<std::string> names;
  for (const TaskEntry& task : job.tasks) names.push_back(task.name);
  return names;
}

TEST(LenientReading, WhatIsWrongButTomlLosesOnlyItself) {
  const TemporaryFolder folder;

  const Job job =
      read_what_parses(folder.file("j.toml", "grace = 7\n[params]\na = 1\n[[task]]\nname = \"one\"\nretires = 1\n"));

  EXPECT_THAT(task_names(job), ElementsAre("one"));
  ASSERT_EQ(job.params.size(), 1u);
}

TEST(LenientReading, ATableThatIsNoTomlLosesOnlyItself) {
  const TemporaryFolder folder;

  const Job job = read_what_parses(folder.file("j.toml",
                                               "name = \"x\"\n[[task]]\nname = \"one\"\n  [[task]]\nname = \n"
                                               "[task.sandbox]\nmemory = \"1MiB\"\n[[task]]\nname = \"three\""));

  EXPECT_THAT(task_names(job), ElementsAre("one", "three"));
}

TEST(LenientReading, OnlyWhatStandsBelowABrokenHeaderIsLeftOut) {
  EXPECT_EQ(without_broken_tables("a = 1\n[b\nc = 2\n[d]\ne = 3\n"), "a = 1\n[d]\ne = 3\n");
  EXPECT_EQ(without_broken_tables("a = \n[d]\ne = 3"), "[d]\ne = 3");
  EXPECT_EQ(without_broken_tables(""), "");
}

TEST(LenientReading, WhatIsNoFileIsAnEmptyJob) {
  const TemporaryFolder folder;

  for (const char* file : {"/dev/zero", "/nowhere.toml", "/"}) EXPECT_TRUE(read_what_parses(file).tasks.empty());
  EXPECT_TRUE(read_what_parses(folder.path()).tasks.empty());
}

}  // namespace
}  // namespace ganger::host
