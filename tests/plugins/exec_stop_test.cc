// What exec.run does not leave behind: processes, zombies, descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "exec_runner.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;
using ganger::testing::host;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

/// As `kill -0` sees the process whose pid is in the file; one that is a zombie does not run.
bool is_running(const std::filesystem::path& pid_file) {
  const std::string pid = std::to_string(std::stol("0" + ganger::content_of(pid_file)));
  const std::string state = ganger::content_of("/proc/" + pid + "/stat");
  return pid != "0" && !state.empty() && state.find(") Z") == std::string::npos;
}

bool has_children() {
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// A folder for pid files, and this process as the parent of orphans, as the program is.
class ExecStop : public testing::Test {
 protected:
  ExecStop() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~ExecStop() override {
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    EXPECT_FALSE(has_children()) << "a child was left to wait for";
  }

  /// Runs the shell line in the folder; asks it to stop once the file `ready` is there.
  ganger::testing::result stopped(const std::string& line, const char* kill_after = "2s") {
    host h;
    h.param("shell", line).param("cwd", folder_.path()).param("kill_after", kill_after);
    std::atomic<bool> is_over{false};
    std::thread stopper([&] {
      while (!std::filesystem::exists(folder_ / "ready") && !is_over)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (!is_over) h.stop();
    });
    const auto begin = steady_clock::now();
    const auto entry = plugin_entry("exec");
    auto r = h.run(entry, "run");
    took_ = steady_clock::now() - begin;
    is_over = true;
    stopper.join();
    return r;
  }
  ganger::testing::result run_here(const std::string& line) {
    host h;
    h.param("shell", line).param("cwd", folder_.path());
    return run_exec(h);
  }

  const TemporaryFolder folder_;
  std::chrono::nanoseconds took_{0};
};

TEST_F(ExecStop, EndsTheCommandWithSigterm) {
  const auto r = stopped("trap 'echo tidied; exit 0' TERM; : >ready; while :; do sleep 0.01; done");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_TRUE(r.logged("tidied")) << r;
  EXPECT_LT(took_, seconds(10));
}

TEST_F(ExecStop, KillsACommandThatIgnoresSigterm) {
  const auto r = stopped("trap '' TERM; echo $$ >pid; : >ready; while :; do sleep 0.01; done", "100ms");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_FALSE(is_running(folder_ / "pid"));
  EXPECT_LT(took_, seconds(10));
}

TEST_F(ExecStop, EndsACommandThatWritesWithoutAPause) {
  const auto r = stopped(": >ready; exec yes");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r.why;
  EXPECT_LT(took_, seconds(10));
}

TEST_F(ExecStop, EndsACommandThatIsStopped) {
  const auto r = stopped("echo $$ >pid; : >ready; kill -STOP $$; sleep 100");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_FALSE(is_running(folder_ / "pid"));
}

TEST_F(ExecStop, EndsTheGroupAndWhatHasLeftIt) {
  const auto r = stopped(
      "sleep 100 & echo $! >child; setsid sh -c 'echo $$ >session; sleep 100' & "
      "(setsid sh -c 'echo $$ >orphan; : >ready; exec sleep 100' >/dev/null 2>&1 </dev/null &) ; wait");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_FALSE(is_running(folder_ / "child"));
  EXPECT_FALSE(is_running(folder_ / "session"));
  EXPECT_FALSE(is_running(folder_ / "orphan"));
}

TEST_F(ExecStop, EndsAnOrphanThatIgnoresSigterm) {
  const auto r = stopped(
      "(setsid sh -c 'trap \"\" TERM; echo $$ >orphan; : >ready; while :; do sleep 0.01; done' >/dev/null 2>&1 &) ; "
      "sleep 100",
      "100ms");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_FALSE(is_running(folder_ / "orphan"));
}

TEST_F(ExecStop, EndsAChildThatHasNoEnvironmentLeft) {
  const auto r = stopped("env -i setsid sh -c 'echo $$ >bare; : >ready; sleep 100' & wait");

  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
  EXPECT_FALSE(is_running(folder_ / "bare"));
}

TEST_F(ExecStop, LeavesOtherChildrenAlone) {
  FILE* const other = popen("sleep 0.3; echo finished", "re");
  ASSERT_NE(other, nullptr);

  const auto r = stopped(": >ready; sleep 100");

  std::array<char, 16> said{};
  EXPECT_STREQ(std::fgets(said.data(), said.size(), other), "finished\n");
  EXPECT_EQ(pclose(other), 0);
  EXPECT_EQ(r.status, GANGER_CANCELLED) << r;
}

TEST_F(ExecStop, BeforeItStartsStartsNothing) {
  host h;
  h.param("shell", ": >started").param("cwd", folder_.path());
  h.stop();

  EXPECT_EQ(run_exec(h).status, GANGER_CANCELLED);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "started"));
}

