// Everything that leaves the process, looked through for secrets that a plugin tells wherever it can.
#include <fstream>
#include <iterator>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

namespace fs = std::filesystem;

const std::string kPassword = "hunter2-pa55word";
const std::string kKey = "-----a key-----\nfirst-of-key\nsecond-of-key\n-----end-----\n";
// What may be seen nowhere: beginnings and lines of secrets, so that one in pieces is found too.
constexpr const char* kSecrets[] = {"hunter2", "pa55word", "first-of-key", "second-of-key", "by-itself", "t4ken-as"};

class SecretRoads : public GangerTest {
 protected:
  SecretRoads() {
    write("j.toml",
          "[params]\npw = \"none\"\nkey = \"\"\nend = \"ok\"\nprints = false\nopens = true\n"
          "[pools.v]\nkind = \"leaky.vault\"\nsize = 1\n"
          "with = { url = \"db://u:${params.pw}@there\", opens = \"${params.opens}\" }\n"
          "[[task]]\nname = \"a\"\nuses = \"leaky.leak\"\n"
          "with = { password = \"${params.pw}\", key = \"${params.key}\", text = \"x${params.pw}x\", pool = \"v\", "
          "end = \"${params.end}\", prints = \"${params.prints}\" }\n"
          "[[task]]\nname = \"b\"\nuses = \"leaky.compare\"\n"
          "with = { is = \"${tasks.a.said}\", wanted = \"it was ${params.pw}\", secret = \"<${tasks.a.plain}>\" }\n");
  }

  /// Runs `ganger` with the secrets of the job, and looks at what it has said.
  Ended with_secrets(std::vector<std::string> words) const {
    words.insert(words.end(), {"-p", "pw=" + kPassword, "-p", "key=" + kKey, "-P", kPlugins});
    return quiet(words);
  }
  Ended quiet(const std::vector<std::string>& words) const {
    Ended ended = ganger(words).limited(RLIMIT_CORE, 0).end();
    for (const char* secret : kSecrets) ended.never_says(secret).never_prints(secret);
    return ended;
  }
  Ended run(std::vector<std::string> words) const {
    words.insert(words.begin(), {"run", "j.toml", "-v", "--events", "events", "--junit", "junit", "--trace", "trace",
                                 "--metrics", "metrics"});
    return with_secrets(words);
  }

  static void expect_no_secret_in(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const char* secret : kSecrets)
      EXPECT_EQ(text.find(secret), std::string::npos) << secret << " is in " << file;
  }
  /// Every file that is there: records, ledgers, reports, work directories.
  void expect_no_secret_in_any_file() const {
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      ++files;
      expect_no_secret_in(entry.path());
    }
    EXPECT_GE(files, 6U) << "the job, four reports and the journal";
  }
  void expect_no_secret_in_the_record() const {
    expect_no_secret_in_any_file();
    for (const char* verb : {"show", "history"}) {
      quiet({verb}).exits(0);
      quiet({verb, "--format", "json"}).exits(0);
    }
  }
};

/// In the host or in child processes, where tasks may print as well.
class SecretRoadsOf : public SecretRoads, public testing::WithParamInterface<bool> {
 protected:
  bool is_isolated() const { return GetParam(); }
  Ended run_there(std::vector<std::string> words) const {
    if (is_isolated()) words.insert(words.end(), {"--isolate", "-p", "prints=true"});
    return run(std::move(words));
  }
};
INSTANTIATE_TEST_SUITE_P(Isolated, SecretRoadsOf, testing::Bool());

}  // namespace

TEST_P(SecretRoadsOf, ARunThatGoesWellTellsNone) {
  const Ended ended = run_there({}).exits(0);

  // The lines are there, without what they told.
  ended.says("password *** in x***x").says("a line: ***").says("made ***").says("check knows ***");
  ended.says("a thread warns of ***").says("secret ***").says("reset knows ***").says("close knows ***");
  if (is_isolated()) ended.says("printed ***");
  expect_no_secret_in_the_record();
  const auto shown = quiet({"show", "--format", "json"}).exits(0).json();
  EXPECT_EQ(shown["tasks"][0]["outputs"]["said"], "it was ***");
  EXPECT_EQ(shown["tasks"][0]["outputs"]["sees"], "") << "from outside";
  EXPECT_EQ(shown["params"]["pw"], "***");
}

TEST_P(SecretRoadsOf, ARunThatFailsTellsNone) {
  for (const char* how : {"fails", "throws"}) {
    SCOPED_TRACE(how);
    run_there({"-p", std::string("end=") + how}).exits(3).says("***");
    expect_no_secret_in_the_record();
  }
}

TEST_P(SecretRoadsOf, ARunThatCrashesTellsNone) {
  const Ended ended = run_there({"-p", "end=crashes"}).says("SIGSEGV");
  if (is_isolated()) ended.exits(3);
  expect_no_secret_in_the_record();
}

TEST_P(SecretRoadsOf, APoolThatDoesNotOpenTellsNone) {
  run_there({"-p", "opens=false"}).exits(69).says("cannot open ***");
  expect_no_secret_in_the_record();
}

TEST_F(SecretRoads, ARunThatIsResumedTellsNone) {
  run({"-p", "end=fails"}).exits(3);

  quiet({"resume"}).exits(64).says("was given as a secret");
  quiet({"resume", "-v", "-p", "pw=" + kPassword, "-p", "key=" + kKey, "-p", "end=ok", "--accept-changes"}).exits(0);
  expect_no_secret_in_the_record();
}

