#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "exec_runner.h"
#include "tests/fakes/temporary_folder.h"

namespace {

using ganger::TemporaryFolder;
using ganger::testing::host;
using ::testing::HasSubstr;

constexpr std::size_t kMostOut = 32 * 1024;

TEST(ExecRun, GivesTheCodeAndWhatTheCommandWrote) {
  const auto r = run_shell("echo to stdout; echo to stderr >&2");

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "code"), "0");
  EXPECT_EQ(output(r, "stdout"), "to stdout");
  EXPECT_EQ(output(r, "stderr"), "to stderr");
  EXPECT_EQ(r.outputs.size(), 3U) << r;
}

TEST(ExecRun, GivesWordsToTheProgramAsTheyAre) {
  const auto r = run_words({"printf", "[%s]", "a b", "'q' \"d\"", "$HOME;*", ""});

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "stdout"), "[a b]['q' \"d\"][$HOME;*][]");
}

TEST(ExecRun, LogsEachLineWhileItComes) {
  const auto r = run_shell("echo one; echo; printf 'two\\rthree\\033'; echo bad >&2");

  ASSERT_EQ(r.logs.size(), 4U) << r;
  EXPECT_TRUE(r.logged("one") && r.logged("two") && r.logged("three\\x1b")) << r;
  EXPECT_EQ(r.logs.back().text == "bad" ? r.logs.back().level : GANGER_LOG_WARN, GANGER_LOG_WARN);
}

TEST(ExecRun, LogsNoMoreThanAThousandLinesOfAStream) {
  const auto r = run_shell("seq 3000");

  EXPECT_EQ(r.logs.size(), 1001U);
  EXPECT_TRUE(r.logged("further lines of stdout are not logged")) << r.logs.back().text;
}

TEST(ExecRun, CutsALineThatIsTooLongForTheLog) {
  const auto r = run_shell("head -c 5000 /dev/zero | tr '\\0' x; echo; echo short");

  ASSERT_EQ(r.logs.size(), 2U);
  EXPECT_EQ(r.logs[0].text, std::string(1000, 'x') + " ...");
  EXPECT_EQ(r.logs[1].text, "short");
}

TEST(ExecRun, AddsToTheEnvironmentAndReplacesWhatIsInIt) {
  setenv("GANGER_EXEC_TEST", "old", 1);
  host h;
  h.param("shell", "echo $GANGER_EXEC_TEST-$OTHER-${HOME:+home}")
      .param_list("env", {"GANGER_EXEC_TEST=new", "OTHER=a=b"});

  const auto r = run_exec(h);

  unsetenv("GANGER_EXEC_TEST");
  EXPECT_EQ(output(r, "stdout").substr(0, 8), "new-a=b-") << r;
}

TEST(ExecRun, LooksForTheProgramInThePathOfItsOwnEnvironment) {
  const TemporaryFolder folder;
  const auto tool = folder.file("bin/tool-of-this-test", "#!/bin/sh\necho found\n");
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  host h, relative;
  h.param_list("argv", {"tool-of-this-test"}).param_list("env", {"PATH=/nowhere:" + (folder / "bin").string()});
  relative.param_list("argv", {"tool-of-this-test"}).param_list("env", {"PATH=bin"}).param("cwd", folder.path());

  EXPECT_EQ(output(run_exec(h), "stdout"), "found");
  EXPECT_EQ(output(run_exec(relative), "stdout"), "found");
  EXPECT_EQ(run_words({"tool-of-this-test"}).status, GANGER_BAD_PARAM);
}

TEST(ExecRun, RunsInItsFolder) {
  const TemporaryFolder folder;
  host h;
  h.param_list("argv", {"pwd"}).param("cwd", folder.path());

  EXPECT_EQ(output(run_exec(h), "stdout"), folder.path().string());
}

TEST(ExecRun, GivesTextToItsStdin) {
  const std::string text(300'000, 'x');
  host h, unread;
  h.param_list("argv", {"wc", "-c"}).param("stdin", text);
  unread.param_list("argv", {"true"}).param("stdin", text);

  EXPECT_EQ(output(run_exec(h), "stdout"), "300000");
  EXPECT_TRUE(run_exec(unread).ok());
  EXPECT_EQ(output(run_shell("cat; echo end"), "stdout"), "end");
}

TEST(ExecRun, TakesTheCodesThatAreExpected) {
  host h;
  h.param("shell", "exit 3").param_list("expect", {0, 3});

  const auto r = run_exec(h);

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "code"), "3");
}

TEST(ExecRun, FailsWithTheCodeAndTheLastLinesOfStderr) {
  const auto r = run_shell("seq 5 >&2; exit 7");

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_EQ(r.why, "'seq 5 >&2; exit 7' ended with exit code 7: 3 | 4 | 5");
  EXPECT_TRUE(r.is_clean()) << r;
}

