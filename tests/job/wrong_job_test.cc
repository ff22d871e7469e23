// Wrong job files: every mistake gets the message that its author reads, with the line and a caret.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "host/job/read_job.h"

namespace ganger::host {
namespace {

constexpr std::string_view kTask = "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n";

/// All that `ganger` would say about a file a.toml with this text.
std::string complaints(std::string_view text) {
  std::string all;
  for (const Error& error : parse_job(std::string(text), "a.toml").errors) {
    EXPECT_EQ(error.kind, ErrorKind::bad_job);
    all += describe(error) + "\n";
  }
  return all;
}

/// The same for `line` as line 1 of an otherwise good job, without the lines of source and caret.
std::string about_job(std::string_view line) {
  const std::string all = complaints(std::string(line) + "\n" + std::string(kTask));
  return all.substr(0, all.find('\n'));
}

/// For `line` as line 4, in a task.
std::string about_task(std::string_view line) {
  const std::string all = complaints(std::string(kTask) + std::string(line) + "\n");
  return all.substr(0, all.find('\n'));
}

/// For `line` as line 6, in a pool.
std::string about_pool(std::string_view line) {
  const std::string all =
      complaints(std::string(kTask) + "[pools.db]\nkind = \"sqlite.connection\"\n" + std::string(line) + "\n");
  return all.substr(0, all.find('\n'));
}

TEST(WrongJob, ASyntaxErrorIsPointedAt) {
  EXPECT_EQ(complaints("name = \"x\"\ntimeout \"10m\"\n"),
            "a.toml:2:9: error: not valid TOML: expected '=', saw '\"'\n"
            "timeout \"10m\"\n"
            "        ^\n");
}

TEST(WrongJob, AStringThatIsNotClosedIsSaidSo) {
  EXPECT_EQ(complaints("name = \"x\ntimeout = \"10m\"\n"),
            "a.toml:1:10: error: the string is not closed at the end of its line; add the quote\n"
            "name = \"x\n"
            "         ^\n");
}

TEST(WrongJob, AKeyThatIsThereTwiceIsASyntaxError) {
  EXPECT_EQ(complaints("name = \"x\"\nname = \"y\"\n"),
            "a.toml:2:8: error: not valid TOML: cannot redefine existing string 'name'\n"
            "name = \"y\"\n"
            "       ^\n");
}

TEST(WrongJob, BytesThatAreNotUtf8ArePointedAt) {
  EXPECT_EQ(complaints("# ü\nname = \"ü\xFF\"\n"),
            "a.toml:2:10: error: byte 0xFF is not UTF-8; save the file as UTF-8\n"
            "name = \"ü\uFFFD\"\n"
            "         ^\n");
}

TEST(WrongJob, ALetterBeyondAsciiOutsideAStringIsPointedAt) {
  EXPECT_EQ(complaints("größe = 3\n"),
            "a.toml:1:3: error: not valid TOML: expected '=', saw 'ö'\n"
            "größe = 3\n"
            "  ^\n");
}

TEST(WrongJob, WhatTheLibraryAssertsIsAnErrorLikeAnyOther) {
  EXPECT_EQ(complaints("[=]\n").substr(0, 33), "a.toml:1:2: error: not valid TOML");
}

TEST(WrongJob, DeepNestingIsRefusedBeforeItHurts) {
  EXPECT_EQ(about_job("params.x = " + std::string(33, '[') + std::string(33, ']')),
            "a.toml:1:44: error: values are nested deeper than 32");
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  EXPECT_EQ(about_job(key + " = 1"), "a.toml:1:64: error: a key has more than 32 parts");
  EXPECT_EQ(about_job("x = [\"\"\"\"\"\"\", {" + key + " = 1}]"), "a.toml:1:79: error: a key has more than 32 parts");
  EXPECT_EQ(about_job("x = [\"\"\".'\\\"\"\"\"\"\", '', '.\\', {" + key + " = 1}]"),
            "a.toml:1:94: error: a key has more than 32 parts");
}

TEST(WrongJob, DotsInStringsAndCommentsAreNoDeepKeys) {
  const std::string dots(1000, '.');

  EXPECT_EQ(about_task("with = { a = \"" + dots + "\", b = '" + dots + "', c = \"\\\"" + dots + "\" } # " + dots),
            "");
  EXPECT_EQ(about_task("with.a = \"\"\"\n" + dots + "\"\n" + dots + "\"\"\""), "");
}

TEST(WrongJob, AJobWithoutTasksIsRefused) {
  EXPECT_EQ(complaints(""), "a.toml: error: the job has no tasks; add a [[task]] with a name and what it uses\n");
  EXPECT_EQ(complaints("task = []"),
            "a.toml:1:8: error: the job has no tasks; add a [[task]] with a name and what it uses\n"
            "task = []\n"
            "       ^~\n");
}

TEST(WrongJob, ASingleTaskTableIsToldAboutTheSecondBracket) {
  EXPECT_EQ(complaints("[task]\nname = \"a\"\nuses = \"demo.noop\"\n"),
            "a.toml:1:1: error: write [[task]] with two brackets: a job is a list of tasks\n"
            "[task]\n"
            "^~~~~~\n");
}

TEST(WrongJob, TasksThatAreNoTablesAreRefused) {
  EXPECT_EQ(complaints("task = 3"),
            "a.toml:1:8: error: task must be a list of tables, each under [[task]], not an integer\n"
            "task = 3\n"
            "       ^\n");
  EXPECT_EQ(complaints("task = [\"a\"]"),
            "a.toml:1:9: error: a task must be a table, written under [[task]], not a string\n"
            "task = [\"a\"]\n"
            "        ^~~\n");
}

TEST(WrongJob, AnUnknownKeyOfATaskGetsTheOneThatWasMeant) {
  EXPECT_EQ(complaints(std::string(kTask) + "aftr = [\"a\"]\n"),
            "a.toml:4:1: error: unknown key 'aftr' (did you mean 'after'?)\n"
            "aftr = [\"a\"]\n"
            "^~~~\n");
}

TEST(WrongJob, AnUnknownKeyLikeNoOtherGetsTheListOfKeys) {
  EXPECT_EQ(
      about_job("colour = 1"),
      "a.toml:1:1: error: unknown key 'colour'; there are name, timeout, grace, workers, plugins, params, pools, "
      "task");
  EXPECT_EQ(about_task("colour = 1"),
            "a.toml:4:1: error: unknown key 'colour'; there are name, uses, after, with, heavy, isolate, sandbox, "
            "timeout, retries, backoff, when");
  EXPECT_EQ(about_pool("colour = 1"),
            "a.toml:6:1: error: unknown key 'colour'; there are kind, size, limit, wait, idle_timeout, max_lifetime, "
            "with");
}

TEST(WrongJob, AMisspeltKeyIsOneErrorAndNotAlsoAMissingKey) {
  EXPECT_EQ(complaints("[[tasks]]\nname = \"a\"\nuses = \"demo.noop\"\n"),
            "a.toml:1:3: error: unknown key 'tasks' (did you mean 'task'?)\n"
            "[[tasks]]\n"
            "  ^~~~~\n");
  EXPECT_EQ(complaints("[[task]]\nname = \"a\"\nuse = \"demo.noop\"\n"),
            "a.toml:3:1: error: unknown key 'use' (did you mean 'uses'?)\n"
            "use = \"demo.noop\"\n"
            "^~~\n");
}

TEST(WrongJob, ATaskWithoutNameOrUsesIsToldWhatToAdd) {
  EXPECT_EQ(complaints("[[task]]\n"),
            "a.toml:1:1: error: a task has no name; add name = \"...\"\n"
            "[[task]]\n"
            "^~~~~~~~\n"
            "a.toml:1:1: error: a task uses nothing; add uses = \"PLUGIN.TYPE\"\n"
            "[[task]]\n"
            "^~~~~~~~\n");
  EXPECT_EQ(complaints("[[task]]\nname = \"a\"\n"),
            "a.toml:2:8: error: task 'a' uses nothing; add uses = \"PLUGIN.TYPE\"\n"
            "name = \"a\"\n"
            "       ^~~\n");
}

TEST(WrongJob, NamesOfTasksAndPoolsFollowThePattern) {
  const std::string long_name(64, 'x');

  EXPECT_EQ(complaints("[[task]]\nname = \"Über\"\nuses = \"demo.noop\"\n"),
            "a.toml:2:8: error: name 'Über' must be 1 to 63 of a-z, 0-9, '_' and '-'\n"
            "name = \"Über\"\n"
            "       ^~~~~~\n");
  EXPECT_EQ(complaints("[[task]]\nname = \"" + long_name + "\"\nuses = \"demo.noop\"\n"),
            "a.toml:2:8: error: name '" + long_name.substr(0, 60) +
                "...' must be 1 to 63 of a-z, 0-9, '_' and '-'\n" + "name = \"" + long_name + "\"\n       ^" +
                std::string(65, '~') + "\n");
  EXPECT_EQ(about_job("pools.\"\" = { kind = \"a.b\" }"),
            "a.toml:1:7: error: name '' must be 1 to 63 of a-z, 0-9, '_' and '-'");
}

TEST(WrongJob, TheSecondTaskOfANameIsToldWhereTheFirstIs) {
  EXPECT_EQ(complaints(std::string(kTask) + std::string(kTask)),
            "a.toml:5:8: error: the task in line 2 is called 'a' already; names are unique\n"
            "name = \"a\"\n"
            "       ^~~\n");
}

TEST(WrongJob, AMisnamedTaskIsNotMissedByThoseThatNameIt) {
  EXPECT_EQ(complaints("[[task]]\nname = \"A\"\nuses = \"demo.noop\"\n" + std::string(kTask) +
                       "after = [\"A\"]\nwith = { x = \"${tasks.A.out}\" }\n"),
            "a.toml:2:8: error: name 'A' must be 1 to 63 of a-z, 0-9, '_' and '-'\n"
            "name = \"A\"\n"
            "       ^~~\n");
}

TEST(WrongJob, UsesAndKindAreAPluginAndWhatItProvides) {
  for (const char* id : {"hash", ".hash", "files.", "Files.hash", "files hash", ""}) {
    EXPECT_EQ(complaints("[[task]]\nname = \"a\"\nuses = \"" + std::string(id) + "\"\n"),
              "a.toml:3:8: error: uses must be a plugin, a dot and what it provides, such as \"files.hash\", not \"" +
                  std::string(id) + "\"\nuses = \"" + std::string(id) + "\"\n       ^" +
                  std::string(std::string_view(id).size() + 1, '~') + "\n");
  }
  EXPECT_EQ(
      about_job("pools.db.kind = \"sqlite\""),
      "a.toml:1:17: error: kind must be a plugin, a dot and what it provides, such as \"sqlite.connection\", not "
      "\"sqlite\"");
}

TEST(WrongJob, WrongTypesAreToldTheRightOne) {
  EXPECT_EQ(about_job("name = 3"), "a.toml:1:8: error: name must be a string, not an integer");
  EXPECT_EQ(about_job("timeout = 10"),
            "a.toml:1:11: error: timeout must be a duration such as \"10m\", not an integer");
  EXPECT_EQ(about_job("workers = \"4\""), "a.toml:1:11: error: workers must be an integer from 1 to 4096, not \"4\"");
  EXPECT_EQ(about_job("params = 3"), "a.toml:1:10: error: params must be a table, as in [params], not 3");
  EXPECT_EQ(about_job("pools = []"), "a.toml:1:9: error: pools must be a table, as in [pools.db], not a list");
  EXPECT_EQ(about_job("pools.db = 3"), "a.toml:1:12: error: db must be a table, as in [pools.db], not 3");
  EXPECT_EQ(about_job("plugins = \"lib\""),
            "a.toml:1:11: error: plugins must be a list of directories such as [\"../lib\"], not a string");
  EXPECT_EQ(about_job("plugins = [\"a\\u0000b\"]"),
            "a.toml:1:12: error: a path must not contain a NUL byte (\\u0000)");
  EXPECT_EQ(about_task("heavy = 1"), "a.toml:4:9: error: heavy must be true or false, not 1");
  EXPECT_EQ(about_task("after = \"b\""),
            "a.toml:4:9: error: after must be a list of task names such as [\"scan\"], not a string");
  EXPECT_EQ(about_task("after = [3]"),
            "a.toml:4:10: error: after must hold task names such as [\"scan\"], not an integer");
  EXPECT_EQ(about_task("with = 3"),
            "a.toml:4:8: error: with must be a table, as in with = { root = \"/etc\" }, not 3");
}

TEST(WrongJob, BadDurationsAreToldHowToWriteThem) {
  EXPECT_EQ(
      complaints("grace = \"10 minutes\"\n" + std::string(kTask)),
      "a.toml:1:9: error: grace must be a duration such as \"250ms\", \"30s\", \"10m\", \"2h\" or \"1d\", not \"10 "
      "minutes\"\n"
      "grace = \"10 minutes\"\n"
      "        ^~~~~~~~~~~~\n");
  EXPECT_EQ(
      about_task("backoff = \"-1s\""),
      "a.toml:4:11: error: backoff must be a duration such as \"250ms\", \"30s\", \"10m\", \"2h\" or \"1d\", not "
      "\"-1s\"");
  EXPECT_EQ(
      about_task("timeout = \"999999999d\""),
      "a.toml:4:11: error: timeout must be a duration such as \"250ms\", \"30s\", \"10m\", \"2h\" or \"1d\", not "
      "\"999999999d\"");
}

TEST(WrongJob, LimitsOfNoTimeAtAllAreRefused) {
  EXPECT_EQ(about_job("timeout = \"0s\""),
            "a.toml:1:11: error: timeout must be longer than 0; leave it out for no limit");
  EXPECT_EQ(about_task("timeout = \"0\""),
            "a.toml:4:11: error: timeout must be longer than 0; leave it out for no limit");
  EXPECT_EQ(about_pool("idle_timeout = \"0s\""),
            "a.toml:6:16: error: idle_timeout must be longer than 0; leave it out for no limit");
}

TEST(WrongJob, CountsOutOfRangeAreToldTheRange) {
  EXPECT_EQ(about_job("workers = 0"), "a.toml:1:11: error: workers must be an integer from 1 to 4096, not 0");
  EXPECT_EQ(about_job("workers = 4097"), "a.toml:1:11: error: workers must be an integer from 1 to 4096, not 4097");
  EXPECT_EQ(about_task("retries = -1"), "a.toml:4:11: error: retries must be an integer from 0 to 1000, not -1");
  EXPECT_EQ(about_task("retries = 9223372036854775807"),
            "a.toml:4:11: error: retries must be an integer from 0 to 1000, not 9223372036854775807");
  EXPECT_EQ(about_task("retries = 1.5"),
            "a.toml:4:11: error: retries must be an integer from 0 to 1000, not a number with a fraction");
  EXPECT_EQ(about_pool("limit = -1"), "a.toml:6:9: error: limit must be an integer from 0 to 1000000, not -1");
}

TEST(WrongJob, APoolOfSizeZeroIsRefused) {
  EXPECT_EQ(about_pool("size = 0"),
            "a.toml:6:8: error: size 0 would keep nothing for the next task; write 1 or more");
}

TEST(WrongJob, ALimitLessThanTheSizeIsRefused) {
  EXPECT_EQ(
      about_pool("size = 3\nlimit = 2"),
      "a.toml:7:9: error: limit 2 is less than size 3: of 2 open ones 3 cannot be kept; raise limit or lower size");
}

TEST(WrongJob, APoolWithoutAKindIsToldToAddIt) {
  EXPECT_EQ(complaints("[pools.db]\n" + std::string(kTask)),
            "a.toml:1:8: error: pool 'db' has no kind; add kind = \"PLUGIN.KIND\"\n"
            "[pools.db]\n"
            "       ^~\n");
}

TEST(WrongJob, AnUnknownWhenOrIsolateGetsTheChoices) {
  EXPECT_EQ(
      about_task("when = \"fail\""),
      "a.toml:4:8: error: when must be \"ok\", \"failed\" or \"always\", not \"fail\" (did you mean 'failed'?)");
  EXPECT_EQ(about_task("isolate = \"container\""),
            "a.toml:4:11: error: isolate must be \"thread\" or \"process\", not \"container\"");
}

TEST(WrongJob, AJobNameIsOneVisibleLine) {
  EXPECT_EQ(about_job("name = \"\""), "a.toml:1:8: error: name must not be empty and holds no control characters");
  EXPECT_EQ(about_job("name = \"a\\nb\""),
            "a.toml:1:8: error: name must not be empty and holds no control characters");
}

TEST(WrongJob, ParametersArePlainValuesOrListsOfThem) {
  EXPECT_EQ(about_task("with.day = 2024-02-29"),
            "a.toml:4:12: error: parameter 'day' cannot be a date; write it as a string, in quotes");
  EXPECT_EQ(about_task("with.a.b = 1"),
            "a.toml:4:6: error: parameter 'a' cannot be a table; a parameter is a plain value or a list of them");
  EXPECT_EQ(about_task("with.a = [[1]]"), "a.toml:4:11: error: parameter 'a' cannot be a list of lists");
  EXPECT_EQ(about_task("with.\"a b\" = 1"),
            "a.toml:4:6: error: parameter name 'a b' must be 1 to 63 letters, digits, '_' or '-'");
}

TEST(WrongJob, AfterNamesOtherTasksOfTheJobOnceEach) {
  EXPECT_EQ(complaints(std::string(kTask) + "after = [\"scn\", \"a\", \"scan\", \"scan\", \"nothing\"]\n" +
                       "[[task]]\nname = \"scan\"\nuses = \"files.scan\"\n"),
            "a.toml:4:10: error: after: the job has no task 'scn' (did you mean 'scan'?)\n"
            "after = [\"scn\", \"a\", \"scan\", \"scan\", \"nothing\"]\n"
            "         ^~~~~\n"
            "a.toml:4:17: error: after: task 'a' cannot come after itself\n"
            "after = [\"scn\", \"a\", \"scan\", \"scan\", \"nothing\"]\n"
            "                ^~~\n"
            "a.toml:4:30: error: 'scan' is in after twice\n"
            "after = [\"scn\", \"a\", \"scan\", \"scan\", \"nothing\"]\n"
            "                             ^~~~~~\n"
            "a.toml:4:38: error: after: the job has no task 'nothing'\n"
            "after = [\"scn\", \"a\", \"scan\", \"scan\", \"nothing\"]\n"
            "                                     ^~~~~~~~~\n");
}

TEST(WrongJob, ReferencesArePointedAtInsideTheirString) {
  EXPECT_EQ(complaints("[params]\nroot = 1\n" + std::string(kTask) +
                       "with = { a = \"ü ${params.rot} ${tasks.a.x}\", b = ['${parms.x}', \"${tasks.b.x}\"] }\n"),
            "a.toml:6:17: error: the job has no parameter 'rot' (did you mean 'root'?)\n"
            "with = { a = \"ü ${params.rot} ${tasks.a.x}\", b = ['${parms.x}', \"${tasks.b.x}\"] }\n"
            "                ^~~~~~~~~~~~~\n"
            "a.toml:6:31: error: task 'a' cannot come after itself\n"
            "with = { a = \"ü ${params.rot} ${tasks.a.x}\", b = ['${parms.x}', \"${tasks.b.x}\"] }\n"
            "                              ^~~~~~~~~~~~\n"
            "a.toml:6:52: error: '${parms.x}' refers to nothing (did you mean '${params.x}'?)\n"
            "with = { a = \"ü ${params.rot} ${tasks.a.x}\", b = ['${parms.x}', \"${tasks.b.x}\"] }\n"
            "                                                   ^~~~~~~~~~\n"
            "a.toml:6:66: error: the job has no task 'b'\n"
            "with = { a = \"ü ${params.rot} ${tasks.a.x}\", b = ['${parms.x}', \"${tasks.b.x}\"] }\n"
            "                                                                 ^~~~~~~~~~~~\n");
}

TEST(WrongJob, AllThatIsWrongWithTheReferencesOfOneStringIsFoundAtOnce) {
  EXPECT_EQ(complaints(std::string(kTask) + "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"),
            "a.toml:4:15: error: the job has no parameter 'x'; add it to [params]\n"
            "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"
            "              ^~~~~~~~~~~\n"
            "a.toml:4:27: error: the job has no task 'b'\n"
            "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"
            "                          ^~~~~~~~~~~~\n"
            "a.toml:4:40: error: '${parms.x}' refers to nothing (did you mean '${params.x}'?)\n"
            "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"
            "                                       ^~~~~~~~~~\n"
            "a.toml:4:51: error: '${tasks.b}' must name a task and one of its outputs, as in '${tasks.scan.list}'\n"
            "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"
            "                                                  ^~~~~~~~~~\n"
            "a.toml:4:62: error: '${' is not closed; add '}', or write '$${' for a literal '${'\n"
            "with = { a = '${params.x} ${tasks.b.x} ${parms.x} ${tasks.b} ${' }\n"
            "                                                             ^~\n");
}

TEST(WrongJob, AReferenceInAStringWithEscapesIsPointedAtAsAWhole) {
  EXPECT_EQ(complaints(std::string(kTask) + "with = { a = \"\\t${params.x}\" }\n"),
            "a.toml:4:14: error: the job has no parameter 'x'; add it to [params]\n"
            "with = { a = \"\\t${params.x}\" }\n"
            "             ^~~~~~~~~~~~~~~\n");
}

TEST(WrongJob, DefaultsAndPoolsCannotUseWhatIsKnownLater) {
  EXPECT_EQ(about_job("params = { a = 1, b = \"${params.a}\" }"),
            "a.toml:1:24: error: a default cannot refer to another parameter; write it out");
  EXPECT_EQ(
      about_pool("with.path = \"${tasks.a.x}\""),
      "a.toml:6:14: error: only a task can use the output of a task; write a value, '${params...}' or '${env...}'");
}

TEST(WrongJob, ErrorsComeInTheOrderOfTheFile) {
  const JobReading reading = parse_job("[[task]]\nafter = [\"x\"]\nwhen = 3\n[params]\na = {}\n", "a.toml");

  std::vector<std::uint32_t> lines;
  for (const Error& error : reading.errors) lines.push_back(error.where.line);
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{1, 1, 2, 3, 5}));
}

