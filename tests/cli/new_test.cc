// `ganger new`; that its projects build, run and package themselves is seen by tests/consumer/new_test.sh.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "ganger_process.h"
#include "host/cli/project_template.h"

namespace ganger::host::test {

namespace fs = std::filesystem;

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class New : public GangerTest {
 protected:
  /// The names of what is in a folder below that of the test.
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / folder)) names.push_back(entry.path().filename());
    return names;
  }
};

TEST_F(New, MakesAProjectInWhichTheExamplesNameIsItsOwn) {
  run_ganger("new", "mail").exits(0).prints("  cd mail ").prints("-P build ").prints("  cpack ");

  EXPECT_THAT(names_in("mail"),
              UnorderedElementsAre("CMakeLists.txt", "README.md", "ci.sh", "mail.cc", "mail.toml", "mail_test.cc"));
  EXPECT_THAT(read("mail/mail.cc"), testing::HasSubstr("GANGER_PLUGIN(\"mail\""));
  EXPECT_EQ(access((folder_ / "mail/ci.sh").c_str(), X_OK), 0);
}

TEST_F(New, MakesOneInCWhenItIsTold) {
  run_ganger("new", "mail", "--lang", "c").exits(0).prints("a plugin in C,");

  EXPECT_THAT(read("mail/mail.c"), testing::HasSubstr(".id = \"mail\""));
}

TEST_F(New, ALanguageThatItDoesNotKnowIsAnsweredWithThoseThatItDoes) {
  run_ganger("new", "mail", "--lang", "ccp")
      .exits(64)
      .says("--lang ccp: it is one of cpp, c (did you mean 'cpp'?)\n");
  run_ganger("new", "mail", "--lang", "cobol").exits(64).says("--lang cobol: it is one of cpp, c\n");

  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST_F(New, RefusesNamesThatNoPluginMayHave) {
  run_ganger("new").exits(64).says("new needs a name for the plugin; see 'ganger help new'\n");
  run_ganger("new", "").exits(64).says("new needs a name for the plugin");
  run_ganger("new", "mail", "post").exits(64).says("unexpected argument 'post'");
  for (const char* name : {"Mail", "../mail", "..", ".mail", "_mail", "ma il", "mail/"})
    run_ganger("new", name).exits(64).says("the name of a plugin is a letter or digit and then ");
  run_ganger("new", "ma\033[31mil").exits(64).says("new ma\xEF\xBF\xBD[31mil: the name of a plugin ");
  run_ganger("new", std::string(64, 'a')).exits(64).says("at most 63 of them");

  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST_F(New, RefusesTheNameOfAPluginThatIsInstalled) {
  run_ganger("new", "demo").exits(64).says("new demo: there is a plugin of that name, ").says("take another name\n");

  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST_F(New, LeavesWhatHasThatNameAlone) {
  write("mail", "letters");
  fs::create_directory(folder_ / "post");
  fs::create_symlink("nowhere", folder_ / "dangling");

  for (const char* name : {"mail", "post", "dangling"})
    run_ganger("new", name).exits(73).says(std::string("cannot create ") + name + ": File exists\n");

  EXPECT_EQ(read("mail"), "letters");
  EXPECT_THAT(names_in("post"), IsEmpty());
  EXPECT_THAT(names_in("."), UnorderedElementsAre("mail", "post", "dangling"));
}

TEST_F(New, LeavesNothingWhenTheDiskIsFull) {
  ganger({"new", "mail"})
      .limited(RLIMIT_FSIZE, 100)
      .ignoring(SIGXFSZ)
      .end()
      .exits(74)
      .says("cannot write mail/")
      .says(": File too large\n");

  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST_F(New, SaysWhereItMissesTheTemplate) {
  const auto made = make_project(folder_ / "no templates", "hello", "mail", folder_ / "mail");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::not_found);
  EXPECT_THAT(made.error().message, testing::HasSubstr("no templates; it comes with the package ganger-dev"));
}

TEST(ProjectTemplate, AGreetingStaysOne) {
  EXPECT_EQ(renamed("hello.cc says \"hello, \" in hello_test, hello", "hello", "mail"),
            "mail.cc says \"hello, \" in mail_test, mail");
}

}  // namespace ganger::host::test
