// Every command that has to do with a job, with each of its options, on every example: none may hang, crash or fail.
// Commands and options are those of the program's own table, examples those of the folder: a new one is tried too, or
// this test says what it has to be told.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/option_table.h"
#include "host/job/read_job.h"
#include "tests/cli/ganger_process.h"

namespace ganger::host::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

const fs::path kExamples = GANGER_SOURCE_DIR "/examples";
const std::string kLib = GANGER_BINARY_DIR "/examples/lib";

/// What an example is given so that it ends soon, and how its run ends.
struct Habits {
  Words params = {};         ///< NAME=VALUE
  std::string timeout = {};  ///< of its run
  int ends = kExitOk;
  std::string not_made_for = {};  ///< an option
};

/// Of those that need no more than a moment and end well nothing has to be said.
const std::map<std::string, Habits> kHabits = {
    {"05-stop-politely/polite", {.timeout = "100ms", .ends = kExitTimeout}},
    // It writes to the folder of the run, which an isolated task may not.
    {"07-commands/commands", {.params = {"folder=" + (kExamples / "01-hello").string()}, .not_made_for = "isolate"}},
    {"10-services/isolation", {.ends = kExitFailed}},  // a crash is what it shows
    {"every-key", {.params = {"root=" + (kExamples / "01-hello").string()}}},
    {"inventory/inventory", {.params = {"root=" + (kExamples / "01-hello").string()}}},
    {"pool/pool", {.params = {"max=5ms"}}},
    {"runner/runner", {.params = {"sleep_1=0s", "sleep_2=0s"}}},
    {"work/work", {.params = {"pause=0s"}}},
};

/// Commands that need no job and no run.
const std::set<std::string_view> kWithoutJob = {"exec", "list", "inspect", "new", "completion", "version", "help"};
/// Commands that need a run of a job.
const std::set<std::string_view> kAfterRun = {"resume", "history", "show"};
/// Options of `check` that are for a plugin.
const std::set<std::string> kForPlugin = {"cancel-sweep", "most", "grace", "timeout"};

/// What an option is given that takes no word of a few.
const std::map<std::string, std::string> kValues = {
    {"timeout", "1m"},       {"grace", "5s"},         {"workers", "1"},     {"events", "events.jsonl"},
    {"state-dir", "state"},  {"most", "5"},           {"lock", "gate"},     {"junit", "junit.xml"},
    {"trace", "trace.json"}, {"metrics", "run.prom"}, {"plugin-dir", kLib}, {"plugins-lock", "plugins.lock"}};
/// What an option is of no use without.
const std::map<std::string, Words> kCompanions = {{"format", {"--dry-run"}}, {"on-busy", {"--lock", "gate"}}};

/// The words of "native|unix"; nothing where the value is described otherwise.
Words words_of(const std::string& value) {
  if (value.find('|') == std::string::npos ||
      value.find_first_not_of("abcdefghijklmnopqrstuvwxyz|") != std::string::npos)
    return {};
  Words words;
  std::istringstream text(value);
  for (std::string word; std::getline(text, word, '|');) words.push_back(word);
  return words;
}

std::vector<std::string> examples() {
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(kExamples))
    if (entry.path().extension() == ".toml")
      all.push_back(fs::relative(entry.path(), kExamples).replace_extension().string());
  std::ranges::sort(all);
  return all;
}

class EveryVerb : public GangerTest, public testing::WithParamInterface<std::string> {
 protected:
  EveryVerb() {
    // A copy: some commands write beside the job.
    fs::copy_file(kExamples / (GetParam() + ".toml"), folder_ / "job.toml");
    job_ = std::move(read_job(folder_ / "job.toml").job);
    if (const auto known = kHabits.find(GetParam()); known != kHabits.end()) habits_ = known->second;
  }
  void SetUp() override {
    if (GetParam().starts_with("08-plugin-in-rust") && !fs::exists(kLib + "/tally.so"))
      GTEST_SKIP() << "there is no rustc to build its plugin";
  }

  Ended call(Words words) const {
    return ganger(std::move(words))
        .with_env("GANGER_STATE_DIR", (folder_ / "state").string())
        .within(std::chrono::seconds(30))
        .end();
  }

  static bool has_option(Verb verb, std::string_view name) {
    return std::ranges::count(options_of(verb), name, &OptionRow::name) > 0;
  }

  /// The command on this example, with what it needs to end soon.
  Words command(const CommandRow& verb, const Words& given = {}) const {
    Words words = {std::string(verb.name)};
    if (!kAfterRun.contains(verb.name)) words.emplace_back("job.toml");
    if (has_option(verb.verb, "plugin-dir")) words.insert(words.end(), {"-P", kLib});
    if (has_option(verb.verb, "param"))
      for (const std::string& param : habits_.params) words.insert(words.end(), {"-p", param});
    const bool runs = verb.verb == Verb::run || verb.verb == Verb::resume;
    if (runs && !habits_.timeout.empty() && !std::ranges::count(given, "--timeout"))
      words.insert(words.end(), {"--timeout", habits_.timeout});
    words.insert(words.end(), given.begin(), given.end());
    return words;
  }

