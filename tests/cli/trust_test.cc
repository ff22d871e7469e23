// Which plugins a command takes: who could have changed them, and what is pinned.
#include <filesystem>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

namespace fs = std::filesystem;

class Trust : public GangerTest {
 protected:
  Trust() {
    fs::create_directory(own_);
    fs::copy_file(kHostile + "/talks.so", plugin_);
    fs::permissions(own_, fs::perms(0755));
    fs::permissions(plugin_, fs::perms(0755));
    write("j.toml", "plugins = [\"own\"]\n[[task]]\nname = \"a\"\nuses = \"talks.go\"\n");
  }
  std::string lock() const { return read("plugins.lock"); }
  /// Another build of the plugin, as far as bytes go.
  void rebuild() const { fs::resize_file(plugin_, fs::file_size(plugin_) + 1); }

  const fs::path own_ = folder_ / "own", plugin_ = own_ / "talks.so";
};

}  // namespace

TEST_F(Trust, AFileThatOthersCanWriteIsRefusedByEveryVerb) {
  fs::permissions(plugin_, fs::perms(0775));
  const std::string why = "talks.so may be written by its group (mode 0775, owner ";

  run_ganger("run", "j.toml").exits(77).says("j.toml:4:8: error: ").says(why).says("chmod g-w ");
  run_ganger("plan", "j.toml").exits(77).says(why);
  run_ganger("check", "j.toml").exits(4).says(why);
  run_ganger("exec", "talks.go", "-P", own_.string()).exits(77).says(why);
  run_ganger("inspect", "talks", "-P", own_.string()).exits(77).says(why);
  run_ganger("check", plugin_.string()).exits(4).prints(why);
  run_ganger("list", "-P", own_.string()).exits(0).prints("talks cannot be used").prints(why);
}

TEST_F(Trust, AFolderThatOthersCanWriteIsNamed) {
  fs::permissions(own_, fs::perms(0777));

  run_ganger("run", "j.toml")
      .exits(77)
      .says("the folder " + own_.string() + " may be written by everybody (mode 0777");
}

TEST_F(Trust, UnsafePluginsTakesItWithAWarning) {
  fs::permissions(plugin_, fs::perms(0777));

  run_ganger("run", "j.toml", "--unsafe-plugins").exits(0).says("warning: --unsafe-plugins: ").prints("1 done");
  run_ganger("inspect", "talks", "-P", own_.string(), "--unsafe-plugins").exits(0).says("warning: --unsafe-plugins");
  run_ganger("run", "j.toml").exits(77).never_says("warning: --unsafe-plugins");
}

TEST_F(Trust, APinnedPluginRunsAndAnotherBuildOfItDoesNot) {
  run_ganger("check", "j.toml", "--pin").exits(0).prints("j.toml: fine (1 task, 0 pools, 1 plugin pinned)\n");
  run_ganger("run", "j.toml").exits(0);
  run_ganger("check", "j.toml").exits(0);
  rebuild();

  run_ganger("run", "j.toml")
      .exits(77)
      .says("plugin 'talks' is not the one that ")
      .says("plugins.lock names: its SHA-256");
  run_ganger("plan", "j.toml").exits(77);
  run_ganger("check", "j.toml").exits(4);
  run_ganger("check", "j.toml", "--pin").exits(0);
  run_ganger("run", "j.toml").exits(0);
}

TEST_F(Trust, APluginThatIsNotPinnedIsRefused) {
  write("plugins.lock", "");

  run_ganger("run", "j.toml").exits(77).says("plugin 'talks' is not in ").says("ganger check JOB.toml --pin");
}

TEST_F(Trust, PinningKeepsWhatOtherJobsUse) {
  const std::string other =
      "[[plugin]]\nid = \"other\"\nversion = \"3\"\nsha256 = \"" + std::string(64, '0') + "\"\n";
  write("plugins.lock", other);

  run_ganger("check", "j.toml", "--pin").exits(0);

  EXPECT_NE(lock().find(other), std::string::npos) << lock();
  EXPECT_NE(lock().find("id = \"talks\"\nversion = \"1.0.0\"\n"), std::string::npos) << lock();
}

TEST_F(Trust, ALockFileThatIsWrongIsExplained) {
  write("plugins.lock", "[[plugin]]\nid = 4\n");

  run_ganger("run", "j.toml").exits(65).says("plugins.lock:2:6: error: id must be a string, not an integer");
  run_ganger("check", "j.toml", "--pin").exits(4).says("plugins.lock:2:6: error: ");
  EXPECT_EQ(lock(), "[[plugin]]\nid = 4\n");
}

TEST_F(Trust, PluginsLockNamesAnotherFile) {
  run_ganger("check", "j.toml", "--pin", "--plugins-lock", "my.lock").exits(0);
  EXPECT_FALSE(fs::exists(folder_ / "plugins.lock"));
  run_ganger("run", "j.toml", "--plugins-lock", "my.lock").exits(0);
  run_ganger("exec", "talks.go", "-P", own_.string(), "--plugins-lock", "my.lock").exits(0);
  rebuild();

  run_ganger("run", "j.toml", "--plugins-lock", "my.lock").exits(77);
  run_ganger("exec", "talks.go", "-P", own_.string(), "--plugins-lock", "my.lock").exits(77);
  run_ganger("run", "j.toml").exits(0);
  run_ganger("run", "j.toml", "--plugins-lock", "none.lock").exits(66).says("no such lock file");
}

TEST_F(Trust, OnlyJobsArePinned) {
  run_ganger("check", plugin_.string(), "--pin").exits(64).says("--pin takes a job");
}

}  // namespace ganger::host::test
