#include "host/report/events_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "host/report/json_text.h"
#include "tests/report/reported_run.h"

namespace ganger::host {
namespace {

struct Keys {
  EventKind kind;
  std::vector<std::string> own;  ///< besides those of every event
};

class EventLine : public testing::TestWithParam<Keys> {};

TEST_P(EventLine, HasTheKeysOfItsKind) {
  const ReportedRun run;
  Event e{.kind = GetParam().kind};
  const std::string name(name_of(e.kind));
  if (name.starts_with("task") || name.starts_with("lease")) {
    e.task = 1;
    e.attempt = 2;
    e.worker = 0;
  }
  if (e.kind == EventKind::task_finished || e.kind == EventKind::task_retry) e.outcome = TaskState::failed;
  if (name.starts_with("lease")) {
    e.pool = "db";
    e.lease = 7;
  }
  if (e.kind == EventKind::lease_acquired || e.kind == EventKind::task_retry) e.wait = Duration(1);
  if (name.ends_with("finished") || e.kind == EventKind::task_retry) e.run = Duration(1);
  if (e.kind == EventKind::run_finished) e.exit_code = 0;
  e.text = "text";
  e.time_ns = 1'500'000'000;

  const Json line = Json::parse(event_line(e, run.names));

  std::vector<std::string> keys, expected{"seq", "time", "mono_ns", "run", "event"};
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  expected.insert(expected.end(), GetParam().own.begin(), GetParam().own.end());
  EXPECT_THAT(keys, testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(line["event"], name);
  EXPECT_EQ(line["run"], "run-7");
  EXPECT_EQ(line["time"], "1970-01-01T00:00:01.500000000Z");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EventLine,
    testing::Values(Keys{EventKind::run_started, {"job"}}, Keys{EventKind::plan_ready, {"tasks"}},
                    Keys{EventKind::task_ready, {"task", "attempt", "worker"}},
                    Keys{EventKind::task_started, {"task", "attempt", "worker"}},
                    Keys{EventKind::task_progress, {"task", "attempt", "worker", "done", "total", "what"}},
                    Keys{EventKind::task_log, {"task", "attempt", "worker", "level", "message"}},
                    Keys{EventKind::lease_acquired, {"task", "attempt", "worker", "pool", "lease", "wait_ns"}},
                    Keys{EventKind::lease_released, {"task", "attempt", "worker", "pool", "lease"}},
                    Keys{EventKind::lease_leaked, {"task", "attempt", "worker", "pool", "lease"}},
                    Keys{EventKind::task_retry,
                         {"task", "attempt", "worker", "outcome", "wait_ns", "run_ns", "error"}},
                    Keys{EventKind::task_finished, {"task", "attempt", "worker", "outcome", "run_ns", "error"}},
                    Keys{EventKind::stop_requested, {"reason"}},
                    Keys{EventKind::run_finished, {"run_ns", "reason", "exit_code"}}),
    [](const auto& keys) { return std::string(name_of(keys.param.kind)); });

TEST(EventLine, BytesThatAreNotUtf8AreReplaced) {
  const ReportedRun run;
  Event e{.kind = EventKind::task_log};
  e.text = "a\xff\n";

  EXPECT_EQ(Json::parse(event_line(e, run.names))["message"], "a\xEF\xBF\xBD\n");
}

TEST(EventsFile, WritesALineForEachEventIntoAFile) {
  const ReportedRun run;
  const TestFolder folder;
  auto file = EventsFile::open(folder.file("events"), run.names, GANGER_LOG_INFO).value();

  file->report({.kind = EventKind::run_started});
  file->report({.kind = EventKind::plan_ready});
  file->idle();

  std::istringstream text(TestFolder::text_of(folder.file("events")));
  std::vector<std::string> kinds;
  for (std::string line; std::getline(text, line);) kinds.push_back(Json::parse(line)["event"]);
  EXPECT_THAT(kinds, testing::ElementsAre("run_started", "plan_ready"));
  EXPECT_EQ(*file->problem(), 0);
}

TEST(EventsFile, WritesIntoADescriptorAndLeavesItOpen) {
  const ReportedRun run;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto file = EventsFile::open("fd:" + std::to_string(ends[1]), run.names, GANGER_LOG_INFO).value();

  file->report({.kind = EventKind::run_started});
  file.reset();

  char first = 0;
  EXPECT_EQ(read(ends[0], &first, 1), 1);
  EXPECT_EQ(first, '{');
  EXPECT_GE(fcntl(ends[1], F_GETFD), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST(EventsFile, ATargetThatCannotBeIsAnError) {
  const ReportedRun run;

  EXPECT_EQ(EventsFile::open("/dev/null/x", run.names, 0).error().kind, ErrorKind::cannot_create);
  for (const char* target : {"fd:", "fd:x", "fd:99999", "fd:1x"})
    EXPECT_EQ(EventsFile::open(target, run.names, 0).error().kind, ErrorKind::usage) << target;
}

TEST(EventsFile, AFullDiskIsRemembered) {
  const ReportedRun run;
  auto file = EventsFile::open("/dev/full", run.names, GANGER_LOG_INFO).value();
  const auto error = file->problem();

  file->report({.kind = EventKind::run_started});
  file.reset();

  EXPECT_EQ(*error, ENOSPC);
}

}  // namespace
}  // namespace ganger::host
