#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using nlohmann::json;

class Events : public GangerTest {
 protected:
  Events() {
    write("j.toml",
          "[pools.p]\nkind = \"demo.connection\"\n"
          "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"hello\" }\n"
          "[[task]]\nname = \"b\"\nuses = \"demo.query\"\nafter = [\"a\"]\nwith = { qid = 1, max = \"1ms\" }\n"
          "[[task]]\nname = \"c\"\nuses = \"demo.fail\"\nafter = [\"b\"]\nretries = 1\nbackoff = \"1ms\"\n");
  }

  /// Each line, parsed and checked for what all have in common.
  static std::vector<json> parsed(const std::string& text) {
    std::vector<json> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      json event = json::parse(line, nullptr, false);
      EXPECT_FALSE(event.is_discarded()) << line;
      for (const char* key : {"seq", "time", "mono_ns", "run", "event"}) EXPECT_TRUE(event.contains(key)) << line;
      if (!events.empty()) {
        EXPECT_EQ(event["seq"], events.back()["seq"].get<int>() + 1) << line;
        EXPECT_GE(event["mono_ns"], events.back()["mono_ns"]) << line;
      }
      events.push_back(std::move(event));
    }
    EXPECT_FALSE(events.empty());
    if (events.empty()) events.emplace_back(json::object());
    return events;
  }

  static json first(const std::vector<json>& events, std::string_view kind, std::string_view task) {
    for (const json& e : events)
      if (e["event"] == kind && e.value("task", "") == task) return e;
    ADD_FAILURE() << "no " << kind << " of " << task;
    return json::object();
  }
};

}  // namespace

TEST_F(Events, InAFileTellTheWholeRun) {
  run_ganger("run", "j.toml", "--events", "events.jsonl").exits(3);

  const auto events = parsed(read("events.jsonl"));

  EXPECT_EQ(events.front()["event"], "run_started");
  EXPECT_EQ(events.back()["event"], "run_finished");
  EXPECT_EQ(events.back()["exit_code"], 3);
  first(events, "plan_ready", "");
  first(events, "task_ready", "a");
  EXPECT_EQ(first(events, "task_log", "a")["message"], "hello");
  EXPECT_EQ(first(events, "task_finished", "a")["outcome"], "done");
  EXPECT_EQ(first(events, "task_started", "b")["worker"].type(), json::value_t::number_unsigned);
  EXPECT_EQ(first(events, "lease_acquired", "b")["pool"], "p");
  EXPECT_EQ(first(events, "lease_released", "b")["lease"], first(events, "lease_acquired", "b")["lease"]);
  EXPECT_EQ(first(events, "task_retry", "c")["attempt"], 1);
  EXPECT_EQ(first(events, "task_finished", "c")["error"], "failed as asked");
}

TEST_F(Events, OnStdoutAreAlone) {
  const Ended run = run_ganger("run", "j.toml", "--events", "-");

  EXPECT_EQ(parsed(run.exits(3).out).back()["event"], "run_finished");
  run.never_prints("slowest");
}

TEST_F(Events, GoToADescriptor) {
  ganger({"run", "j.toml", "--events", "fd:3"}).with_fd_3(folder_ / "three").end().exits(3);

  EXPECT_EQ(parsed(read("three")).back()["event"], "run_finished");
}

TEST_F(Events, OfExecAreAlone) {
  const Ended exec = run_ganger("exec", "demo.echo", "text=x", "--events", "-");

  EXPECT_EQ(parsed(exec.exits(0).out).back()["exit_code"], 0);
}

TEST_F(Events, TellOfAStop) {
  write("s.toml", "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nwith = { for = \"60s\", say = \"sleeping\" }\n");

  ganger({"run", "s.toml", "--events", "e"}).signalled(SIGINT, "s: sleeping").end().exits(2);

  const auto events = parsed(read("e"));
  EXPECT_EQ(first(events, "stop_requested", "")["reason"], "interrupt");
  EXPECT_EQ(first(events, "task_finished", "s")["outcome"], "interrupted");
  EXPECT_EQ(events.back()["reason"], "interrupt");
}

