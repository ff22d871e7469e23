// The plugin demo under the SDK's host in memory.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ganger/testing.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin_entry.h"
#include "plugins/demo/connection.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;

using namespace std::chrono_literals;
using ganger::testing::host;
using ganger::testing::result;

result run(host& h, std::string_view task) { return h.run(plugin_entry("demo"), task); }

std::vector<std::string> lines(const result& r) {
  std::vector<std::string> texts;
  for (const auto& line : r.logs) texts.push_back(line.text);
  return texts;
}

const ganger_pool_kind& connection_kind() { return pool_kind("demo", "connection"); }

TEST(DemoNoop, AsksNothingOfTheHost) {
  host h;

  const auto r = run(h, "noop");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.calls, 0u);
}

TEST(DemoEcho, LogsItsTextAndPassesItOn) {
  host h;
  h.param("text", "hi there");

  const auto r = run(h, "echo");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(lines(r), std::vector<std::string>{"hi there"});
  EXPECT_EQ(r.logs.front().level, GANGER_LOG_INFO);
  EXPECT_EQ(r.outputs.at("text"), "hi there");
}

TEST(DemoSleep, SleepsAsLongAsItIsTold) {
  host h;
  h.param("for", "1h").param("say", "good night");
  const auto before = h.now();

  const auto r = run(h, "sleep");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(h.now() - before, 1h);
  EXPECT_EQ(lines(r), std::vector<std::string>{"good night"});
}

TEST(DemoSleep, SaysNothingUnlessItIsTold) {
  host h;
  h.param("for", "1ms");

  const auto r = run(h, "sleep");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logs.empty());
}

TEST(DemoSleep, EndsWhenTheHostAsks) {
  host h;
  h.param("for", "1h").time_limit(1s);
  const auto before = h.now();

  const auto r = run(h, "sleep");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_LT(h.now() - before, 2s);
}

TEST(DemoSleep, NeverAsksWhenItDoesNotObey) {
  host h;
  h.param("for", "1ms").param("obey", false);
  h.stop();

  const auto r = run(h, "sleep");

  EXPECT_TRUE(r.ok()) << r;
}

TEST(DemoFail, FailsAsItsKindSays) {
  const std::pair<const char*, ganger_status> kinds[] = {
      {"failed", GANGER_FAILED}, {"retry", GANGER_RETRY}, {"throw", GANGER_FAILED}, {"bug", GANGER_BUG}};

  for (const auto& [kind, status] : kinds) {
    host h;
    h.param("kind", kind).param("message", "no luck");

    const auto r = run(h, "fail");

    EXPECT_EQ(r.status, status) << kind;
    EXPECT_EQ(r.why, "no luck") << kind;
  }
}

TEST(DemoFail, FailsInItsFirstAttemptsOnly) {
  const TemporaryFolder folder;
  host h;
  h.param("kind", "retry").param("attempts", 2).param("attempts_file", folder / "attempts");

  const std::vector<ganger_status> ends = {run(h, "fail").status, run(h, "fail").status, run(h, "fail").status};

  EXPECT_EQ(ends, (std::vector<ganger_status>{GANGER_RETRY, GANGER_RETRY, GANGER_OK}));
}

TEST(DemoFail, SaysWhenAttemptsCannotBeCounted) {
  const TemporaryFolder folder;
  host h;
  h.param("attempts", 1).param("attempts_file", folder / "no/such/folder");

  const auto r = run(h, "fail");

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_EQ(r.why, "cannot write to attempts_file '" + (folder / "no/such/folder").string() + "'");
}

TEST(DemoFail, ChecksThatAttemptsHaveAFile) {
  host without_file, negative;
  without_file.param("attempts", 1);
  negative.param("attempts", -1);

  EXPECT_EQ(without_file.check(plugin_entry("demo"), "fail").why,
            "attempts needs attempts_file, a file that counts them");
  EXPECT_EQ(negative.check(plugin_entry("demo"), "fail").why, "attempts is negative; 0 means all attempts fail");
}

TEST(DemoPrint, LogsANameAsOftenAsItIsTold) {
  host h;
  h.param("name", "steve").param("times", 3).param("pause", "1s");
  const auto before = h.now();

  const auto r = run(h, "print");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(lines(r), (std::vector<std::string>{"steve", "steve", "steve"}));
  EXPECT_EQ(h.now() - before, 3s);
}