  /// Each form in which a command is tried with this option.
  std::vector<Words> forms(const CommandRow& verb, const OptionRow& option) const {
    const std::string name = "--" + std::string(option.name);
    Words values;
    if (option.value.empty()) return {{name}};
    if (option.name == "param") {
      if (job_.params.empty() || !habits_.params.empty()) return {{}};
      // As the file has it.
      const auto& param = job_.params.front();
      values = {param.key + "=" + *param.value.text()};
    } else if (option.name == "only") {
      values = {job_.tasks.front().name};
    } else if (option.name == "timeout" && !habits_.timeout.empty()) {
      values = {habits_.timeout};
    } else if (values = words_of(std::string(option.value)); values.empty()) {
      const auto known = kValues.find(std::string(option.name));
      if (known == kValues.end()) {
        ADD_FAILURE() << "kValues does not say what ganger " << verb.name << " " << name << " is given";
        return {};
      }
      values = {known->second};
    }
    std::vector<Words> all;
    for (const std::string& value : values) all.push_back({name, value});
    const auto companions = kCompanions.find(std::string(option.name));
    if (companions == kCompanions.end()) return all;
    for (Words& words : all)
      if (has_option(verb.verb, companions->second.front().substr(2)))
        words.insert(words.end(), companions->second.begin(), companions->second.end());
    return all;
  }

  int expected(const CommandRow& verb, const Words& given) const {
    const auto has = [&](const char* word) { return std::ranges::count(given, word) > 0; };
    const bool runs = verb.verb == Verb::run || verb.verb == Verb::resume;
    if (!runs || has("--help") || has("--dry-run")) return kExitOk;
    if (!has("unix")) return habits_.ends;
    return habits_.ends == kExitTimeout ? 124 : habits_.ends == kExitFailed ? 1 : habits_.ends;
  }

  Job job_;
  Habits habits_;
};

TEST_P(EveryVerb, EndsAsItShouldWithEachOfItsOptions) {
  call(command(row_of(Verb::check), {"--pin"})).exits(kExitOk);  // for --plugins-lock
  for (const CommandRow& verb : command_rows()) {
    if (kWithoutJob.contains(verb.name)) continue;
    const bool takes_job = verb.usage.find("JOB.toml") != std::string_view::npos;
    EXPECT_NE(takes_job, kAfterRun.contains(verb.name)) << "does ganger " << verb.name << " need a job, or a run?";
    if (!takes_job) call(command(row_of(Verb::run))).exits(habits_.ends);

    call(command(verb)).exits(expected(verb, {}));
    for (const OptionRow* row : options_of(verb.verb)) {
      const OptionRow& option = *row;
      if (verb.verb == Verb::check && kForPlugin.contains(std::string(option.name))) continue;
      if (option.name == habits_.not_made_for) continue;
      for (const Words& given : forms(verb, option)) call(command(verb, given)).exits(expected(verb, given));
    }
  }
}

TEST_P(EveryVerb, ThePlanIsWhatTheRunDoes) {
  const auto plan = call(command(row_of(Verb::plan), {"--format", "json"})).exits(kExitOk).json();
  call(command(row_of(Verb::run), {"--workers", "1", "--events", "events.jsonl"})).exits(habits_.ends);
  std::vector<std::string> started;
  std::map<std::string, std::string> outcomes;
  std::istringstream events(read("events.jsonl"));
  for (std::string line; std::getline(events, line);) {
    const auto event = nlohmann::json::parse(line);
    if (event["event"] == "task_started") started.push_back(event["task"]);
    if (event["event"] == "task_finished") outcomes[event["task"]] = event["outcome"];
  }

  std::vector<std::string> planned_lane, lane;
  for (const auto& task : plan["tasks"]) {
    const std::string name = task["name"];
    EXPECT_TRUE(outcomes.contains(name)) << name << " has no outcome";
    if (habits_.ends == kExitOk) {
      EXPECT_EQ(outcomes[name] != "skipped", task["would_run"].get<bool>()) << name;
    }
    if (task["lane"] == "serial" && std::ranges::count(started, name) > 0) planned_lane.push_back(name);
  }
  for (const std::string& name : started)
    if (std::ranges::count(planned_lane, name) > 0 && std::ranges::count(lane, name) == 0) lane.push_back(name);
  EXPECT_EQ(outcomes.size(), plan["tasks"].size());
  EXPECT_EQ(lane, planned_lane);
}

INSTANTIATE_TEST_SUITE_P(Of, EveryVerb, testing::ValuesIn(examples()), [](const auto& example) {
  std::string name = example.param;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace ganger::host::test
