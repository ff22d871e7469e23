// What ganger answers to the completion scripts of the shells; the scripts themselves are tested by the shells.
#include "ganger_process.h"

namespace ganger::host::test {

class Completion : public GangerTest {
 protected:
  /// The words after `ganger`, the last one up to the cursor.
  Ended complete(std::vector<std::string> words) const {
    words.insert(words.begin(), "__complete");
    return ganger(words).end();
  }

  const std::string job_ = write("j.toml", R"([params]
root = "/usr/share/doc"
depth = 3

[[task]]
name = "scan"
uses = "files.scan"

[[task]]
name = "hash"
uses = "files.hash"
)");
};

TEST_F(Completion, TheFirstWordIsACommand) {
  complete({"re"}).exits(0).prints("resume\tresumes a run").never_prints("run\t");
  complete({}).exits(0).prints("run\t").prints("help\t").never_prints("--version");
  complete({"--"}).prints("--help\t").prints("--version\t").never_prints("run\t");
  complete({"nonsense", ""}).exits(0).never_prints("\t").never_says("error");
}

TEST_F(Completion, OptionsAreThoseThatTheParserKnows) {
  complete({"run", "--"}).prints("--only\tonly these tasks").prints("--junit\t").never_prints("--assume");
  complete({"resume", "--as"}).prints("--assume\t").never_prints("--only");
  complete({"run", "-"}).prints("-k\tafter a failure").prints("--keep-going\t");
  complete({"run", "--", "--"}).never_prints("--only");
}

TEST_F(Completion, ValuesAreThoseThatTheHelpNames) {
  complete({"run", "--on-busy", ""}).prints("skip\t\nwait\t\n");
  complete({"list", "--color=a"}).prints("--color=auto\t\n--color=always\t\n").never_prints("never");
  complete({"run", "-P", ""}).prints(":folders\t\n");
  complete({"run", "--metrics", ""}).prints(":files\t.prom\n");
  complete({"run", "--timeout", ""}).never_prints("\t");
  complete({"completion", ""}).prints("bash\t\nzsh\t\nfish\t\n");
}

TEST_F(Completion, ASubjectIsWhatTheUsageNames) {
  complete({"run", ""}).prints(":files\t.toml\n");
  complete({"check", ""}).prints(":files\t.toml\n:files\t.so\n");
  complete({"inspect", "de"}).prints("demo\t\n").never_prints("sqlite");
  complete({"inspect", "demo.e"}).prints("demo.echo\t");
  complete({"help", "ch"}).prints("check\t");
  complete({"run", job_, ""}).never_prints("\t");
}

TEST_F(Completion, TaskTypesComeWithTheirSummaries) {
  complete({"exec", "demo."}).prints("demo.echo\t").prints("demo.noop\t").never_prints("exec.run");
}

TEST_F(Completion, ParametersOfATaskTypeAreOfferedOnce) {
  complete({"exec", "files.scan", "ro"}).prints("root=\tthe folder (required)\n");
  complete({"exec", "files.scan", "root=/", ""}).never_prints("root=").prints("hidden=\t");
  complete({"exec", "files.scan", "exclude=a", "ex"}).prints("exclude=\t");
  complete({"exec", "files.scan", "hidden="}).prints("hidden=true\t\nhidden=false\t\n");
  complete({"exec", "files.scan", "root=/"}).prints(":files\t\n");
  complete({"exec", "no.such", ""}).exits(0).never_prints("\t").never_says("error");
}

TEST_F(Completion, ASweepIsOfATypeOfThatFileAndHasItsParameters) {
  const std::string file = GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so";

  complete({"check", file, "--cancel-sweep", "s"}).prints("sleep\t");
  complete({"check", file, "--cancel-sweep", "sleep", "f"}).prints("for=\t");
  complete({"check", file, "f"}).never_prints("\t");
}

TEST_F(Completion, ParametersOfTheJobAreOfferedOnce) {
  complete({"run", job_, "-p", ""}).prints("root=\t/usr/share/doc\ndepth=\t3\n");
  complete({"plan", job_, "-pdepth=2", "--param", ""}).prints("root=\t").never_prints("depth=");
  complete({"run", job_, "-p", "root="}).prints("root=/usr/share/doc\tdefault\n:files\t\n");
}

TEST_F(Completion, TasksOfTheJobAreOfferedOnce) {
  complete({"run", job_, "--only", ""}).prints("scan\tfiles.scan\nhash\tfiles.hash\n");
  complete({"run", job_, "--only", "scan", ""}).prints("hash\t").never_prints("scan");
  complete({"run", "--only", "scan", job_, "-p", ""}).prints("root=\t");
  complete({"run", job_, "--only", "scan", "--keep"}).prints("--keep-going\t");
}

TEST_F(Completion, AJobThatIsStillBeingWrittenGivesTheNamesThatItHas) {
  const std::string unknown_key = write("k.toml", "[[task]]\nname = \"one\"\nuses = \"demo.noop\"\naftr = []\n");
  const std::string no_toml = write("t.toml",
                                    "[params]\nroot = \"/\"\n[[task]]\nname = \"one\n[task.sandbox]\nmemory = 1\n"
                                    "[[task]]\nname = \"two\"\n");

  complete({"run", unknown_key, "--only", ""}).prints("one\tdemo.noop\n");
  complete({"run", no_toml, "--only", ""}).prints("two\t\n").never_prints("one");
  complete({"run", no_toml, "-p", ""}).prints("root=\t/\n");
  complete({"run", "gone.toml", "-p", ""}).exits(0).never_prints("\t").never_says("error");
  complete({"run", "/dev/zero", "-p", ""}).exits(0).never_prints("\t");
}

TEST_F(Completion, AHomeThatNoShellHasExpandedIsFoundAllTheSame) {
  ganger({"__complete", "run", "~/j.toml", "-p", ""})
      .with_env("HOME", folder_.string())
      .end()
      .prints("root=\t/usr/share/doc\n");
}

TEST_F(Completion, RunsAreThoseOfTheJournal) {
  const std::string good = write("good.toml", "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n");
  const std::string bad =
      write("bad.toml", "[params]\nwho = \"you\"\n[[task]]\nname = \"a\"\nuses = \"demo.fail\"\n");
  run_ganger("run", good, "--state-dir", "s").exits(0);
  run_ganger("run", bad, "--state-dir", "s").exits(3);

  complete({"show", "--state-dir", "s", ""}).prints("good, finished\n").prints("bad, failed\n");
  complete({"resume", "--state-dir", "s", ""}).prints("bad, failed\n").never_prints("good");
  complete({"resume", "--state-dir", "s", "-p", ""}).prints("who=\tyou\n");
  complete({"show", "--state-dir", "none", ""}).exits(0).never_prints("\t");
}

TEST_F(Completion, ADamagedJournalIsLeftToThoseWhoTellOfIt) {
  std::filesystem::create_directory(folder_ / "s");
  write("s/journal.db", std::string(5000, 'x'));

  complete({"show", "--state-dir", "s", ""}).exits(0).never_prints("\t");

  EXPECT_EQ(read("s/journal.db"), std::string(5000, 'x'));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "s" / "journal.db.suspect"));
}

TEST_F(Completion, EachShellHasAScript) {
  run_ganger("completion", "bash").exits(0).prints("complete -F _ganger ganger\n");
  run_ganger("completion", "zsh").exits(0).prints("#compdef ganger\n");
  run_ganger("completion", "fish").exits(0).prints("complete -c ganger ");
  run_ganger("completion", "bsh").exits(64).says("no completion for 'bsh' (did you mean 'bash'?)");
  run_ganger("completion")
      .exits(64)
      .says("completion needs a shell: bash, zsh or fish; see 'ganger help completion'");
}

}  // namespace ganger::host::test
