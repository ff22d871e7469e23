// The state directory: where it is, who makes it, who waits for its locks, and what is left in it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

namespace fs = std::filesystem;
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

}  // namespace

}  // namespace ganger::host::test
