#include "ganger_process.h"

namespace ganger::host::test {

namespace {

constexpr const char* kToken = "hunter2";

class Secret : public GangerTest {
 protected:
  Secret() {
    write("j.toml",
          "[params]\ntoken = \"none\"\nfail = false\n[[task]]\nname = \"a\"\nuses = \"teller.tell\"\n"
          "with = { token = \"${params.token}\", text = \"x${params.token}x\", fail = \"${params.fail}\" }\n");
  }
  Ended tell(std::vector<std::string> words) const {
    words.insert(words.end(), {"-P", kPlugins});
    return ganger(words).end().never_says(kToken).never_prints(kToken);
  }
};

}  // namespace

TEST_F(Secret, IsInNoLogLineAndNoEvent) {
  tell({"run", "j.toml", "-v", "-p", "token=hunter2", "--events", "e"}).exits(0).says("the token is *** and x***x");

  EXPECT_EQ(read("e").find(kToken), std::string::npos);
}

TEST_F(Secret, IsInNoErrorAndNoHintHowToRunAgain) {
  tell({"run", "j.toml", "-p", "token=hunter2", "-p", "fail=true"})
      .exits(3)
      .prints("wrong token ***")
      .never_prints("ganger r");
  tell({"run", "j.toml", "-p", "token=hunter2", "-p", "fail=true", "--no-history"}).exits(3).never_prints("ganger r");
}

TEST_F(Secret, IsInNoPlan) {
  const auto plan = tell({"plan", "j.toml", "-p", "token=hunter2", "--format", "json"}).exits(0).json();

  EXPECT_EQ(plan["tasks"][0]["params"]["token"], "***");
  EXPECT_EQ(plan["tasks"][0]["params"]["text"], "x***x");
}

TEST_F(Secret, IsInNoOutput) {
  EXPECT_EQ(tell({"exec", "teller.tell", "token=hunter2"}).exits(0).json()["token"], "it was ***");
}

}  // namespace ganger::host::test
