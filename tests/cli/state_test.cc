// The state directory: where it is, who makes it, who waits for its locks, and what is left in it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <thread>

#include "ganger_process.h"
#include "host/session/named_lock.h"

namespace ganger::host::test {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class State : public GangerTest {
 protected:
  State() { write("j.toml", "[[task]]\nname = \"one\"\nuses = \"demo.noop\"\n"); }

  /// Holds a lock as another process would, for as long as it lives.
  class Holder {
   public:
    explicit Holder(const fs::path& file) {
      fs::create_directories(file.parent_path());
      fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      EXPECT_EQ(flock(fd_, LOCK_EX), 0);
    }
    ~Holder() { close(fd_); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    int fd_ = -1;
  };

  /// The folder of a run as one that was killed leaves it.
  fs::path left_folder(const std::string& run, bool has_ledger) const {
    fs::create_directories(state_ / "runs" / run / "work");
    write(".local/state/ganger/runs/" + run + "/work/file", "kept");
    if (has_ledger) write(".local/state/ganger/runs/" + run + "/ledger", "");
    return state_ / "runs" / run;
  }

  /// A command that waits for the lock.
  std::future<Ended> start_waiter(const std::string& verb, std::vector<std::string> words,
                                  const std::vector<std::string>& more) const {
    words.insert(words.begin(), verb);
    words.insert(words.end(), {"--on-busy", "wait"});
    words.insert(words.end(), more.begin(), more.end());
    return std::async(std::launch::async, [this, words] { return ganger(words).end(); });
  }

  /// Until another process has the file open; which nothing tells, so it is looked for.
  void wait_for_opener(const fs::path& file) const {
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    for (; std::chrono::steady_clock::now() < limit; std::this_thread::sleep_for(milliseconds(1))) {
      std::error_code gone;
      for (fs::directory_iterator process("/proc", gone), end; !gone && process != end; process.increment(gone)) {
        const std::string name = process->path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos || name == std::to_string(getpid())) continue;
        std::error_code closed;
        for (fs::directory_iterator fd(process->path() / "fd", closed); !closed && fd != end; fd.increment(closed)) {
          std::error_code no_link;
          if (fs::read_symlink(fd->path(), no_link) == file) return;
        }
      }
    }
    ADD_FAILURE() << "nobody has come for " << file;
  }