TEST(ExecRun, FailsWithTheCodesItExpected) {
  host h;
  h.param_list("argv", {"true"}).param_list("expect", {1, 2});

  EXPECT_EQ(run_exec(h).why, "'true' ended with exit code 0 (expected: 1, 2)");
}

TEST(ExecRun, NamesTheSignalThatEndedIt) {
  EXPECT_EQ(run_shell("kill -KILL $$").why, "'kill -KILL $$' was ended by SIGKILL");
  EXPECT_EQ(run_shell("kill -SEGV $$").why, "'kill -SEGV $$' was ended by SIGSEGV");
}

TEST(ExecRun, SaysWhatIsWrongWithAProgramThatCannotBeStarted) {
  const TemporaryFolder folder;
  const auto text = folder.file("text", "no program");
  const auto why = [&](const std::string& word) {
    const auto r = run_words({word});
    EXPECT_EQ(r.status, GANGER_BAD_PARAM) << r;
    EXPECT_TRUE(r.is_clean()) << r;
    return r.why;
  };

  EXPECT_THAT(why("no-such-program"), HasSubstr("there is no program 'no-such-program' in PATH (/"));
  EXPECT_THAT(why("/no/such"), HasSubstr("there is no program '/no/such'"));
  EXPECT_THAT(why(text), HasSubstr("may not be run: Permission denied"));
  std::filesystem::permissions(text, std::filesystem::perms::owner_all);
  EXPECT_THAT(why(text), HasSubstr("is no program; a script needs a first line such as #!/bin/sh"));
}

TEST(ExecRun, SaysThatItsFolderIsNotThere) {
  host h;
  h.param_list("argv", {"true"}).param("cwd", "/no/such/folder");

  const auto r = run_exec(h);

  EXPECT_EQ(r.status, GANGER_BAD_PARAM);
  EXPECT_EQ(r.why, "cwd '/no/such/folder' cannot be used: No such file or directory");
}

TEST(ExecRun, SaysThatWordsAreTooLong) {
  const auto r = run_words({"true", std::string(3'000'000, 'x')});

  EXPECT_EQ(r.status, GANGER_BAD_PARAM);
  EXPECT_THAT(r.why, HasSubstr("too long for the system"));
}

TEST(ExecRun, IsWorthAnotherAttemptWhenDescriptorsAreShort) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer opens pipes itself to look whether memory can be read";
#endif
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  host h;
  h.param_list("argv", {"true"});
  const auto entry = plugin_entry("exec");
  const ganger_task& task = *entry(host::table())->tasks[0];
  ganger_task tight = task;
  static const ganger_task* real;
  real = &task;
  // The limit holds for the task alone: the test's host needs descriptors of its own.
  tight.run = [](const ganger_host* of, ganger_ctx* ctx, void*) {
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    const rlimit none{4, now.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    const ganger_status status = real->run(of, ctx, nullptr);
    setrlimit(RLIMIT_NOFILE, &now);
    return status;
  };

  const auto r = h.run(tight);

  EXPECT_EQ(r.status, GANGER_RETRY) << r;
  EXPECT_THAT(r.why, HasSubstr("Too many open files"));
  EXPECT_TRUE(r.is_clean()) << r;
}

TEST(ExecRun, ChecksItsParameters) {
  const auto why = [](const char* name, const ganger::testing::values& all) {
    host h;
    if (std::string(name) != "argv") h.param_list("argv", {"true"});
    h.param_list(name, all);
    const auto r = h.check(plugin_entry("exec"), "run");
    EXPECT_EQ(r.status, GANGER_BAD_PARAM) << name;
    return r.why;
  };

  EXPECT_EQ(why("argv", {}),
            "there is nothing to run; give argv, a program and its arguments, or shell, a command line");
  EXPECT_EQ(why("argv", {""}), "the first word of argv is empty; it is the program");
  EXPECT_EQ(why("shell", {"true"}), "both argv and shell are given; give one of them");
  EXPECT_EQ(why("env", {"NAME"}), "env has 'NAME'; give NAME=VALUE");
  EXPECT_EQ(why("env", {"=x"}), "env has '=x'; give NAME=VALUE");
  EXPECT_EQ(why("expect", {}), "expect is empty; give the exit codes that are no failure, such as 0");
  EXPECT_EQ(why("expect", {256}), "expect has 256; an exit code is 0 to 255");
  EXPECT_EQ(why("kill_after", {std::chrono::nanoseconds(-1)}), "kill_after is negative; 0 kills at once");
  EXPECT_EQ(why("most_output", {ganger::testing::value::bytes(65535)}),
            "most_output is too small; give at least 64KiB");
  EXPECT_THAT(why("argv", {std::string("a\0b", 3)}), HasSubstr("a word of argv holds a NUL"));
}

