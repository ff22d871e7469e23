#include "ganger_process.h"

namespace ganger::host::test {

namespace {

constexpr std::string_view kJob = R"(
name = "a \"quoted\" job"
timeout = "10m"
workers = 3
[[task]]
name = "end"
uses = "demo.echo"
with = { text = "hello" }
[[task]]
name = "heavy"
uses = "demo.sleep"
after = ["end"]
heavy = true
timeout = "2m"
retries = 2
with = { for = "250ms", say = "${tasks.end.text}!" }
[[task]]
name = "sorry"
uses = "demo.noop"
after = ["heavy"]
when = "failed"
[[task]]
name = "after-sorry"
uses = "demo.noop"
after = ["sorry"]
[[task]]
name = "tidy"
uses = "demo.noop"
after = ["heavy"]
when = "always"
)";

class Reading : public GangerTest {
 protected:
  Reading() { write("j.toml", kJob); }
};

}  // namespace

TEST_F(Reading, PlanShowsOrderLaneAndWhyATaskIsSkipped) {
  const Ended plan = run_ganger("plan", "j.toml");

  plan.exits(0).prints("a \"quoted\" job: 5 tasks, 3 workers, timeout 10m\n");
  plan.prints("1  end          demo.echo   serial\n");
  plan.prints("2  heavy        demo.sleep  pool    end            timeout 2m, 2 retries\n");
  plan.prints("-  sorry        demo.noop   serial  heavy  failed");
  plan.prints("skipped: runs only if something it comes after fails\n");
  plan.prints("skipped: depends on 'sorry', which would be skipped\n");
  plan.prints("3  tidy ");
}