TEST(DemoPrint, StopsBetweenTwoLines) {
  host h;
  h.param("name", "bob").param("times", 1'000'000'000).stop_at_call(1000);

  const auto r = run(h, "print");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
}

TEST(DemoQuery, SaysWhichConnectionAnswered) {
  static const demo_connection_api api = {sizeof api, 0,
                                          [](void* handle) { return *static_cast<std::int64_t*>(handle); }};
  std::int64_t id = 7;
  host h;
  h.pool("db", DEMO_CONNECTION_INTERFACE, &api, &id).param("pool", "db").param("qid", 24);

  const auto r = run(h, "query");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(lines(r), std::vector<std::string>{"QID[24] CID[7]"});
  EXPECT_EQ(r.returned.size(), 1u);
}

TEST(DemoQuery, TakesATimeShorterThanItsMost) {
  for (int qid = 0; qid < 20; ++qid) {
    host h;
    h.pool_of(connection_kind(), "db").param("qid", qid).param("max", "1s");
    const auto before = h.now();

    const auto r = run(h, "query");

    EXPECT_TRUE(r.ok()) << r;
    EXPECT_LT(h.now() - before, 1s);
  }
}

TEST(DemoQuery, TakesTheSameTimesWithTheSameSeed) {
  const auto time_of = [](int seed, int qid) {
    host h;
    h.pool_of(connection_kind(), "db").param("qid", qid).param("seed", seed);
    const auto before = h.now();
    EXPECT_TRUE(run(h, "query").ok());
    return h.now() - before;
  };

  EXPECT_EQ(time_of(1, 5), time_of(1, 5));
  EXPECT_NE(time_of(1, 5), time_of(1, 6));
  EXPECT_NE(time_of(1, 5), time_of(2, 5));
}

TEST(DemoQuery, GivesItsConnectionBackWhereverItIsStopped) {
  const auto found = ganger::testing::sweep([](host& h) {
    h.pool_of(connection_kind(), "db").param("qid", 1);
    return run(h, "query");
  });

  EXPECT_EQ(found.bad_call, 0u) << found.at;
}

TEST(DemoConnection, NumbersEachConnectionAndSaysWhenItComesAndGoes) {
  const auto lines_of_one_connection = [] {
    host h;
    h.pool_of(connection_kind(), "db").param("qid", 0).param("max", "0s");
    return lines(run(h, "query"));
  };
  const auto first = lines_of_one_connection();
  const auto id = std::stoi(first.at(0).substr(first.at(0).rfind(' ')));
  const auto next = std::to_string(id + 1);

  EXPECT_GE(id, 1);
  EXPECT_EQ(lines_of_one_connection(),
            (std::vector<std::string>{"Create: New Connection " + next, "QID[0] CID[" + next + "]",
                                      "Close: Connection " + next}));
}

const ganger_task& task_type(std::string_view name) {
  for (const auto* const* type = plugin_entry("demo")(host::table())->tasks; *type; ++type)
    if (name == (*type)->name) return **type;
  throw std::runtime_error("no such task type");
}

result crash(std::string_view how) {
  host h;
  h.param("how", how);
  return run(h, "crash");
}

TEST(DemoCrash, AsksForAChildProcess) {
  const ganger_task& type = task_type("crash");

  EXPECT_TRUE(type.flags & GANGER_TASK_ISOLATE);
  EXPECT_FALSE(type.flags & GANGER_TASK_IDEMPOTENT);
  EXPECT_STREQ(type.params[0]->name, "how");
}

TEST(DemoCrashDeathTest, EndsItsProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";

  EXPECT_EXIT(crash("abort"), testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT(crash("exit"), testing::ExitedWithCode(0), "");
}

/// Children of this process, which is a subreaper. Returns how many there were.
int kill_orphans() {
  int killed = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc")) {
    std::ifstream status(task.path() / "stat");
    std::string pid, name, state, parent;
    if (!(status >> pid >> name >> state >> parent) || parent != std::to_string(getpid())) continue;
    kill(std::stoi(pid), SIGKILL);
    killed += waitpid(std::stoi(pid), nullptr, 0) > 0;
  }
  return killed;
}

TEST(DemoCrash, LeavesAnOrphanAndIsDone) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);

  const result r = crash("orphan");

  EXPECT_TRUE(r.ok()) << r;
  siginfo_t none{};
  EXPECT_EQ(waitid(P_ALL, 0, &none, WEXITED | WNOHANG | WNOWAIT), 0) << "there is no orphan";
  EXPECT_EQ(none.si_pid, 0) << "it has ended already";
  EXPECT_EQ(kill_orphans(), 1);
}

TEST(DemoCrash, WritesGarbageToSocketsOnly) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);

  const result r = crash("garbage");

  EXPECT_TRUE(r.ok()) << r;
  char bytes[4096];
  EXPECT_EQ(recv(ends[0], bytes, sizeof bytes, MSG_WAITALL | MSG_DONTWAIT), static_cast<ssize_t>(sizeof bytes));
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