TEST(ExecRun, KeepsBeginningAndEndOfLongOutputAndHasAllOfItInAFile) {
  host h;
  h.param("shell", "seq 1000000; seq 3000 >&2");

  const auto r = run_exec(h);

  EXPECT_TRUE(r.ok()) << r.why;
  const std::string text = output(r, "stdout");
  const auto mark = text.find("\n...\n[exec.run leaves out ");
  EXPECT_LE(text.size(), kMostOut);
  EXPECT_GT(text.size(), kMostOut - 1000);
  EXPECT_EQ(text.substr(0, 4), "1\n2\n");
  EXPECT_THAT(text, ::testing::EndsWith("\n999999\n1000000"));
  ASSERT_NE(mark, std::string::npos);
  // Whole lines on both sides, and no byte is lost in the count.
  const std::string after = text.substr(text.find("]\n...", mark) + 5);
  EXPECT_EQ(after.find_first_not_of("0123456789"), 6U);
  const auto left_out = std::stoul(text.substr(mark + 26));
  EXPECT_EQ(mark + 1 + left_out + after.size() + 1, 6'888'896U);
  EXPECT_EQ(std::filesystem::file_size(output(r, "stdout_file")), 6'888'896U);
  EXPECT_EQ(output(r, "stderr").substr(0, 6), "1\n2\n3\n");
  EXPECT_THAT(ganger::content_of(output(r, "stderr_file")), ::testing::EndsWith("\n3000\n"));
  EXPECT_EQ(r.outputs.at("stdout_file").type(), static_cast<std::uint32_t>(GANGER_PATH));
}

TEST(ExecRun, HasNoFileWhenTheTextFits) {
  const auto r = run_shell("head -c 32768 /dev/zero | tr '\\0' x");

  EXPECT_EQ(output(r, "stdout").size(), kMostOut);
  EXPECT_EQ(r.outputs.count("stdout_file"), 0U);
}

TEST(ExecRun, CutsBetweenCharacters) {
  for (const char* more : {"", "x", "xx"}) {
    const auto r =
        run_shell(std::string("printf '") + more + "'; yes $(printf '\\303\\244') | tr -d '\\n' | head -c 40000");

    EXPECT_EQ(output(r, "stdout").find("\xEF\xBF\xBD"), std::string::npos) << more;
    EXPECT_GT(output(r, "stdout").size(), kMostOut - 200);
  }
}

/// What a stream is in a file that takes 64 KiB.
std::string kept_of(const std::string& stream) {
  constexpr std::size_t most = 65536, half = most / 2;
  if (stream.size() <= most) return stream;
  return stream.substr(0, half) + "...\n[exec.run leaves out " + std::to_string(stream.size() - most) +
         " bytes here]\n..." + stream.substr(stream.size() - half);
}

TEST(ExecRun, AFileHasNoMoreThanItsLimitAndIsThenNoOutput) {
  std::string numbers;
  for (int i = 0; numbers.size() < 300'000; ++i) numbers += std::to_string(i) + "\n";
  for (const std::size_t size :
       {65'535U, 65'536U, 65'537U, 98'303U, 98'304U, 98'305U, 131'072U, 140'001U, 299'999U}) {
    const std::string stream = numbers.substr(0, size);
    const bool is_whole = size <= 65536;
    host h;
    h.param_list("argv", {"cat"}).param("stdin", stream).param("most_output", ganger::testing::value::bytes(65536));

    const auto r = run_exec(h);

    EXPECT_TRUE(r.ok()) << r.why;
    EXPECT_EQ(r.outputs.count("stdout_file"), is_whole ? 1U : 0U) << size;
    EXPECT_EQ(r.logged("bytes, more than the 65536 of most_output"), !is_whole) << size;
    const std::string file = is_whole ? output(r, "stdout_file") : [&] {
      for (const auto& line : r.logs)
        if (const auto at = line.text.find(" are in "); at != std::string::npos)
          return line.text.substr(at + 8, line.text.rfind(", until the run has finished") - at - 8);
      return std::string("(none)");
    }();
    EXPECT_TRUE(ganger::content_of(file) == kept_of(stream)) << size;
  }
}

TEST(ExecRun, OutputWithoutAnEndTakesBoundedMemoryAndDisk) {
  host h;
  h.param("shell", "yes | head -c 300000000").param("most_output", ganger::testing::value::bytes(1'000'000));
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);

  const auto r = run_exec(h);

  getrusage(RUSAGE_SELF, &after);
  EXPECT_TRUE(r.ok()) << r.why;
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 50'000) << "KiB";
  EXPECT_TRUE(r.logged("stdout has 300000000 bytes")) << r;
  EXPECT_THAT(output(r, "stdout"), HasSubstr("[exec.run leaves out 2999"));
}

TEST(ExecRun, HasBinaryOutputInAFileAsItIs) {
  host h;
  h.param("shell", "printf 'a\\0b\\377c\\n'");

  const auto r = run_exec(h);

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "stdout"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "c");
  EXPECT_EQ(ganger::content_of(output(r, "stdout_file")), std::string("a\0b\377c\n", 6));
}

