// What a plugin does outside the run() of its tasks, in a whole process: it neither ends it as if all were well, nor
// holds it for ever, nor brings it down from a child.
#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

using namespace std::chrono_literals;

class Outside : public GangerTest {
 protected:
  /// The command with a job of one task, and the plugin's wish.
  Process outside(const std::string& wish, std::vector<std::string> arguments,
                  const std::string& type = "noop") const {
    write("j.toml", "[pools.p]\nkind = \"outside.box\"\n[[task]]\nname = \"a\"\nuses = \"outside." + type + "\"\n");
    arguments.insert(arguments.end(), {"-P", kPlugins});
    Process process = ganger(std::move(arguments));
    process.with_env("OUTSIDE", wish);
    return process;
  }
};

}  // namespace

TEST_F(Outside, ALineOfNoLevelFromAChildThatEndsIsNoLine) {
  const Ended ended = outside("deinit.lies", {"run", "j.toml", "--isolate", "--events", "e.jsonl"}).end();

  ended.exits(0).says("a child process of plugin 'outside' broke the protocol while it ended; it was killed");
  EXPECT_EQ(read("e.jsonl").find("\"line\""), std::string::npos);
}

TEST_F(Outside, AChildThatEndsAndSaysWhatOnlyItsHostMayIsKilled) {
  outside("deinit.commands", {"run", "j.toml", "--isolate"}).end().exits(0).says("broke the protocol while it ended");
}

}  // namespace ganger::host::test