  const fs::path state_ = folder_ / ".local/state/ganger";
};

TEST_F(State, AVariableThatNamesNoAbsolutePathIsAnError) {
  for (const char* value : {"", "here", "./here"})
    for (const char* verb : {"run", "exec", "history", "show", "resume"}) {
      std::vector<std::string> words{verb};
      if (words[0] == "run") words.emplace_back("j.toml");
      if (words[0] == "exec") words.emplace_back("demo.noop");

      const Ended ended = ganger(words).with_env("GANGER_STATE_DIR", value).end();

      ended.exits(78).says("GANGER_STATE_DIR is '" + std::string(value) + "', which is no absolute path");
    }
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(State, AnOptionCountsMoreThanAVariableThatIsWrong) {
  ganger({"run", "j.toml", "--state-dir", "own"}).with_env("GANGER_STATE_DIR", "").end().exits(0);
}

TEST_F(State, WhoOnlyReadsMakesNoJournal) {
  run_ganger("history").exits(0).prints("no runs yet");
  EXPECT_EQ(run_ganger("history", "--format", "json").exits(0).json()["runs"], nlohmann::json::array());
  run_ganger("show").exits(66).says("no run has been recorded in " + state_.string() + " yet");
  run_ganger("resume").exits(66).says("no run has been recorded in " + state_.string() + " yet");

  EXPECT_FALSE(fs::exists(folder_ / ".local"));
}

TEST_F(State, AJournalThatCannotBeLookedForIsNotMissing) {
  write("file", "");
  fs::create_directory(folder_ / "dangling");
  fs::create_symlink("nowhere/journal.db", folder_ / "dangling/journal.db");

  run_ganger("history", "--state-dir", "file/state").exits(73).never_prints("no runs yet");
  EXPECT_NE(run_ganger("history", "--state-dir", "dangling").code, 0);
}

TEST_F(State, ShowTellsTheSameAsTextAndAsJson) {
  write("k.toml",
        "[params]\nn = \"1\"\ntoken = \"\"\n[[task]]\nname = \"t\"\nuses = \"teller.tell\"\n"
        "with = { token = \"${params.token}\" }\n[[task]]\nname = \"s\"\nuses = \"demo.sleep\"\nafter = [\"t\"]\n"
        "with = { for = \"60s\", say = \"sleeping\" }\n");
  ganger({"run", "k.toml", "-P", kPlugins, "-p", "n=2", "-p", "token=hunter2-hunter2", "--keep-going"})
      .signalled(SIGKILL, "s: sleeping")
      .end();

  const Ended text = run_ganger("show");
  const auto json = run_ganger("show", "--format", "json").exits(0).json();

  text.exits(0).prints("in doubt").prints("n=2 token=***").prints("--keep-going").never_prints("hunter2");
  EXPECT_EQ(json["tasks"][0]["outcome"], "done");
  EXPECT_EQ(json["tasks"][0]["state"], "ended");
  EXPECT_EQ(json["tasks"][1]["outcome"], nullptr);
  EXPECT_EQ(json["tasks"][1]["state"], "in_doubt");
  EXPECT_EQ(json["params"], (nlohmann::json{{"n", "2"}, {"token", "***"}}));
  EXPECT_EQ(json["options"], (nlohmann::json{"--keep-going", "--plugin-dir", kPlugins}));
}

// -- locks --------------------------------------------------------------------------------------------------------

TEST_F(State, TheDeadlineHoldsForTheWaitForALockToo) {
  const Holder other(state_ / "locks/nightly.lock");

  const Ended run = run_ganger("run", "j.toml", "--lock", "nightly", "--on-busy", "wait", "--timeout", "100ms");
  const Ended unix_like = run_ganger("run", "j.toml", "--lock", "nightly", "--on-busy", "wait", "--timeout", "100ms",
                                     "--exit-style", "unix");

  run.exits(1).says("the deadline passed while another run held the lock 'nightly'; nothing was run");
  run.takes_less_than(seconds(20));
  unix_like.exits(124);
  run_ganger("history").prints("no runs yet");
}

TEST_F(State, WhoDoesNotWaitIsSentAway) {
  const Holder other(state_ / "locks/nightly.lock");

  const Ended skipped = run_ganger("run", "j.toml", "--lock", "nightly", "--timeout", "1m");

  skipped.exits(75).says("another run holds the lock 'nightly'; nothing was run");
}

TEST_F(State, WhoWaitsRunsWhenTheLockIsFree) {
  write("gate.toml", "[[task]]\nname = \"one\"\nuses = \"exec.run\"\nwith = { shell = \"echo ran\" }\n");
  for (const std::vector<std::string>& limit : {std::vector<std::string>{}, {"--timeout", "1m"}}) {
    const fs::path file = state_ / "locks/nightly.lock";
    auto other = std::make_unique<Holder>(file);
    auto waiter = start_waiter("run", {"gate.toml", "--lock", "nightly"}, limit);

    wait_for_opener(file);
    const auto too_early = waiter.wait_for(milliseconds(100));
    other.reset();
    const Ended run = waiter.get();

    EXPECT_EQ(too_early, std::future_status::timeout);
    run.exits(0).says("one: ran");
  }
}

TEST_F(State, TheTimeoutIsThatOfTheWaitAndOfTheRun) {
  write("long.toml", "[[task]]\nname = \"one\"\nuses = \"demo.sleep\"\nwith = { for = \"2s\" }\n");
  const fs::path file = state_ / "locks/nightly.lock";
  auto other = std::make_unique<Holder>(file);
  auto waiter = start_waiter("run", {"long.toml", "--lock", "nightly"}, {"--timeout", "3s"});

  wait_for_opener(file);
  std::this_thread::sleep_for(milliseconds(1500));
  other.reset();

  waiter.get().exits(1);
}

TEST_F(State, TheWaitLeavesAnAlarmAlone) {
  const fs::path file = state_ / "locks/nightly.lock";
  const Holder other(file);
  struct sigaction before {};
  struct sigaction after {};
  sigaction(SIGALRM, nullptr, &before);
  alarm(1000);

  const auto wish = take_lock(state_, "nightly", OnBusy::wait, std::chrono::steady_clock::now() + milliseconds(50));

  EXPECT_GT(alarm(0), 900U);
  sigaction(SIGALRM, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  EXPECT_EQ(wish.value(), LockWish::late);
}

TEST_F(State, WhoHasWaitedGoesOnWithWhatTheRunIsThen) {
  write("k.toml",
        "[params]\nn = \"0\"\n[[task]]\nname = \"one\"\nuses = \"exec.run\"\n"
        "with = { shell = \"echo n is ${params.n}; test -e go\" }\n");
  run_ganger("run", "k.toml", "--lock", "nightly", "-p", "n=1").exits(3);
  const fs::path file = state_ / "locks/nightly.lock";
  auto other = std::make_unique<Holder>(file);
  auto waiter = start_waiter("resume", {}, {});

  wait_for_opener(file);
  run_ganger("resume", "--lock", "other", "-p", "n=2", "--accept-changes").exits(3).says("n is 2");
  write("go", "");
  other.reset();

  waiter.get().exits(0).says("n is 2");
}

TEST_F(State, ARunThatGoesOnTakesTheLockItHad) {
  write("k.toml", "[[task]]\nname = \"one\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\n");
  run_ganger("run", "k.toml", "--lock", "nightly").exits(3);
  write("go", "");
  auto other = std::make_unique<Holder>(state_ / "locks/nightly.lock");

  const Ended skipped = run_ganger("resume");
  const Ended late = run_ganger("resume", "--on-busy", "wait", "--timeout", "50ms");
  const Ended elsewhere = run_ganger("resume", "--lock", "other", "--keep-going");

  skipped.exits(75).says("another run holds the lock 'nightly'; nothing was run");
  late.exits(1).says("the deadline passed while another run held the lock 'nightly'");
  elsewhere.exits(0);
}

// -- what is left -------------------------------------------------------------------------------------------------

TEST_F(State, FoldersThatNoRunComesBackToGoWithALaterRun) {
  run_ganger("run", "j.toml").exits(0);
  const fs::path bare = left_folder("20010101-000000-0000aa", true);
  fs::remove_all(bare / "work");
  const fs::path unknown = left_folder("20010101-000000-0000ab", true);
  const fs::path without_record = left_folder("20010101-000000-0000ac", false);
  const fs::path young = left_folder("29990101-000000-0000ad", true);
  const fs::path other = left_folder("mine", true);

  run_ganger("run", "j.toml").exits(0);

  EXPECT_FALSE(fs::exists(bare));
  for (const fs::path& kept : {unknown, without_record, young, other})
    EXPECT_TRUE(fs::exists(kept / "work/file")) << kept;
}

// -- files that are none ------------------------------------------------------------------------------------------

TEST_F(State, APipeInPlaceOfAFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo((folder_ / "pipe.toml").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo((folder_ / "plugins.lock").c_str(), 0600), 0);

  for (const char* verb : {"run", "plan", "check", "graph"})
    run_ganger(verb, "pipe.toml").says("pipe.toml: error: cannot read the job file: it is a pipe or a device");
  run_ganger("run", "/dev/zero").exits(74).says("it is a pipe or a device");
  run_ganger("run", "j.toml").exits(74).says("plugins.lock: error: cannot read the lock file: it is a pipe");
  run_ganger("run", "j.toml", "--plugins-lock", "/dev/zero").exits(74).says("it is a pipe or a device");
}

TEST_F(State, AJobMayComeThroughAPipeThatIsOpen) {
  const auto shell = [&](const std::string& line) {
    return std::system(("cd '" + folder_.string() + "' && HOME=$PWD bash -c '" + line + "' >out 2>&1").c_str());
  };

  EXPECT_EQ(shell("cat j.toml | " GANGER_PROGRAM " run /dev/stdin"), 0) << read("out");
  EXPECT_EQ(shell(GANGER_PROGRAM " run <(cat j.toml)"), 0) << read("out");
  EXPECT_EQ(shell(GANGER_PROGRAM " check <(cat j.toml)"), 0) << read("out");
}

TEST_F(State, AJobThatIsMissingIsThatWhateverTheLockFileIs) {
  write("plugins.lock", "[[plugni]]\n");

  run_ganger("run", "gone.toml").exits(66).says("gone.toml: error: no such job file").never_says("plugins.lock");
}

TEST_F(State, AWrongLockFileIsToldWithTheErrorsOfTheJob) {
  write("j.toml", "naem = \"x\"\n[[task]]\nname = \"one\"\nuses = \"demo.noop\"\n");
  write("plugins.lock", "[[plugni]]\n");

  run_ganger("check", "j.toml").exits(4).says("j.toml:1:1: error: ").says("plugins.lock:1:3: error: ");
}

}  // namespace

}  // namespace ganger::host::test