TEST(ExecRun, FindsOutputsInLines) {
  host h;
  h.param("outputs", "env")
      .param("shell",
             "echo VERSION=1; echo text = no; echo export Q=\\'a b\\'; echo VERSION=2=3; echo "
             "E=; echo code=4; echo 9x=1");

  const auto r = run_exec(h);

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(output(r, "version"), "2=3");
  EXPECT_EQ(output(r, "q"), "a b");
  EXPECT_EQ(output(r, "e"), "");
  EXPECT_EQ(output(r, "code"), "0");
  EXPECT_EQ(r.outputs.size(), 6U) << r;
  EXPECT_TRUE(r.logged("'code' is left out of the outputs: exec.run sets an output of that name itself")) << r;
}

TEST(ExecRun, FindsOutputsOfTheirTypesInJson) {
  host h;
  h.param("outputs", "json")
      .param_list(
          "argv",
          {"echo", R"({"text": "a b", "Count": 3, "half": 0.5, "is": true, "list": [1, {"a": 2}], "no": null})"});

  const auto r = run_exec(h);

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("text"), "a b");
  EXPECT_EQ(r.outputs.at("count"), 3);
  EXPECT_EQ(r.outputs.at("half"), 0.5);
  EXPECT_EQ(r.outputs.at("is"), true);
  EXPECT_EQ(r.outputs.at("list"), R"([1,{"a":2}])");
  EXPECT_EQ(r.outputs.size(), 3U + 5U) << r;
}

TEST(ExecRun, FailsWhenStdoutIsNoJsonObject) {
  const auto why = [](const std::string& line) {
    host h;
    h.param("outputs", "json").param("shell", line);
    const auto r = run_exec(h);
    EXPECT_EQ(r.status, GANGER_FAILED) << r;
    return r.why;
  };

  EXPECT_THAT(why("echo '{\"a\": }'"), HasSubstr("stdout is no JSON object"));
  EXPECT_THAT(why("echo '[1]'"), HasSubstr("but of type array"));
  EXPECT_THAT(why("true"), HasSubstr("stdout is no JSON object"));
  EXPECT_THAT(why("head -c 200000 /dev/zero | tr '\\0' '['"), HasSubstr("nested more than 100 deep"));
  EXPECT_THAT(why("head -c 2000000 /dev/zero"), HasSubstr("stdout has 2000000 bytes, more than the 1048576"));
}

TEST(ExecRun, FailsWhenThereIsNoRoomForTheOutputsItFinds) {
  host h;
  h.param("outputs", "env").param("shell", "printf A=; head -c 30000 /dev/zero | tr '\\0' x");

  EXPECT_THAT(run_exec(h).why, HasSubstr("the outputs in stdout come to 30001 bytes"));
}

TEST(ExecRun, GoesOnWhenTheCommandClosesItsOutputs) {
  const auto r = run_shell("echo before; exec >&- 2>&-; sleep 0.1; exit 5");

  EXPECT_EQ(r.status, GANGER_FAILED);
  EXPECT_THAT(r.why, HasSubstr("ended with exit code 5"));
}

TEST(ExecRun, StartsTheCommandWithNothingBlockedIgnoredOrInherited) {
  auto* const before = std::signal(SIGPIPE, SIG_IGN);

  const auto descriptors = run_words({"ls", "/proc/self/fd"});
  const auto signals = run_shell("sed -n 's/^Sig[BI][lg][kn]:\t//p' /proc/self/status");

  std::signal(SIGPIPE, before);
  EXPECT_EQ(output(descriptors, "stdout"), "0\n1\n2\n3") << "the last one is of the folder itself";
  EXPECT_EQ(output(signals, "stdout"), "0000000000000000\n0000000000000000") << signals;
}

TEST(ExecRun, StartsTheCommandWithAHangupIgnoredWhereItIsHere) {
  auto* const before = std::signal(SIGHUP, SIG_IGN);

  const auto signals = run_shell("sed -n 's/^SigIgn:\t//p' /proc/self/status");

  std::signal(SIGHUP, before);
  EXPECT_EQ(output(signals, "stdout"), "0000000000000001") << signals;
}

}  // namespace