TEST_F(Reading, DryRunIsThePlanAndRunsNothing) {
  const Ended dry = run_ganger("run", "j.toml", "--dry-run");

  EXPECT_EQ(dry.exits(0).out, run_ganger("plan", "j.toml").out);
  EXPECT_EQ(dry.err, "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".local"));
}

TEST_F(Reading, DryRunTakesTheOptionsOfARun) {
  run_ganger("run", "j.toml", "-n", "-j", "1", "--timeout", "5s").exits(0).prints("5 tasks, 1 worker, timeout 5s\n");
  run_ganger("plan", "j.toml", "--only", "heavy").exits(0).prints("2 tasks of 5").never_prints("tidy");
}

TEST_F(Reading, PlanNeedsNoHome) { ganger({"plan", "j.toml"}).with_env("HOME", "").end().exits(0); }

TEST_F(Reading, PlanAsJsonHasEveryTask) {
  const auto plan = run_ganger("plan", "j.toml", "--format", "json").exits(0).json();

  EXPECT_EQ(plan["schema"], "ganger.plan/1");
  EXPECT_EQ(plan["workers"], 3);
  EXPECT_EQ(plan["timeout_ns"], 600'000'000'000);
  ASSERT_EQ(plan["tasks"].size(), 5u);
  const auto& heavy = plan["tasks"][1];
  EXPECT_EQ(heavy["name"], "heavy");
  EXPECT_EQ(heavy["lane"], "pool");
  EXPECT_EQ(heavy["after"], nlohmann::json({"end"}));
  EXPECT_EQ(heavy["timeout_ns"], 120'000'000'000);
  EXPECT_EQ(heavy["retries"], 2);
  EXPECT_EQ(heavy["params"]["for"], "250ms");
  EXPECT_EQ(heavy["params"]["obey"], true);
  EXPECT_EQ(heavy["params"]["say"], "${tasks.end.text}!");
  EXPECT_EQ(heavy["would_run"], true);
  for (const auto& task : plan["tasks"])
    EXPECT_EQ(task["would_run"], task["name"] != "sorry" && task["name"] != "after-sorry") << task;
}

TEST_F(Reading, PlanOfAHundredThousandTasksIsQuick) {
  std::string job;
  for (int i = 0; i < 100'000; ++i) {
    job += "[[task]]\nname = \"t" + std::to_string(i) + "\"\nuses = \"demo.noop\"\n";
    if (i > 0) job += "after = [\"t" + std::to_string(i - 1) + "\"]\n";
  }
  write("chain.toml", job);

  run_ganger("plan", "chain.toml").exits(0).prints("\n100000  t99999 ").takes_less_than(std::chrono::seconds(30));
}

TEST_F(Reading, GraphIsQuotedDot) {
  const Ended dot = run_ganger("graph", "j.toml");

  dot.exits(0).prints("digraph \"a \\\"quoted\\\" job\" {\n").prints("  \"end\" -> \"heavy\";\n");
  dot.prints("  \"heavy\" -> \"tidy\" [style=dashed, label=\"always\"];\n");
}

TEST_F(Reading, GraphIsMermaidWithIdsThatAreNoKeywords) {
  const Ended mermaid = run_ganger("graph", "j.toml", "--as", "mermaid");

  mermaid.exits(0).prints("flowchart LR\n").prints("  t0[\"end<br/>demo.echo\"]\n").prints("  t0 --> t1\n");
}

TEST_F(Reading, GraphIsJson) {
  const auto graph = run_ganger("graph", "j.toml", "--as", "json").exits(0).json();

  EXPECT_EQ(graph["schema"], "ganger.graph/1");
  EXPECT_EQ(graph["nodes"].size(), 5u);
  EXPECT_EQ(graph["edges"].size(), 4u);
  EXPECT_EQ(graph["edges"][0], nlohmann::json({{"from", "end"}, {"to", "heavy"}}));
  EXPECT_EQ(run_ganger("graph", "j.toml", "--format", "json").json(), graph);
}

TEST_F(Reading, ListShowsPluginsAndWhatTheyProvide) {
  run_ganger("list").exits(0).prints("demo ").prints("demo.sleep ").prints("pool  A connection to nowhere");
}

TEST_F(Reading, ListShowsBrokenPluginsWithWhy) {
  ganger({"list", "-P", kHostile}).end().exits(0).prints("other_abi cannot be used\n").prints("rude 1.0.0 ");
}

TEST_F(Reading, VerboseListShowsShadowedOnesAndTheFoldersSearched) {
  std::filesystem::create_directory(folder_ / "own");
  std::filesystem::copy(GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so", folder_ / "own");

  const Ended list = run_ganger("list", "-v", "-P", "own");

  list.exits(0).prints("lib/ganger/plugins/demo.so is not used: " + folder_.string() + "/own/demo.so wins\n");
  list.prints("searched, the first that has a file wins:\n").prints(" not there\n");
}

TEST_F(Reading, ListAsJsonHasFoldersPluginsAndErrors) {
  std::filesystem::create_directory(folder_ / "own");
  std::filesystem::copy(kHostile + "/other_abi.so", folder_ / "own");

  const auto list = run_ganger("list", "-P", "own", "--format", "json").exits(0).json();

  EXPECT_EQ(list["schema"], "ganger.list/1");
  EXPECT_EQ(list["folders"][0]["origin"], "-P");
  EXPECT_EQ(list["folders"][0]["exists"], true);
  bool has_demo = false;
  for (const auto& plugin : list["plugins"]) {
    if (plugin["id"] == "other_abi") {
      EXPECT_TRUE(plugin["error"].is_string());
    }
    if (plugin["id"] != "demo") continue;
    has_demo = true;
    EXPECT_TRUE(plugin["error"].is_null());
    EXPECT_EQ(plugin["pool_kinds"][0]["interface"], "demo.connection/1");
  }
  EXPECT_TRUE(has_demo);
}

TEST_F(Reading, InspectShowsATypeWithItsParameters) {
  const Ended type = run_ganger("inspect", "demo.query");

  type.exits(0).prints("demo.query (task type): Borrows").prints("heavy: runs on the work pool");
  type.prints("borrows demo.connection/1 from the pool that 'pool' names");
  type.prints("  qid        integer   required  the number of the query\n").never_prints("demo.sleep");
}

TEST_F(Reading, InspectShowsKindsWholePluginsAndFiles) {
  run_ganger("inspect", "demo.connection").exits(0).prints("demo.connection (pool kind)").prints("offers demo.con");
  run_ganger("inspect", "demo").exits(0).prints("demo.sleep (task type)").prints("demo.connection (pool kind)");
  ganger({"inspect", kHostile + "/talks.so"}).end().exits(0).prints("talks 1.0.0");
}

TEST_F(Reading, InspectAsJsonHasTypesDefaultsAndChoices) {
  const auto json = run_ganger("inspect", "demo.fail", "--format", "json").exits(0).json();

  EXPECT_EQ(json["schema"], "ganger.inspect/1");
  EXPECT_EQ(json["plugin"]["id"], "demo");
  ASSERT_EQ(json["task_types"].size(), 1u);
  const auto& kind = json["task_types"][0]["params"][1];
  EXPECT_EQ(kind["name"], "kind");
  EXPECT_EQ(kind["type"], "string");
  EXPECT_EQ(kind["default"], "failed");
  EXPECT_EQ(kind["choices"], nlohmann::json({"failed", "retry", "throw", "bug"}));
}

TEST_F(Reading, InspectOfWhatIsNotThereSuggests) {
  run_ganger("inspect", "demo.slep").exits(66).says("no task type or pool kind 'slep' (did you mean 'demo.sleep'?)");
  run_ganger("inspect", "demo.zzz")
      .exits(66)
      .says("no task type or pool kind 'zzz'; it has: demo.")
      .says(", demo.echo");
  run_ganger("inspect", "dmo").exits(66).says("plugin 'dmo' not found; looked in ").says("(did you mean 'demo'?)");
  run_ganger("inspect", "./none.so").exits(66).says("none.so");
}

TEST_F(Reading, CheckOfAPluginShowsWhatWasLookedAt) {
  const Ended check = run_ganger("check", GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so");

  check.exits(0).prints("ok file: ").prints("ok ABI: 1.").prints("ok description: demo ");
}

TEST_F(Reading, CheckOfAWrongPluginSaysWhy) {
  write("broken.so", "this is no library");

  run_ganger("check", "broken.so").exits(4).prints("error: ");
  ganger({"check", kHostile + "/other_abi.so"}).end().exits(4).prints("error: ");
  run_ganger("check", "none.so").exits(66).says("none.so: ");
  EXPECT_EQ(run_ganger("check", "broken.so", "--format", "json").exits(4).json()["what"], "plugin");
}

TEST_F(Reading, CheckFindsAFileThatIsNotNamedLikeItsPlugin) {
  std::filesystem::copy(GANGER_BINARY_DIR "/lib/ganger/plugins/demo.so", folder_ / "renamed.so");

  run_ganger("check", "renamed.so").exits(4).prints("error: it calls itself 'demo' and is found only as demo.so");
}

}  // namespace ganger::host::test
