#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "host/report/console.h"
#include "host/report/junit.h"
#include "host/report/metrics.h"
#include "host/report/trace.h"
#include "tests/report/reported_run.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SummaryText, SaysHowItEndedWhatFailedAndWhatWasSlow) {
  const ReportedRun run;

  EXPECT_EQ(summary_text(run.summary()),
            "nightly: failed in 4.00s: 1 done, 1 failed, 1 skipped, 1 retry\n"
            "not done:\n"
            "  hash failed after 2 attempts: no <\"space\"> & \xEF\xBF\xBD[31mcolour\n"
            "slowest:\n"
            "     2.00s  scan\n"
            "     1.50s  hash\n");
}

TEST(SummaryText, SaysHowToRunAFailedTaskAgainAndWhatElseThatRuns) {
  const ReportedRun run;
  Summary s = run.summary();

  s.rerun = "ganger run nightly.toml --only";
  EXPECT_THAT(summary_text(s),
              HasSubstr("\nto run one again, after 1 task it depends on: ganger run nightly.toml --only hash\n"));

  s.resume = "ganger resume run-7";
  EXPECT_THAT(summary_text(s), HasSubstr("\nto run what is not done: ganger resume run-7\n"));
  EXPECT_THAT(summary_text(s), Not(HasSubstr("--only")));
}

TEST(SummaryText, OfARunThatHasFinishedSaysNothingOfAnother) {
  const ReportedRun run;
  Summary s = run.summary();

  s.end = RunEnd::finished;
  s.resume = "ganger resume run-7";

  EXPECT_THAT(summary_text(s), Not(HasSubstr("ganger resume")));
}

TEST(SummaryText, CountsWhatHappenedToThePools) {
  const ReportedRun run;
  Summary s = run.summary();
  PoolStatistics n;
  n.opened = 2;
  n.reused = 5;
  n.leaked = 1;

  s.pools.push_back({"db", n});

  EXPECT_THAT(summary_text(s), HasSubstr("pools:\n  db: 2 created, 5 reused, 0 waited, 1 leaked\n"));
}

