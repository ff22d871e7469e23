// check --cancel-sweep finds what tasks do wrong when they are stopped, and check tries what is safe to try.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include "ganger_process.h"

namespace ganger::host::test {

namespace fs = std::filesystem;

namespace {

using testing::SizeIs;

const std::string kStubborn = kHostile + "/stubborn.so";
constexpr auto kLong = std::chrono::minutes(2);

class Sweep : public GangerTest {
 protected:
  template <class... More>
  Ended sweep(const std::string& type, const More&... more) const {
    return run_ganger("check", kStubborn, "--cancel-sweep", type, more...);
  }
};

}  // namespace

TEST_F(Sweep, OfATaskThatStopsWellSaysHowManyCallsWereTried) {
  const Ended fine = sweep("fine");

  // Of 12 calls each gets a stop, one after it, and a deadline; and the one that borrows a failure.
  fine.exits(0).prints("stubborn.fine makes 12 calls in ").prints("each of them tried, in 37 runs\n");
  fine.prints("1 acquire, 5 progress, 1 release, 5 stop_reason").prints("ok: it always ended within ");
}

TEST_F(Sweep, FindsATaskThatIgnoresTheStopAndGivesUpSoon) {
  sweep("ignores-stop", "--grace", "100ms")
      .exits(4)
      .prints("error: stop at call 2 (stop_reason): did not return within the grace of 100ms")
      .prints(", of which 10 were bad\n")
      .takes_less_than(kLong);
}

TEST_F(Sweep, FindsWhatIsLeftBehind) {
  sweep("leaves-thread").exits(4).prints("error: stop at call 2 (stop_reason): left a thread running");
  sweep("leaves-descriptor")
      .exits(4)
      .prints("error: deadline at call 2 (stop_reason): left a descriptor open: /dev/null");
  sweep("leaves-file").exits(4).prints("error: stop at call 2 (stop_reason): left a temporary file: half-written");
  sweep("keeps-lease").exits(4).prints("error: stop at call 2 (stop_reason): kept 1 lease that it had borrowed");
  sweep("leaves-part", "to=${run.dir}/out")
      .exits(4)
      .prints("error: stop at call 1 (param): left a file that is not there after a whole run: out.part");
}

TEST_F(Sweep, FindsATaskThatDoesNotLookForLongOnceItHasAsked) {
  sweep("dozes", "--grace", "100ms")
      .exits(4)
      .prints("each of them tried, in 3 runs\nerror: stop after call 1 (stop_reason): ");
}

TEST_F(Sweep, StopsATaskOnSeveralThreadsToo) {
  sweep("teams-up")
      .exits(4)
      .prints("each of them tried, in 12 runs\nerror: stop at call 2 (stop_reason), on 4 threads: crashed ");
}

TEST_F(Sweep, TellsTheFirstFewOfManyFiles) {
  const Ended many = sweep("leaves-many");

  many.exits(4).prints("error: left alone, it left a temporary file: xxx");
  many.prints("error: left alone, it left a temporary file: and 24990 more\n").takes_less_than(kLong);
}

TEST_F(Sweep, EndsATaskThatFloodsTheDescriptorOfItsAnswer) {
  sweep("floods").exits(4).prints("error: left alone, it left more behind than can be looked at\n");
}

TEST_F(Sweep, HearsNothingOfAProcessThatTheTaskHasForked) {
  sweep("forks").exits(0).prints("stubborn.forks makes 1 call in ");
}

TEST_F(Sweep, TakesADeadlineThatNobodyLivesToSee) {
  sweep("fine", "--most", "1", "--timeout", "106751d", "--grace", "106751d").exits(0);
}

TEST_F(Sweep, MakesItsFoldersWhereTemporaryOnesAreMadeOrNowhere) {
  ganger({"check", kStubborn, "--cancel-sweep", "fine", "--unsafe-plugins"})
      .with_env("TMPDIR", (folder_ / "none").string())
      .end()
      .exits(65)
      .says("no folder for it where temporary ones are made (TMPDIR): ");
}

TEST_F(Sweep, FindsAWrongStatusAndACrash) {
  sweep("says-failed")
      .exits(4)
      .prints(
          "stop at call 2 (stop_reason): returned GANGER_FAILED (no idea what went wrong) and not GANGER_CANCELLED");
  sweep("crashes").exits(4).prints("error: stop at call 2 (stop_reason): crashed with SIGABRT");
}

TEST_F(Sweep, FailsAnAcquireToo) {
  const Ended trusts = sweep("trusts");

  trusts.exits(4).prints("error: failing acquire at call 1 (acquire): crashed with SIGABRT");
}

TEST_F(Sweep, OfManyCallsTriesSomeEvenlySpread) {
  sweep("calls-often", "--most", "3").exits(0).prints("3 of them tried, evenly spread (--most 0 for all), in 9 runs");
}

TEST_F(Sweep, NeedsATaskThatComesToAnEnd) {
  sweep("runs-for-ever", "--timeout", "200ms")
      .exits(4)
      .prints("error: left alone, it does not come to an end within 200ms");
}

TEST_F(Sweep, AnswersInJson) {
  const nlohmann::json json = sweep("leaves-file", "--format", "json").exits(4).json();

  EXPECT_EQ(json["schema"], "ganger.sweep/1");
  EXPECT_EQ(json["type"], "stubborn.leaves-file");
  EXPECT_EQ(json["fine"], false);
  EXPECT_EQ(json["calls"], 12);
  EXPECT_EQ(json["problems"][0]["call"], 1);
  EXPECT_EQ(json["problems"][0]["disturbance"], "stop after");
  EXPECT_EQ(json["problems"][0]["service"], "acquire");
  EXPECT_EQ(json["problems"][0]["threads"], 1);
  EXPECT_EQ(json["problems"][1]["call"], 2);
  EXPECT_EQ(json["problems"][1]["disturbance"], "stop");
}

TEST_F(Sweep, SaysWhatIsWrongOnTheCommandLine) {
  sweep("fines").exits(66).says("plugin 'stubborn' has no task type 'fines' (did you mean 'fine'?)");
  sweep("leaves-part").exits(65).says("'to'");
  sweep("fine", "to=x").exits(65).says("'to'");
  sweep("fine", "nonsense").exits(64).says("parameters of a task are given as KEY=VALUE");
  run_ganger("check", kStubborn, "--grace", "1s").exits(64).says("--grace has no effect without --cancel-sweep");
  run_ganger("check", write("j.toml", ""), "--cancel-sweep", "x").exits(64).says("--cancel-sweep takes a plugin");
}

TEST_F(Sweep, AnInterruptEndsItAndLeavesNothing) {
  const auto is_there = [this] {
    return std::ranges::any_of(fs::directory_iterator(folder_), [](const fs::directory_entry& entry) {
      return entry.path().filename().string().starts_with("ganger-check-");
    });
  };
  const auto interrupt_it = [&](pid_t pid) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_there() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    kill(pid, SIGINT);
  };

