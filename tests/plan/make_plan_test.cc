#include "host/plan/make_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/call/services.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kPool = "[pools.db]\nkind = \"demo.connection\"\n";

std::string task(const std::string& name, const std::string& uses = "demo.noop", const std::string& more = "") {
  return "[[task]]\nname = \"" + name + "\"\nuses = \"" + uses + "\"\n" + more + "\n";
}

tl::expected<PlannedJob, Errors> planned_job(const std::string& job, const std::vector<std::string>& only = {},
                                             bool isolates_all = false) {
  static Registry registry(SearchPath({}, {std::filesystem::path(GANGER_BINARY_DIR) / "lib/ganger/plugins"}, {}),
                           host_table());
  const Facts facts{
      .overrides = {}, .run_id = "r", .run_dir = "/r", .current_dir = "/cwd", .env = [](const std::string&) {
        return static_cast<const char*>(nullptr);
      }};
  return make_plan(parse_job(job, "a.toml"), registry, facts, {.only = only, .isolates_all = isolates_all});
}

std::vector<std::string> errors_of(const std::string& job, const std::vector<std::string>& only = {}) {
  const auto planned = planned_job(job, only);
  std::vector<std::string> all;
  if (!planned)
    for (const Error& e : planned.error()) {
      const std::string text = describe(e);
      all.push_back(text.substr(0, text.find('\n')));
    }
  return all;
}

std::vector<std::string> names(const Plan& plan) {
  std::vector<std::string> all;
  for (TaskIndex i = 0; i < plan.size(); ++i) all.emplace_back(plan.name(i));
  return all;
}

TEST(MakePlan, TasksComeInTheOrderOfTheFileWithTheirOrderInTheGraph) {
  const auto planned = planned_job(task("b", "demo.noop", "after = [\"a\"]") + task("a") +
                                   task("c", "demo.echo", "with = { text = \"${tasks.b.x}\" }"));

  ASSERT_TRUE(planned);
  EXPECT_THAT(names(planned->plan), ElementsAre("b", "a", "c"));
  EXPECT_THAT(planned->plan.predecessors(0), ElementsAre(1));
  EXPECT_THAT(planned->plan.predecessors(2), ElementsAre(0)) << "what a task refers to comes before it";
  EXPECT_EQ(planned->plugins.size(), 1u);
}

TEST(MakePlan, HeavyIsWhatThePluginSaysUnlessTheJobSaysOtherwise) {
  const auto planned = planned_job(kPool + task("a", "demo.query", "with = { qid = 1 }") +
                                   task("b", "demo.query", "with = { qid = 1 }\nheavy = false") +
                                   task("c", "demo.noop", "heavy = true"));

  ASSERT_TRUE(planned);
  EXPECT_TRUE(planned->plan.task(0).is_heavy);
  EXPECT_FALSE(planned->plan.task(1).is_heavy);
  EXPECT_TRUE(planned->plan.task(2).is_heavy);
  EXPECT_EQ(planned->pools.size(), 1u);
}

TEST(MakePlan, ACycleIsShownAsAPath) {
  EXPECT_THAT(errors_of(task("a", "demo.noop", "after = [\"c\"]") + task("b", "demo.noop", "after = [\"a\"]") +
                        task("c", "demo.noop", "after = [\"b\"]")),
              ElementsAre("a.toml:2:8: error: cycle: a -> b -> c -> a: each of them would have to wait for itself"));
}

TEST(MakePlan, UnknownTypesAreReportedAtTheirPlace) {
  EXPECT_THAT(errors_of(task("a", "demo.nop")),
              ElementsAre(HasSubstr("a.toml:3:8: error: plugin 'demo' has no task type 'nop'")));
}

TEST(MakePlan, APoolThatATaskNamesMustBeThere) {
  EXPECT_THAT(errors_of(kPool + task("a", "demo.query", "with = { qid = 1, pool = \"bd\" }")),
              ElementsAre(HasSubstr("there is no pool 'bd' (did you mean 'db'?): demo.query needs one that offers "
                                    "demo.connection/1; there are: db")));
  EXPECT_THAT(errors_of(task("a", "demo.query", "with = { qid = 1, pool = \"db\" }")),
              ElementsAre(HasSubstr("there is no pool 'db': demo.query needs one that offers demo.connection/1; this "
                                    "job has no pool that offers it")));
}

TEST(MakePlan, AllErrorsComeInOneGoByPlace) {
  const auto errors = errors_of(task("a", "demo.echo") + task("b", "demo.nope") +
                                task("c", "demo.echo", "with = { text = \"x\", txt = \"y\" }\naftr = []"));

  EXPECT_THAT(errors, ElementsAre(HasSubstr("a.toml:2:8: error: demo.echo needs parameter 'text'"),
                                  HasSubstr("has no task type 'nope'"), HasSubstr("demo.echo has no parameter 'txt'"),
                                  HasSubstr("unknown key 'aftr'")));
}