TEST(WrongJob, WhatIsRightStaysInTheJobSoThatThePlanCanLookForMore) {
  const JobReading reading =
      parse_job(std::string(kTask) + "after = [\"b\", \"x\"]\nwith = { good = 1, bad = \"${x}\" }\n" +
                    "[[task]]\nname = \"b\"\nuses = \"wrong\"\nafter = [\"a\"]\n",
                "a.toml");

  ASSERT_EQ(reading.job.tasks.size(), 2U);
  EXPECT_EQ(reading.errors.size(), 3U);
  const TaskEntry& a = reading.job.tasks[0];
  ASSERT_EQ(a.after.size(), 1U);
  EXPECT_EQ(a.after[0].name, "b");
  EXPECT_FALSE(a.with.at(0).value.was_wrong());
  EXPECT_NE(a.with.at(1).value.text(), nullptr) << "what else it refers to may be wrong too";
  EXPECT_EQ(reading.job.tasks[1].uses, "");
}

TEST(WrongJob, MoreErrorsThanAnyoneReadsAreCounted) {
  std::string text;
  for (int i = 0; i < 1500; ++i)
    text += "[[task]]\nname = \"t" + std::to_string(i) + "\"\nuses = \"a.b\"\nwiht = {}\n";

  const JobReading reading = parse_job(text, "a.toml");

  ASSERT_EQ(reading.errors.size(), 1001U);
  EXPECT_EQ(describe(reading.errors.back()), "a.toml: error: 500 more errors are not shown");
}

}  // namespace
}  // namespace ganger::host
