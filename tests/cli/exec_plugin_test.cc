// Commands as tasks, as a user of the shell meets them.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using std::chrono::seconds;

class ExecPlugin : public GangerTest {
 protected:
  /// Does the process run whose pid is in that file? A zombie does not: whoever is its parent by now may be slow.
  bool is_running(const std::string& pid_file) const {
    const std::string pid = std::to_string(std::stol("0" + read(pid_file)));
    std::ifstream stat("/proc/" + pid + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stat), {}};
    EXPECT_NE(pid, "0") << "there is no pid in " << pid_file;
    return !text.empty() && text.find(") Z") == std::string::npos;
  }
};

constexpr std::string_view kChain = R"(
[[task]]
name = "version"
uses = "exec.run"
with = { shell = "echo MAJOR=3; echo MINOR=4", outputs = "env" }

[[task]]
name = "facts"
uses = "exec.run"
with = { argv = ["echo", "{\"size\": 12}"], outputs = "json" }

[[task]]
name = "say"
uses = "exec.run"
with = { argv = ["printf", "%s|", "v${tasks.version.major}.${tasks.version.minor}", "${tasks.facts.size}", "a b"] }

[[task]]
name = "count"
uses = "exec.run"
with = { argv = ["wc", "-c"], stdin = "${tasks.say.stdout}", env = ["LC_ALL=C"] }

[[task]]
name = "tidy"
uses = "exec.run"
when = "always"
after = ["count"]
with = { shell = "echo tidied", cwd = "/" }
)";

}  // namespace

TEST_F(ExecPlugin, RunsOneCommandWithoutAJob) {
  const Ended run = run_ganger("exec", "exec.run", "argv=echo", "argv=hi there");

  run.exits(0);
  EXPECT_EQ(run.json()["stdout"], "hi there");
  EXPECT_EQ(run.json()["code"], 0);
}

TEST_F(ExecPlugin, TheOutputOfOneCommandIsAWordOfTheNext) {
  write("chain.toml", kChain);

  const Ended run = run_ganger("run", "chain.toml");

  run.exits(0).says("say: v3.4|12|a b|").says("count: 12").says("tidy: tidied");
}

TEST_F(ExecPlugin, ACommandThatFailsFailsItsTaskAndSaysWhy) {
  const Ended run = run_ganger("exec", "exec.run", "shell=echo no luck >&2; exit 9");

  run.exits(3).says("ended with exit code 9: no luck");
}

TEST_F(ExecPlugin, AWrongTaskIsRefusedBeforeAnythingRuns) {
  write("wrong.toml",
        "[[task]]\nname = \"a\"\nuses = \"exec.run\"\nwith = { shell = \": >ran\" }\n"
        "[[task]]\nname = \"b\"\nuses = \"exec.run\"\nwith = { argv = [\"true\"], shell = \"true\" }\n");

  run_ganger("run", "wrong.toml").exits(65).says("both argv and shell are given");

  EXPECT_EQ(run_ganger("exec", "exec.run").code, 65);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ran"));
}

TEST_F(ExecPlugin, AnInterruptEndsTheCommandAndWhatItHasStarted) {
  write(
      "long.toml",
      "[[task]]\nname = \"s\"\nuses = \"exec.run\"\n"
      "with = { shell = \"sleep 100 & echo $! >child; setsid sleep 100 & echo $! >other; echo sleeping; wait\" }\n");

  const Ended run = ganger({"run", "long.toml"}).signalled(SIGINT, "s: sleeping").end();

  run.exits(2).says("s interrupted").takes_less_than(seconds(20));
  EXPECT_FALSE(is_running("child"));
  EXPECT_FALSE(is_running("other"));
}

TEST_F(ExecPlugin, ATimeoutOfTheTaskEndsTheCommand) {
  write("slow.toml",
        "[[task]]\nname = \"s\"\nuses = \"exec.run\"\ntimeout = \"200ms\"\n"
        "with = { shell = \"echo $$ >pid; exec sleep 100\" }\n");

  run_ganger("run", "slow.toml").exits(3).says("timed_out").takes_less_than(seconds(20));

  EXPECT_FALSE(is_running("pid"));
}

TEST_F(ExecPlugin, ATaskIsTriedAgain) {
  write("again.toml",
        "[[task]]\nname = \"s\"\nuses = \"exec.run\"\nretries = 2\nbackoff = \"1ms\"\n"
        "with = { shell = \"echo x >>tries; [ $(wc -l <tries) = 3 ]\" }\n");

  run_ganger("run", "again.toml").exits(0);

  EXPECT_EQ(read("tries"), "x\nx\nx\n");
}

}  // namespace ganger::host::test
