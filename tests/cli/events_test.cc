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
      .says("cannot write events to /dev/full: No space");
}

TEST_F(Events, AFileThatCannotBeMadeIsSaidBeforeAnythingRuns) {
  run_ganger("run", "j.toml", "--events", "none/e").exits(73).says("cannot create none/e").never_says("done");
}

}  // namespace ganger::host::test
