// The state directory in bad hands: of other users, removed, cut short, full, or read-only.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "ganger_process.h"
#include "host/journal/journal.h"
#include "tests/journal/journal_fakes.h"

namespace ganger::host::test {

namespace {

namespace fs = std::filesystem;

class StateTrust : public GangerTest {
 protected:
  StateTrust() { write("j.toml", "[[task]]\nname = \"one\"\nuses = \"demo.noop\"\n"); }

  /// A job of one command.
  std::string shell_job(const std::string& command) const {
    write("shell.toml", "[[task]]\nname = \"one\"\nuses = \"exec.run\"\nwith = { shell = '''" + command + "''' }\n");
    return "shell.toml";
  }
  std::vector<std::string> run_ids() const {
    std::vector<std::string> ids;
    const auto history = run_ganger("history", "--format", "json").exits(0).json();
    for (const auto& run : history["runs"]) ids.push_back(run["run"]);
    return ids;
  }

  const fs::path state_ = folder_ / ".local/state/ganger";
};

/// Mounts that this process and those that it starts see, gone with the object.
class Mount {
 public:
  Mount(const std::string& kind, const fs::path& source, fs::path target, unsigned long flags,
        const std::string& options = {})
      : target_(std::move(target)) {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    const unsigned long how = kind.empty() ? static_cast<unsigned long>(MS_BIND) : flags;
    is_there_ =
        mount(source.c_str(), target_.c_str(), kind.empty() ? nullptr : kind.c_str(), how, options.c_str()) == 0;
    if (is_there_ && kind.empty() && mount("", target_.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr) != 0)
      unmount();
  }
  ~Mount() { unmount(); }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  bool is_there() const { return is_there_; }

 private:
  void unmount() {
    if (is_there_) umount2(target_.c_str(), MNT_DETACH);
    is_there_ = false;
  }
  const fs::path target_;
  bool is_there_ = false;
};

constexpr const char* kNoMount = "this user may not mount anything here";

// -- whose it is --------------------------------------------------------------------------------------------------

TEST_F(StateTrust, AStateDirectoryThatOthersCanWriteIsRefusedByAllWhoUseIt) {
  run_ganger("run", "j.toml").exits(0);
  const std::string why = "state directory " + state_.string() + " is not trusted: the folder ";

  for (const fs::path& folder : {state_, state_ / "runs", state_.parent_path()}) {
    fs::create_directories(folder);
    const auto before = fs::status(folder).permissions();
    fs::permissions(folder, fs::perms(0777));
    for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "j.toml"},
                                                  {"run", "j.toml", "--no-history"},
                                                  {"run", "j.toml", "--lock", "x"},
                                                  {"exec", "demo.noop"},
                                                  {"history"},
                                                  {"show"},
                                                  {"resume"}})
      ganger(words)
          .end()
          .exits(77)
          .says(why + folder.string() + " may be written by everybody (mode 0777")
          .says("; chmod go-w " + folder.string())
          .never_says("--unsafe-plugins");
    fs::permissions(folder, before);
  }
  run_ganger("plan", "j.toml").exits(0);
  EXPECT_EQ(run_ids().size(), 1U);
}

TEST_F(StateTrust, AStateDirectoryOfSomebodyElseIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  run_ganger("run", "j.toml").exits(0);
  ASSERT_EQ(chown((state_ / "journal.db").c_str(), 65534, 65534), 0);

  run_ganger("history").exits(77).says("journal.db belongs to ").says("chown it to root");
  ASSERT_EQ(chown(state_.c_str(), 65534, 65534), 0);
  run_ganger("run", "j.toml").exits(77).says("the folder " + state_.string() + " belongs to ");
}

TEST_F(StateTrust, WhatIsMadeIsForItsOwnerOnlyWhateverTheUmask) {
  const mode_t before = umask(0);
  run_ganger("run", "j.toml").exits(0);
  umask(before);

  for (const char* made : {".local", ".local/state", ".local/state/ganger"})
    EXPECT_EQ(fs::status(folder_ / made).permissions(), fs::perms(0700)) << made;
  run_ganger("run", "j.toml").exits(0);
}

TEST_F(StateTrust, AChangedJobThatOthersCanWriteIsNotResumed) {
  shell_job("test -e go");
  run_ganger("run", "shell.toml").exits(3);
  write("go", "");
  shell_job("test -e go; echo changed");
  fs::permissions(folder_ / "shell.toml", fs::perms(0664));

  run_ganger("resume", "--accept-changes")
      .exits(77)
      .says("shell.toml, which is not the one that run ")
      .says("shell.toml may be written by its group")
      .never_says("changed\n");
  fs::permissions(folder_ / "shell.toml", fs::perms(0644));
  run_ganger("resume", "--accept-changes").exits(0).says("one: changed");
}

// -- what happens to it -------------------------------------------------------------------------------------------

TEST_F(StateTrust, OneThatIsRemovedDuringARunIsAnErrorOfTheRun) {
  run_ganger("run", shell_job("rm -r .local").c_str())
      .exits(74)
      .says("was removed, replaced or cut short during the run");
}

TEST_F(StateTrust, OneThatIsReplacedDuringARunIsAnErrorOfTheRun) {
  run_ganger("run", shell_job("mv .local/state/ganger away; cp -r away .local/state/ganger").c_str())
      .exits(74)
      .says("was removed, replaced or cut short during the run");
}

