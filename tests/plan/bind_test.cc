#include "host/plan/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/job/read_job.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Param param(const std::string& name, std::uint32_t type, std::uint32_t flags = 0) {
  Param p;
  p.name = name;
  p.type = type;
  p.flags = flags;
  return p;
}

/// Binds the `with` of the first task of a job, and says how that went.
struct Bound {
  Bound(const std::vector<Param>& params, const std::string& with, const std::string& job = "",
        std::map<std::string, std::string, std::less<>> overrides = {})
      : reading(
            parse_job(job + "\n[[task]]\nname = \"first\"\nuses = \"x.y\"\n[[task]]\nname = \"t\"\nuses = \"x.y\"\n" +
                          "with = { " + with + " }\n",
                      "/jobs/a.toml")),
        facts{.overrides = std::move(overrides),
              .run_id = "r1",
              .run_dir = "/runs/r1",
              .current_dir = "/cwd",
              .env = [](const std::string& name) { return name == "HOME" ? "/home/me" : nullptr; },
              .secrets = &secrets},
        binder(reading.job, facts, reading.errors) {
    binding = binder.bind(params, reading.job.tasks[1].with, "x.y", {}, &outputs_of);
  }
  std::vector<std::string> values(std::size_t p = 0) const {
    std::vector<std::string> all;
    for (const Value& v : binding[p].values) all.push_back(shown(v));
    return all;
  }
  std::vector<std::string> errors() const {
    std::vector<std::string> all;
    for (const Error& e : reading.errors) all.push_back(e.message);
    return all;
  }

  Secrets secrets;
  JobReading reading;
  Facts facts;
  Binder binder;
  std::vector<NameAt> outputs_of;
  Binding binding;
};

TEST(Binder, ValuesGetTheTypeOfTheirParameter) {
  const Bound b({param("d", GANGER_DURATION_NS), param("s", GANGER_SIZE), param("f", GANGER_F64),
                 param("b", GANGER_BOOL), param("i", GANGER_I64), param("t", GANGER_STR)},
                "d = \"10m\", s = \"64KiB\", f = 2, b = true, i = -7, t = \"x\"");

  EXPECT_THAT(b.errors(), IsEmpty());
  const std::vector<std::string> wanted{"10m", "64KiB", "2.0", "true", "-7", "x"};
  for (std::size_t p = 0; p < wanted.size(); ++p) EXPECT_THAT(b.values(p), ElementsAre(wanted[p]));
}

TEST(Binder, AReferenceAloneKeepsItsTypeAndInsideATextBecomesText) {
  const Bound b({param("i", GANGER_I64), param("t", GANGER_STR)}, "i = \"${params.n}\", t = \"<${params.n}>\"",
                "[params]\nn = 5\n");

  EXPECT_THAT(b.errors(), IsEmpty());
  EXPECT_THAT(b.values(0), ElementsAre("5"));
  EXPECT_THAT(b.values(1), ElementsAre("<5>"));
}

TEST(Binder, EveryKindOfReferenceIsLookedUp) {
  const Bound b({param("t", GANGER_STR)}, "t = \"${run.id} ${run.dir} ${job.dir} ${env.HOME} $${x}\"");

  EXPECT_THAT(b.errors(), IsEmpty());
  EXPECT_THAT(b.values(), ElementsAre("r1 /runs/r1 /jobs /home/me ${x}"));
  EXPECT_TRUE(b.binder.uses_run_dir());
}

TEST(Binder, WhatDependsOnATaskIsLeftForLater) {
  const Bound b({param("t", GANGER_STR)}, "t = \"<${tasks.first.list}>\"");

  EXPECT_THAT(b.errors(), IsEmpty());
  ASSERT_EQ(b.binding[0].deferred.size(), 1u);
  EXPECT_EQ(b.binding[0].deferred[0]->pieces.size(), 3u);
  ASSERT_EQ(b.outputs_of.size(), 1u);
  EXPECT_EQ(b.outputs_of[0].name, "first");
}

TEST(Binder, AVariableThatIsNotSetIsAnError) {
  const Bound b({param("t", GANGER_STR)}, "t = \"${env.NOPE}\"");

  EXPECT_THAT(b.errors(), ElementsAre("environment variable NOPE is not set"));
}

TEST(Binder, AVariableThatIsNotSetIsFoundBesideWhatTheJobStageHasReported) {
  const Bound b({param("t", GANGER_STR), param("l", GANGER_STR, GANGER_PARAM_LIST)},
                "t = \"${params.nope} ${env.NOPE} ${env.HOME}\", l = [\"${params.nope}${env.NOR}\"]");

  EXPECT_THAT(b.errors(), ElementsAre("the job has no parameter 'nope'; add it to [params]",
                                      "the job has no parameter 'nope'; add it to [params]",
                                      "environment variable NOPE is not set", "environment variable NOR is not set"));
}

TEST(Binder, AParameterWhoseDefaultIsWrongIsReportedOnce) {
  const Bound b({param("t", GANGER_STR)}, "t = \"${params.a} ${params.a}\"", "[params]\na = \"${env.NOPE}\"\n");

  EXPECT_THAT(b.errors(), ElementsAre("environment variable NOPE is not set"));
}