TEST_F(ExecStop, StopsWellAnywhere) {
  const auto swept = ganger::testing::sweep([](host& h) {
    h.param("shell", "echo a; echo b >&2");
    return run_exec(h);
  });

  EXPECT_EQ(swept.bad_call, 0U) << swept.at;
}

TEST_F(ExecStop, ACommandThatEndsTakesItsGroupAlong) {
  const auto r = run_here("sleep 100 >/dev/null 2>&1 & echo $! >pid; sleep 100 & echo started");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logged("left 2 processes behind; they were ended")) << r;
  EXPECT_FALSE(is_running(folder_ / "pid"));
  EXPECT_EQ(output(r, "stdout"), "started");
}

TEST_F(ExecStop, ACommandThatEndsTakesAlongWhatHoldsItsOutput) {
  const auto r = run_here("setsid sh -c 'echo $$ >pid; exec sleep 100' & while [ ! -s pid ]; do sleep 0.01; done");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logged("left 1 process behind; it was ended")) << r;
  EXPECT_FALSE(is_running(folder_ / "pid"));
}

TEST_F(ExecStop, WaitsForTheLastWordsOfWhatEndsByItself) {
  const auto r = run_here("(sleep 0.03; echo late) & echo early");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "stdout"), "early\nlate");
  EXPECT_EQ(r.logs.size(), 2U) << r;
}

TEST_F(ExecStop, AnOrphanThatHasEndedBeforeIsNoZombie) {
  const auto r = run_here("(true & echo $! >pid) ; sleep 0.05");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_TRUE(r.logs.empty()) << r;
  EXPECT_FALSE(has_children());
}

TEST_F(ExecStop, AFileThatCannotBeWrittenEndsTheCommand) {
  host h;
  h.param("shell", "echo $$ >pid; trap '' PIPE; yes").param("cwd", folder_.path());
  struct rlimit_guard {
    rlimit_guard() {
      getrlimit(RLIMIT_FSIZE, &before);
      const rlimit small{100'000, before.rlim_max};
      setrlimit(RLIMIT_FSIZE, &small);
      handler = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~rlimit_guard() {
      setrlimit(RLIMIT_FSIZE, &before);
      std::signal(SIGXFSZ, handler);
    }
    rlimit before{};
    void (*handler)(int) = SIG_DFL;
  };

  const auto r = [&] {
    const rlimit_guard full_disk;
    return run_exec(h);
  }();

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_THAT(r.why, HasSubstr("cannot write the command's output to '"));
  const auto begin = r.why.find('\'') + 1;
  EXPECT_FALSE(std::filesystem::exists(r.why.substr(begin, r.why.find('\'', begin) - begin))) << "it fills the disk";
  EXPECT_FALSE(is_running(folder_ / "pid"));
}

TEST_F(ExecStop, TwoThousandCommandsLeaveNothing) {
  const auto entry = plugin_entry("exec");
  const auto before = open_descriptors();
  int failed = 0;
  host h;
  h.param_list("argv", {"true"});

  for (int i = 0; i < 2000; ++i)
    if (h.run(entry, "run").status != GANGER_OK) ++failed;

  EXPECT_EQ(failed, 0);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

}  // namespace