TEST(JunitText, HasACaseForEachTaskAndEscapesItsReason) {
  const ReportedRun run;

  EXPECT_EQ(junit_text(run.summary(), 1'000'000'000),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"4.000\">\n"
            "  <testsuite name=\"nightly\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"4.000\" "
            "timestamp=\"1970-01-01T00:00:01Z\">\n"
            "    <testcase name=\"scan\" classname=\"\" time=\"2.000\"/>\n"
            "    <testcase name=\"hash\" classname=\"\" time=\"1.500\"><failure type=\"failed\" message=\"no "
            "&lt;&quot;space&quot;&gt; &amp; \xEF\xBF\xBD[31mcolour\"/></testcase>\n"
            "    <testcase name=\"mail\" classname=\"\" time=\"0.000\"><skipped message=\"'hash' "
            "failed\"/></testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(MetricsText, CountsTasksByOutcomeAndPoolsByName) {
  const ReportedRun run;
  Summary s = run.summary();
  PoolStatistics n;
  n.total_wait = std::chrono::milliseconds(250);
  s.pools.push_back({"a\"b", n});

  const std::string text = metrics_text(s, 5'000'000'000, 3);

  EXPECT_THAT(text, HasSubstr("# TYPE ganger_tasks gauge\nganger_tasks{job=\"nightly\",outcome=\"done\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ganger_tasks{job=\"nightly\",outcome=\"timed_out\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ganger_run_duration_seconds{job=\"nightly\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("ganger_run_exit_code{job=\"nightly\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("ganger_run_end_timestamp_seconds{job=\"nightly\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("ganger_pool_wait_seconds{job=\"nightly\",pool=\"a\\\"b\"} 0.25\n"));
}

Event at(EventKind kind, std::int64_t us, TaskIndex task = kNoTask, std::int16_t worker = -1) {
  Event e{.kind = kind, .worker = worker, .task = task};
  e.mono_ns = us * 1000;
  if (task != kNoTask) e.attempt = 1;
  return e;
}

TEST(Trace, HasABarForEachAttemptAndInsideItOneForEachWait) {
  const ReportedRun run;
  const TestFolder folder;
  const std::string file = folder.file("trace.json");
  Trace trace(OutputFile::create("--trace", file).value(), run.names);
  Event lease = at(EventKind::lease_acquired, 140, 1, 0);
  lease.wait = std::chrono::microseconds(30);
  lease.pool = "db";
  Event ended = at(EventKind::task_finished, 150, 1, 0);
  ended.outcome = TaskState::failed;
  ended.text = "why";

  for (const Event& e : {at(EventKind::run_started, 100), at(EventKind::task_started, 110, 1, 0), lease, ended,
                         at(EventKind::task_finished, 160, 2), at(EventKind::run_finished, 170)})
    if (trace.wants(e.kind)) trace.report(e);

  ASSERT_TRUE(*trace.written());
  const auto bars = nlohmann::json::parse(TestFolder::text_of(file))["traceEvents"];
  std::vector<std::string> seen;
  for (const auto& b : bars)
    if (b["ph"] == "X")
      seen.push_back(b["name"].get<std::string>() + " row " + b["tid"].dump() + " " + b["ts"].dump() + "+" +
                     b["dur"].dump());
  EXPECT_THAT(seen, testing::ElementsAre("wait for db row 1 10.0+30.0", "hash row 1 10.0+40.0"))
      << "and none for what was never started";
  EXPECT_EQ(bars.back()["args"]["error"], "why");
}

TEST(OutputFile, APathThatCannotBeIsFoundAtOnce) {
  const auto file = OutputFile::create("--junit", "/dev/null/x");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::cannot_create);
  EXPECT_THAT(file.error().message, HasSubstr("--junit: cannot create /dev/null/x"));
}

TEST(OutputFile, AFullDiskIsFoundAtTheEnd) {
  auto file = OutputFile::create("--junit", "/dev/full").value();

  file.write("text");
  const auto closed = file.close();

  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::io);
}

/// A named pipe, and those who read it.
struct NamedPipe {
  NamedPipe() { EXPECT_EQ(mkfifo(path.c_str(), 0600), 0); }
  ~NamedPipe() {
    if (reader >= 0) close(reader);
  }
  void open_reader() { reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }
  const TestFolder folder;
  const std::string path = folder.file("pipe");
  int reader = -1;
};

TEST(OutputFile, APipeIsOpenedOnceSomebodyReadsIt) {
  NamedPipe pipe;
  int waits = 0;
  const Waiting waiting{.keep_waiting =
                            [&] {
                              if (++waits == 3) pipe.open_reader();
                              return true;
                            },
                        .patience = nullptr};

  auto file = OutputFile::create("--junit", pipe.path, &waiting);

  ASSERT_TRUE(file);
  EXPECT_EQ(waits, 3);
  file->write("text");
  std::string got(8, ' ');
  EXPECT_EQ(read(pipe.reader, got.data(), got.size()), 4);
}

TEST(OutputFile, APipeThatNobodyOpensIsAnErrorWhenTheWaitIsOver) {
  const NamedPipe pipe;
  const Waiting waiting{.keep_waiting = [] { return false; }, .patience = nullptr};

  const auto file = OutputFile::create("--junit", pipe.path, &waiting);

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::cannot_create);
  EXPECT_THAT(file.error().message, HasSubstr("nobody has opened the pipe " + pipe.path));
}

/// More than any pipe or socket holds that nobody reads.
const std::string kFlood(8 << 20, 'x');

TEST(OutputFile, AReaderWhoDoesNotReadOnIsNotWaitedForPastTheEnd) {
  NamedPipe pipe;
  pipe.open_reader();
  const auto patience = std::make_shared<Patience>();
  patience->limit(Duration(0), kNever);
  const Waiting waiting{.keep_waiting = [] { return true; }, .patience = patience};
  auto named = OutputFile::create("--trace", pipe.path, &waiting).value();
  int ends[2], sockets[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  auto shared = OutputFile::of_descriptor("--events", "-", ends[1], patience);
  auto socket = OutputFile::of_descriptor("--events", "fd:3", sockets[1], patience);

  for (OutputFile* file : {&named, &shared, &socket}) {
    file->write(kFlood);
    EXPECT_EQ(file->problem(), OutputFile::kNobodyReads);
    EXPECT_THAT(file->close().error().message, HasSubstr("is not read any more; the rest was not written"));
  }
  for (const int fd : {ends[0], ends[1], sockets[0], sockets[1]}) EXPECT_EQ(close(fd), 0) << "it was left open";
}

TEST(OutputFile, ASlowReaderGetsEverythingWhileTheRunGoesOn) {
  NamedPipe pipe;
  pipe.open_reader();
  const Waiting waiting{.keep_waiting = [] { return true; }, .patience = std::make_shared<Patience>()};
  auto file = OutputFile::create("--trace", pipe.path, &waiting).value();
  std::thread writer([&] {
    file.write(kFlood);
    EXPECT_TRUE(file.close());
  });

  fcntl(pipe.reader, F_SETFL, 0);
  std::size_t got = 0;
  std::string block(4096, ' ');
  for (ssize_t n = 1; n > 0; got += static_cast<std::size_t>(n)) n = read(pipe.reader, block.data(), block.size());
  writer.join();

  EXPECT_EQ(got, kFlood.size());
}

TEST(Patience, LastsWithoutEndUntilItIsLimited) {
  const TimePoint now(std::chrono::hours(100));
  Patience patience;

  EXPECT_TRUE(patience.lasts(TimePoint(), now));
  patience.limit(std::chrono::seconds(2), now + std::chrono::seconds(5));

  EXPECT_TRUE(patience.lasts(now - std::chrono::seconds(1), now));
  EXPECT_FALSE(patience.lasts(now - std::chrono::seconds(2), now)) << "nothing was taken for so long";
  EXPECT_FALSE(patience.lasts(now + std::chrono::seconds(5), now + std::chrono::seconds(5))) << "it is late";
}

/// What a console has written once everything was reported.
std::string shown(ConsoleSettings settings, const std::vector<Event>& events) {
  const ReportedRun run;
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  settings.fd = ends[1];
  Console console(settings, run.names,
                  [] { return RunView{.total = 4, .ended = 1, .failed = 1, .running = {0}, .running_count = 2}; });
  for (const Event& e : events)
    if (console.wants(e.kind) && (e.kind != EventKind::task_log || e.level >= console.log_level())) console.report(e);
  console.idle();
  close(ends[1]);
  std::string text(4096, '\0');
  const auto n = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return text;
}

Event log_line(std::string text, std::int8_t level = GANGER_LOG_INFO) {
  Event e = at(EventKind::task_log, 1, 0);
  e.level = level;
  e.text = std::move(text);
  return e;
}
Event finished(TaskState outcome, std::string why = {}) {
  Event e = at(EventKind::task_finished, 1, 1);
  e.outcome = outcome;
  e.run = std::chrono::seconds(1);
  e.text = std::move(why);
  return e;
}

TEST(Console, HasALineForEachEventAndLetsNoControlCharacterPass) {
  EXPECT_EQ(shown({}, {log_line("a\033[2Jb\nc\td"), finished(TaskState::failed, "x\ry")}),
            "scan: a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD"
            "c\td\nhash failed in 1.00s: x\xEF\xBF\xBDy\n");
}

TEST(Console, QuietSaysOnlyWhatWentWrong) {
  EXPECT_EQ(shown({.is_quiet = true}, {log_line("fine"), log_line("odd", GANGER_LOG_WARN), finished(TaskState::done),
                                       finished(TaskState::failed)}),
            "scan: warning: odd\nhash failed in 1.00s\n");
}

TEST(Console, VerboseSaysMore) {
  const std::vector<Event> events{at(EventKind::task_started, 1, 0), log_line("detail", GANGER_LOG_DEBUG)};

  EXPECT_EQ(shown({.is_verbose = true}, events), "scan started\nscan: detail\n");
  EXPECT_EQ(shown({}, events), "");
}

TEST(Console, TheBarCountsAndNamesWhatRuns) {
  const std::string text = shown({.has_bar = true}, {finished(TaskState::done)});

  EXPECT_THAT(text, HasSubstr("[######..................] 1/4, 1 failed"));
  EXPECT_THAT(text, HasSubstr("scan and 1 more"));
  EXPECT_THAT(text, Not(HasSubstr("hash done"))) << "the bar counts what went well";
}

}  // namespace
}  // namespace ganger::host
