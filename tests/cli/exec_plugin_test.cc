// Commands as tasks, as a user of the shell meets them.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

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
  /// Waits until none of them runs, or too long.
  bool have_ended(const std::vector<std::string>& pid_files) const {
    const auto until = std::chrono::steady_clock::now() + seconds(60);
    const auto is_over = [&] {
      return std::none_of(pid_files.begin(), pid_files.end(), [&](const auto& f) { return is_running(f); });
    };
    while (!is_over() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return is_over();
  }
  /// Processes that were started with the home of this test, by their names.
  std::vector<std::string> left_processes() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
      std::ifstream environment(entry.path() / "environ"), name(entry.path() / "comm");
      const std::string text{std::istreambuf_iterator<char>(environment), {}};
      std::string word;
      if (text.find("HOME=" + folder_.string()) != std::string::npos && std::getline(name, word)) all.push_back(word);
    }
    return all;
  }
};

/// Two commands: one with children of every kind, each with its pid in a file, and one that has dropped the mark of
/// its environment itself.
constexpr std::string_view kFamily = R"(
[[task]]
name = "family"
uses = "exec.run"
with = { shell = """
echo $$ >leader
sleep 600 & echo $! >child
sh -c 'sleep 600 & echo $! >grandchild; wait' &
setsid sh -c 'echo $$ >session; exec sleep 600' &
(setsid sh -c 'echo $$ >orphan; exec sleep 600' >/dev/null 2>&1 </dev/null &)
env -i sleep 600 & echo $! >bare
while [ ! -s grandchild ] || [ ! -s session ] || [ ! -s orphan ] || [ ! -s bare ]; do sleep 0.01; done
echo all are there
wait""" }

[[task]]
name = "alone"
uses = "exec.run"
with = { shell = "echo $$ >alone; exec env -i sleep 600" }
)";

const std::vector<std::string> kFamilyFiles{"leader", "child", "grandchild", "session", "orphan", "bare", "alone"};

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

TEST_F(ExecPlugin, WhatIsWrongOnTheCommandLineIsSaidInTermsOfTheCommandLine) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"demo.echo"},
                                             {"demo.echo", "tex=hi"},
                                             {"demo.sleep", "for=soon"},
                                             {"exec.run"},
                                             {"exec.run", "argv=true", "shell=true"},
                                             {"exec.run", "argv=true", "expect=x"},
                                             {"exec.run", "argv=true", "expect=300"},
                                             {"exec.run", "argv=true", "outputs=xml"}}) {
    std::vector<std::string> arguments{"exec"};
    arguments.insert(arguments.end(), words.begin(), words.end());

    const Ended run = ganger(arguments).end();

    run.exits(65);
    for (const char* of_a_job : {"with =", "{", "[", "toml", "TOML", " job", "task '", " = "})
      run.never_says(of_a_job);
  }
  run_ganger("exec", "demo.echo").says("demo.echo needs parameter 'text' (what to say): text=VALUE");
  run_ganger("exec", "exec.run").says("exec.run: there is nothing to run");
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

TEST_F(ExecPlugin, AKillOfTheHostEndsAllCommandsAndAllThatTheyHaveStarted) {
  write("family.toml", kFamily);

  ganger({"run", "family.toml", "-j", "2"}).signalled(SIGKILL, "all are there").end();

  EXPECT_TRUE(have_ended(kFamilyFiles));
}

TEST_F(ExecPlugin, AHostThatItsFirstCommandKillsAtOnceLeavesNothing) {
  write("rude.toml",
        "[[task]]\nname = \"a\"\nuses = \"exec.run\"\nwith = { shell = \"setsid sleep 600 & echo $! >child; echo $$ "
        ">leader; kill "
        "-9 $PPID; while :; do sleep 0.01; done\" }\n");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(run_ganger("run", "rude.toml", "--no-history").signal, SIGKILL);

    ASSERT_TRUE(have_ended({"leader", "child"})) << "round " << i;
  }
}

TEST_F(ExecPlugin, AKillOfAHostThatIsSuspendedEndsThemToo) {
  write("family.toml", kFamily);

  ganger({"run", "family.toml", "-j", "2"})
      .as_a_job()
      .signalled(SIGTSTP, "all are there")
      .acted_on(
          [](pid_t host) {
            siginfo_t info{};
            while (waitid(P_PID, static_cast<id_t>(host), &info, WSTOPPED | WNOWAIT) != 0 && errno == EINTR) {
            }
            kill(host, SIGKILL);
          },
          "")
      .end();

  EXPECT_TRUE(have_ended(kFamilyFiles));
}

TEST_F(ExecPlugin, AHostThatLeavesAtTheThirdInterruptLeavesNoCommandEither) {
  write("deaf.toml",
        "[[task]]\nname = \"s\"\nuses = \"exec.run\"\nwith = { kill_after = \"10m\", shell = \"trap '' INT TERM; "
        "echo $$ "
        ">pid; echo deaf; while :; do sleep 0.05; done\" }\n");

  ganger({"run", "deaf.toml"})
      .signalled(SIGINT, "s: deaf")
      .signalled(SIGINT, "s: deaf")
      .signalled(SIGINT, "s: deaf")
      .end();

  EXPECT_TRUE(have_ended({"pid"}));
}

TEST_F(ExecPlugin, ARunOfCommandsThatHasEndedLeavesNothingRunningAndSaysNothingOfTheKind) {
  for (const char* isolate : {"thread", "process"}) {
    write("a.toml", std::string("[[task]]\nname = \"a\"\nuses = \"exec.run\"\nisolate = \"") + isolate +
                        "\"\nwith = { argv = [\"true\"] }\n[[task]]\nname = \"b\"\nuses = \"exec.run\"\nafter = "
                        "[\"a\"]\nisolate = \"" +
                        isolate + "\"\nwith = { argv = [\"true\"] }\n");

    run_ganger("run", "a.toml").exits(0).never_says("left").never_says("processes");

    EXPECT_THAT(left_processes(), testing::IsEmpty());
  }
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