TEST_F(StateTrust, FilesThatAreCutShortAreErrorsAndNoCrash) {
  for (const std::string file : {"runs/*/ledger", "journal.db-shm", "journal.db-wal", "journal.db"}) {
    const std::string job =
        shell_job("for f in .local/state/ganger/" + file + "; do test -f $f && truncate -s 0 $f; done");

    const Ended run = run_ganger("run", job);
    const Ended history = run_ganger("history");
    const Ended resumed = run_ganger("resume");

    for (const Ended* ended : {&run, &history, &resumed}) EXPECT_EQ(ended->signal, 0) << file << ": " << ended->err;
    if (file == "runs/*/ledger" || file == "journal.db-shm") run.exits(74).says(" cut short ");
    fs::remove_all(folder_ / ".local");
  }
}

TEST_F(StateTrust, AClockThatIsSetBackChangesNeitherTheOrderNorTheLastRun) {
  auto journal = must(Journal::open(state_));
  const std::string future = "29981231-235959-fffffe";
  must(must(journal->begin(header_of(future), plan_of(1)))->finish("finished", 0));
  journal.reset();

  run_ganger("run", "j.toml").exits(0);
  run_ganger("run", "j.toml").exits(0);

  std::vector<std::string> ids = run_ids();
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids.back(), future);
  EXPECT_TRUE(std::ranges::is_sorted(ids, std::ranges::greater())) << testing::PrintToString(ids);
  EXPECT_EQ(run_ganger("show", "--format", "json").exits(0).json()["run"], ids.front());
}

// -- where little can be written ----------------------------------------------------------------------------------

TEST_F(StateTrust, FilesThatMayGrowNoMoreAreErrorsAndNoSignal) {
  // A program finds no signal ignored, but perhaps the first one, of who runs this test without a terminal.
  const std::string job = shell_job("grep -E '^SigIgn:.0{15}[01]$' /proc/self/status");
  run_ganger("run", job).exits(0).says("one: SigIgn:");
#ifdef __SANITIZE_THREAD__
  constexpr rlim_t kLeast = 500;  // its runtime writes a file before main()
#else
  constexpr rlim_t kLeast = 0;
#endif
  int failed = 0, finished = 0;
  for (rlim_t most = kLeast; most < 2'000'000 && finished == 0; most = most * 2 + 500) {
    fs::remove_all(folder_ / ".local");
    const Ended run = ganger({"run", job, "--events", "events"}).limited(RLIMIT_FSIZE, most).end();
    EXPECT_EQ(run.signal, 0) << most << ": " << run.err;
    if (run.code == 0) {
      ++finished;
      run.says("one: SigIgn:");
    } else {
      ++failed;
      EXPECT_TRUE(run.code == 73 || run.code == 74) << most << ": " << run.code << run.err;
    }
  }
  EXPECT_GT(failed, 3);
  EXPECT_EQ(finished, 1);
}

TEST_F(StateTrust, AFullDiskIsAnErrorAndNoSignal) {
  const std::string job = shell_job("echo ran");
  fs::create_directories(state_);
  int failed = 0, finished = 0;
  for (int kilobytes = 4; kilobytes < 2'000 && finished == 0; kilobytes = kilobytes * 3 / 2) {
    const Mount disk("tmpfs", "none", state_, 0, "mode=0700,size=" + std::to_string(kilobytes) + "k");
    if (!disk.is_there()) GTEST_SKIP() << kNoMount;
    const Ended run = run_ganger("run", job);
    EXPECT_EQ(run.signal, 0) << kilobytes << ": " << run.err;
    if (run.code == 0) {
      ++finished;
      EXPECT_EQ(run_ids().size(), 1U);
    } else {
      ++failed;
      EXPECT_TRUE(run.code == 73 || run.code == 74) << kilobytes << ": " << run.code << run.err;
    }
  }
  EXPECT_GT(failed, 3);
  EXPECT_EQ(finished, 1);
}

TEST_F(StateTrust, HistoryAndShowReadWhatMayNotBeWritten) {
  run_ganger("run", "j.toml").exits(0);
  run_ganger("run", "j.toml").exits(0);
  const auto ids = run_ids();
  for (const std::vector<std::string>& gone :
       {std::vector<std::string>{}, {"journal.db-shm"}, {"journal.db-shm", "journal.db-wal"}}) {
    const fs::path copy = folder_ / "copy";
    fs::remove_all(copy);
    fs::copy(state_, copy, fs::copy_options::recursive);
    fs::permissions(copy, fs::perms(0700));
    for (const std::string& file : gone) fs::remove(copy / file);
    const Mount read_only("", copy, copy, MS_RDONLY);
    if (!read_only.is_there()) GTEST_SKIP() << kNoMount;

    const auto runs = run_ganger("history", "--format", "json", "--state-dir", "copy").exits(0).json()["runs"];
    if (gone.size() < 2) {
      EXPECT_EQ(runs.size(), ids.size());
    }
    if (!runs.empty())
      run_ganger("show", std::string(runs[0]["run"]).c_str(), "--state-dir", "copy").exits(0).prints("demo.noop");
    const Ended run = run_ganger("run", "j.toml", "--state-dir", "copy");
    EXPECT_TRUE(run.code == 73 || run.code == 74) << run.code << run.err;
  }
}

}  // namespace

}  // namespace ganger::host::test