TEST_F(Events, AFullDiskIsAnErrorOfTheRun) {
  write("good.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");

  run_ganger("run", "good.toml", "--events", "/dev/full")
      .exits(74)
      .says("--events: cannot write /dev/full: No space");
}

TEST_F(Events, AFileThatCannotBeMadeIsSaidBeforeAnythingRuns) {
  run_ganger("run", "j.toml", "--events", "none/e").exits(73).says("cannot create none/e").never_says("done");
}

class Piped : public Events {
 protected:
  Piped() {
    write("good.toml", "[[task]]\nname = \"a\"\nuses = \"demo.echo\"\nwith = { text = \"hello\" }\n");
    EXPECT_EQ(mkfifo(pipe_.c_str(), 0600), 0);
  }
  ~Piped() override {
    if (reader_ >= 0) close(reader_);
  }
  void open_reader() { reader_ = open(pipe_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }

  const std::string pipe_ = (folder_ / "pipe").string();
  int reader_ = -1;
};

constexpr std::string_view kWaits = "waiting until somebody opens pipe for reading";

TEST_F(Piped, ToNobodyWaitUntilASignalAndNothingIsRun) {
  for (const char* option : {"--events", "--junit", "--trace", "--metrics"})
    ganger({"run", "good.toml", option, "pipe"})
        .signalled(SIGTERM, kWaits)
        .end()
        .exits(2)
        .says(std::string(option) + ": nobody has opened the pipe pipe for reading; nothing was run")
        .never_says("a done");
  ganger({"exec", "demo.echo", "text=x", "--events", "pipe", "--exit-style=unix"})
      .signalled(SIGTERM, kWaits)
      .end()
      .exits(143);
  ganger({"run", "good.toml", "--events", "pipe"}).signalled(SIGUSR1, kWaits).end().exits(75);
}

TEST_F(Piped, ToNobodyWaitNotLongerThanTheTimeout) {
  run_ganger("run", "good.toml", "--events", "pipe", "--timeout", "100ms").exits(1).never_says("a done");
}

TEST_F(Piped, ToSomebodyWhoComesLateTellTheWholeRun) {
  ganger({"run", "good.toml", "--events", "pipe"})
      .acted_on([this](pid_t) { open_reader(); }, kWaits)
      .end()
      .exits(0)
      .says("a done");

  std::string text(1 << 16, ' ');
  const ssize_t n = ::read(reader_, text.data(), text.size());
  ASSERT_GT(n, 0);
  text.resize(static_cast<std::size_t>(n));
  EXPECT_EQ(parsed(text).back()["event"], "run_finished");
}

TEST_F(Piped, ToSomebodyWhoDoesNotReadAreGivenUpAtTheEnd) {
  // More than a pipe holds.
  std::string job = "[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nafter = [\"a\"]\nwith = { for = \"60s\" }\n";
  for (const char* name : {"b", "c", "d", "a"})
    job += "[[task]]\nname = \"" + std::string(name) + "\"\nuses = \"demo.echo\"\nwith = { text = \"" +
           std::string(50'000, 'x') + "\" }\n";
  write("much.toml", job);
  open_reader();
  const std::string message = "--events: pipe is not read any more; the rest was not written";

  // A timeout is the more important news.
  run_ganger("run", "much.toml", "--events", "pipe", "--timeout", "300ms")
      .exits(1)
      .says("a done")
      .says(message)
      .takes_less_than(std::chrono::seconds(20));
  run_ganger("run", "much.toml", "--events", "pipe", "--only", "a", "b", "c", "d")
      .exits(74)
      .says("a done")
      .says(message);
  run_ganger("show").exits(0).prints("(exit 74)");
}

}  // namespace ganger::host::test