TEST(Binder, RelativePathsAreRelativeToTheCurrentFolder) {
  Param with_default = param("d", GANGER_PATH);
  with_default.default_values = {Value::of_text("x/../y", GANGER_PATH)};
  const Bound b({param("p", GANGER_PATH), param("q", GANGER_PATH), with_default}, "p = \"a/b\", q = \"/abs\"");

  EXPECT_THAT(b.values(0), ElementsAre("/cwd/a/b"));
  EXPECT_THAT(b.values(1), ElementsAre("/abs"));
  EXPECT_THAT(b.values(2), ElementsAre("/cwd/y"));
}

TEST(Binder, SecretsAreRemembered) {
  const Bound b({param("s", GANGER_SECRET)}, "s = \"hush-hush\"");

  EXPECT_THAT(b.values(), ElementsAre("***"));
  EXPECT_EQ(b.secrets.masked("it is hush-hush"), "it is ***");
}

TEST(Binder, WhatASecretIsMadeOfIsSecretToo) {
  const Bound b({param("url", GANGER_SECRET)}, "url = \"db://${params.login}:${params.pw}@${run.id}\"",
                "[params]\npw = \"\"\nlogin = \"<${env.HOME}>\"\nother = \"visible\"\n", {{"pw", "hunter2"}});

  EXPECT_THAT(b.errors(), IsEmpty());
  for (const char* text : {"db://</home/me>:hunter2@r1", "</home/me>", "/home/me", "hunter2"})
    EXPECT_EQ(b.secrets.masked(text), "***");
  for (const char* text : {"visible", "/runs/r1", "db://"}) EXPECT_FALSE(b.secrets.are_in(text)) << text;
  EXPECT_THAT(b.binder.secret_params(), ElementsAre("login", "pw"));
}

TEST(Binder, OutputsThatASecretWillBeMadeOfAreKnownBeforeTheyAreSet) {
  const Bound b({param("s", GANGER_SECRET), param("t", GANGER_STR)},
                "s = \"<${tasks.first.token}>\", t = \"${tasks.first.name}\"");

  ASSERT_EQ(b.binder.secret_outputs().size(), 1U);
  EXPECT_TRUE(b.binder.secret_outputs().contains({"first", "token"}));
}

TEST(Binder, SecretsAreRememberedAlsoWhereSomethingElseIsWrong) {
  const Bound b({param("s", GANGER_SECRET), param("n", GANGER_I64)},
                "s = \"${params.pw}${params.nope}\", n = \"${params.pw}\"", "[params]\npw = \"\"\n",
                {{"pw", "hunter2"}});

  EXPECT_EQ(b.errors().size(), 2U);
  EXPECT_TRUE(b.secrets.are_in("hunter2"));
}

TEST(Binder, ListsAreBoundElementByElement) {
  const Bound b({param("l", GANGER_I64, GANGER_PARAM_LIST)}, "l = [1, \"2\", \"${params.n}\"]", "[params]\nn = 3\n");

  EXPECT_THAT(b.errors(), IsEmpty());
  EXPECT_THAT(b.values(), ElementsAre("1", "2", "3"));
}

TEST(Binder, AListAndASingleValueAreNotTheSame) {
  const Bound b({param("l", GANGER_I64, GANGER_PARAM_LIST), param("i", GANGER_I64)}, "l = 1, i = [1]");

  EXPECT_THAT(b.errors(), ElementsAre("parameter 'l' of x.y must be a list such as [\"a\", \"b\"]",
                                      "parameter 'i' of x.y must be a single value, not a list"));
}

TEST(Binder, WhatIsUnknownMissingOrWrongIsReportedInOneGo) {
  const Bound b({param("root", GANGER_PATH, GANGER_PARAM_REQUIRED), param("depth", GANGER_I64)},
                "dept = 1, depth = \"deep\"");

  EXPECT_THAT(b.errors(), ElementsAre("x.y has no parameter 'dept' (did you mean 'depth'?); it has: root, depth",
                                      "parameter 'depth': an integer is wanted, not \"deep\"",
                                      "x.y needs parameter 'root' (a path): with = { root = ... }"));
}

TEST(Binder, AParameterOfTheCommandLineReplacesTheDefaultAndKeepsItsType) {
  const Bound good({param("i", GANGER_I64)}, "i = \"${params.count}\"", "[params]\ncount = 5\n", {{"count", "6"}});
  const Bound bad({param("i", GANGER_I64)}, "i = \"${params.count}\"", "[params]\ncount = 5\n",
                  {{"count", "six"}, {"cuont", "1"}});

  EXPECT_THAT(good.values(), ElementsAre("6"));
  EXPECT_THAT(bad.errors(),
              ElementsAre("--param count: an integer is wanted, not what was given",
                          "--param cuont: this job has no parameter of that name (did you mean 'count'?)"));
}

TEST(Binder, AParameterOfTheCommandLineNeedsNoDefaultThatCanBeLookedUp) {
  const Bound b({param("t", GANGER_STR)}, "t = \"${params.token}\"", "[params]\ntoken = \"${env.NOPE}\"\n",
                {{"token", "abc"}});

  EXPECT_THAT(b.errors(), IsEmpty());
  EXPECT_THAT(b.values(), ElementsAre("abc"));
}

}  // namespace
}  // namespace ganger::host