TEST_F(SecretRoads, ATaskThatIsDoneGivesWhatItSetToThoseThatRunWhenItIsResumed) {
  write("r.toml",
        "[params]\npw = \"none\"\n[[task]]\nname = \"tell\"\nuses = \"teller.tell\"\n"
        "with = { token = \"${params.pw}\" }\n"
        "[[task]]\nname = \"wait\"\nuses = \"exec.run\"\nwith = { shell = \"test -e go\" }\nafter = [\"tell\"]\n"
        "[[task]]\nname = \"compare\"\nuses = \"leaky.compare\"\nafter = [\"wait\"]\n"
        "with = { is = \"${tasks.tell.token}\", wanted = \"it was ${params.pw}\" }\n");
  quiet({"run", "r.toml", "-P", kPlugins, "-p", "pw=" + kPassword}).exits(3);
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_regular_file()) expect_no_secret_in(entry.path());
  write("go", "");

  quiet({"resume", "-p", "pw=" + kPassword}).exits(0).never_says("tell done");
}

TEST_F(SecretRoads, APlanTellsNone) {
  const auto plan = with_secrets({"plan", "j.toml", "--format", "json"}).exits(0).json();
  EXPECT_EQ(plan["tasks"][0]["params"]["password"], "***");
  EXPECT_EQ(plan["tasks"][0]["params"]["text"], "x***x");
  EXPECT_EQ(plan["tasks"][1]["params"]["wanted"], "it was ***");
  with_secrets({"plan", "j.toml"}).exits(0);
  with_secrets({"run", "-n", "j.toml"}).exits(0);
}

TEST_F(SecretRoads, WhatATaskSaysAgainstItsParametersTellsNone) {
  with_secrets({"run", "j.toml", "-p", "end=refuses"}).exits(65).says("refuses ***");
  with_secrets({"plan", "j.toml", "-p", "end=refuses"}).exits(65).says("refuses ***");
  quiet({"exec", "leaky.leak", "password=" + kPassword, "end=refuses", "-P", kPlugins}).exits(65).says("refuses ***");
}

TEST_F(SecretRoads, WhatIsWrongWithAParameterTellsNone) {
  quiet({"exec", "leaky.leak", "password=" + kPassword, "count=" + kPassword, "-P", kPlugins})
      .exits(65)
      .says("an integer is wanted, not \"***\"");
  with_secrets({"run", "j.toml", "-p", "prints=" + kPassword}).exits(65).says("--param prints");
  quiet({"run", "j.toml", "-p", kPassword}).exits(64).says("--param needs NAME=VALUE");
}

TEST_F(SecretRoads, ALineOfTheJobFileThatHoldsOneIsNotShown) {
  write("k.toml",
        "[[task]]\nname = \"a\"\nuses = \"leaky.leak\"\nwith = { password = \"" + kPassword + "\", nope = 1 }\n");

  quiet({"check", "k.toml", "-P", kPlugins}).exits(4).says("no parameter 'nope'");
  quiet({"check", "k.toml", "-P", kPlugins, "--format", "json"}).exits(4);
}

TEST_F(SecretRoads, TheAnswerOfExecTellsNone) {
  for (const auto& more : {std::vector<std::string>{}, {"--isolate", "prints=true"}}) {
    std::vector<std::string> words{"exec", "leaky.leak", "password=" + kPassword, "key=" + kKey, "-P", kPlugins};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = ganger(words).end().exits(0);
    for (const char* secret : {"hunter2", "pa55word", "first-of-key", "second-of-key", "by-itself"})
      ended.never_says(secret).never_prints(secret);
    EXPECT_EQ(ended.json()["said"], "it was ***");
    EXPECT_EQ(ended.json()["token"], "***");
    EXPECT_EQ(ended.json()["plain"], "t4ken-as-text") << "nothing secret is made of it here";
  }
}

TEST_F(SecretRoads, ATrialOfATaskTellsNone) {
  for (const char* how : {"fails", "throws", "crashes", "refuses"}) {
    SCOPED_TRACE(how);
    for (const char* form : {"text", "json"})
      quiet({"check", kPlugins + "/leaky.so", "--cancel-sweep", "leak", "password=" + kPassword,
             std::string("end=") + how, "prints=true", "--format", form});
  }
}

TEST_F(SecretRoads, WhatACommandWritesIsMaskedToo) {
  write("c.toml",
        "[params]\npw = \"\"\n[[task]]\nname = \"hold\"\nuses = \"leaky.compare\"\n"
        "with = { secret = \"${params.pw}\" }\n"
        "[[task]]\nname = \"c\"\nuses = \"exec.run\"\nafter = [\"hold\"]\n"
        // A line that is cut for the log, and whose last kilobyte, which is in the error, begins in the password.
        "with = { env = [\"PW=${params.pw}\"], "
        "shell = \"printf %s%01015d $PW 0 >&2; echo >&2; printf %s $PW; exit 1\" }\n");

  quiet({"run", "c.toml", "-P", kPlugins, "-p", "pw=" + kPassword, "--events", "e"}).exits(3).says("...***0");
  EXPECT_EQ(read("e").find("hunter2"), std::string::npos);
}

}  // namespace ganger::host::test