// a --> b --> c    d
TEST(MakePlan, OnlyKeepsATaskAndWhatItComesAfter) {
  const std::string job =
      task("c", "demo.noop", "after = [\"b\"]") + task("d") + task("b", "demo.noop", "after = [\"a\"]") + task("a");

  const auto planned = planned_job(job, {"b"});

  ASSERT_TRUE(planned);
  EXPECT_THAT(names(planned->plan), ElementsAre("b", "a"));
  EXPECT_THAT(errors_of(job, {"bb"}),
              ElementsAre(HasSubstr("--only bb: this job has no task of that name (did you mean 'b'?)")));
  EXPECT_THAT(errors_of(job, {"nothing"}),
              ElementsAre(HasSubstr("--only nothing: this job has no task of that name; there are c, d, b, a")));
}

TEST(MakePlan, ATaskIsIsolatedWhenTheJobOrTheCommandLineSaysSo) {
  const std::string job =
      task("a", "demo.noop", "isolate = \"process\"") + task("b") + task("c", "demo.noop", "isolate = \"thread\"");

  const auto planned = planned_job(job);
  const auto all = planned_job(job, {}, true);

  ASSERT_TRUE(planned && all);
  EXPECT_TRUE(planned->plan.task(0).is_isolated);
  EXPECT_FALSE(planned->plan.task(1).is_isolated);
  EXPECT_FALSE(planned->plan.task(2).is_isolated);
  EXPECT_TRUE(all->plan.task(1).is_isolated && all->plan.task(2).is_isolated);
}

TEST(MakePlan, ASandboxIsReadAsParametersAreAndMakesTheTaskAnIsolatedOne) {
  const auto planned = planned_job("[params]\nout = \"/srv/out\"\n" + task("a") + task("b") +
                                   "[task.sandbox]\nread = [\"/usr\", \"here\"]\nwrite = [\"${params.out}\"]\n"
                                   "network = false\nmemory = \"64MiB\"\n");

  ASSERT_TRUE(planned);
  EXPECT_FALSE(planned->plan.task(0).is_isolated);
  ASSERT_TRUE(planned->plan.task(1).is_isolated);
  const Sandbox& sandbox = planned->plan.sandbox(1);
  EXPECT_FALSE(sandbox.reads_all);
  EXPECT_THAT(sandbox.read, ElementsAre("/usr", "/cwd/here"));
  EXPECT_THAT(sandbox.write, ElementsAre("/srv/out"));
  EXPECT_FALSE(sandbox.network);
  EXPECT_EQ(sandbox.memory_bytes, 64u << 20U);
}

TEST(MakePlan, ATaskInAChildMayWriteWhereItsPoolsAre) {
  const auto planned = planned_job("[pools.db]\nkind = \"sqlite.connection\"\nwith = { path = \"/srv/db/a.db\" }\n" +
                                   task("a", "sqlite.query", "with = { sql = \"select 1\" }\nisolate = \"process\""));

  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->plan.sandbox(0).write, ElementsAre("/srv/db"));
  EXPECT_TRUE(planned->plan.sandbox(0).reads_all);
}

TEST(MakePlan, WrongSandboxesAreReportedAtTheirPlace) {
  EXPECT_THAT(errors_of(task("a", "demo.noop", "sandbox = { netwrok = false }")),
              ElementsAre(HasSubstr("the sandbox has no parameter 'netwrok' (did you mean 'network'?)")));
  EXPECT_THAT(errors_of(task("a", "demo.noop", "sandbox = { write = \"/srv\" }")),
              ElementsAre(HasSubstr("must be a list such as")));
  EXPECT_THAT(errors_of(task("a", "demo.noop", "isolate = \"thread\"\nsandbox = { network = false }")),
              ElementsAre(HasSubstr("a task with a sandbox runs in a child process; take out isolate")));
}

TEST(MakePlan, WrongReferencesInASandboxAreReportedOnceEach) {
  for (const std::string key : {"read = [\"/usr\", \"@\"]", "write = [\"@\"]", "network = \"@\"", "memory = \"@\""})
    for (const auto& [reference, problem] :
         {std::pair{"${params.nope}", "the job has no parameter 'nope'"},
          std::pair{"${tasks.b.x}", "what a task may do is decided before anything runs"},
          std::pair{"${bogus}", "refers to nothing"}}) {
      std::string sandbox = key;
      sandbox.replace(sandbox.find('@'), 1, reference);

      EXPECT_THAT(errors_of(task("b", "demo.noop") + task("a", "demo.noop", "sandbox = { " + sandbox + " }")),
                  ElementsAre(HasSubstr(problem)))
          << sandbox;
    }
}

}  // namespace
}  // namespace ganger::host