  const Ended ended = ganger({"check", kStubborn, "--cancel-sweep", "runs-for-ever", "--unsafe-plugins"})
                          .with_env("TMPDIR", folder_.string())
                          .acted_on(interrupt_it, "warning: --unsafe-plugins")
                          .end();

  ended.exits(2);
  EXPECT_FALSE(is_there());
}

TEST_F(Sweep, TheChildIsNotForPeople) {
  run_ganger("__trial", "1").exits(64).says("this is started by ganger itself");
}

TEST_F(Sweep, FindsNothingInThePluginsThatShip) {
  const std::string plugins = GANGER_BINARY_DIR "/lib/ganger/plugins/";
  write("a", "a");
  const auto shipped = [&](const std::string& file, const std::string& type, const auto&... more) {
    run_ganger("check", plugins + file, "--cancel-sweep", type, "--most", "20", more...)
        .exits(0)
        .prints("and left nothing behind");
  };

  shipped("demo.so", "sleep", "for=20ms");
  shipped("demo.so", "query", "qid=1", "max=5ms");
  shipped("exec.so", "run", "shell=sleep 0.05 & echo x; wait");
  shipped("files.so", "scan", "root=.", "to=${run.dir}/list");
  shipped("sqlite.so", "exec", "sql=create table t(a); insert into t values(1)");
  shipped("sqlite.so", "query", "sql=select 1", "to=${run.dir}/rows");
}

TEST_F(Sweep, CheckTriesWhatNeedsNothingAndMayBeRunAgain) {
  const nlohmann::json json = run_ganger("check", kStubborn, "--format", "json").exits(0).json();

  ASSERT_THAT(json["trials"], SizeIs(17));
  EXPECT_EQ(json["trials"][0]["type"], "stubborn.fine");
  EXPECT_EQ(json["trials"][0]["end"], "done");
  EXPECT_EQ(json["trials"][0]["calls"], 12);
  EXPECT_EQ(json["trials"][9]["tried"], false);
  EXPECT_EQ(json["trials"][9]["why"], "its 'to' has to be given");
  EXPECT_EQ(json["trials"][8]["why"], "it does not say that it is idempotent, and may do what should be done once");
}

}  // namespace ganger::host::test
