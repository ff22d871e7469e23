#include <gtest/gtest.h>

#include <string>

#include "host/error.h"

namespace ganger::host {
namespace {

Error error_at(std::string source, std::uint32_t column, std::uint32_t length) {
  return {.kind = ErrorKind::bad_job,
          .message = "wrong",
          .where = {.file = "a.toml", .line = 7, .column = column, .length = length, .source = std::move(source)}};
}

TEST(Describe, AnErrorNowhereIsOneLine) {
  EXPECT_EQ(describe({.kind = ErrorKind::usage, .message = "no job given"}), "error: no job given");
}

TEST(Describe, AnErrorInAWholeFileNamesTheFile) {
  EXPECT_EQ(describe({.kind = ErrorKind::io, .message = "wrong", .where = {.file = "a.toml"}}),
            "a.toml: error: wrong");
}

TEST(Describe, TheCaretStandsUnderWhatIsWrong) {
  EXPECT_EQ(describe(error_at("aftr = 1", 1, 4)),
            "a.toml:7:1: error: wrong\n"
            "aftr = 1\n"
            "^~~~");
  EXPECT_EQ(describe(error_at("aftr = 1", 8, 1)),
            "a.toml:7:8: error: wrong\n"
            "aftr = 1\n"
            "       ^");
}

TEST(Describe, TabsAreKeptSoThatTheCaretAligns) {
  EXPECT_EQ(describe(error_at("\ta\t= 1", 4, 1)),
            "a.toml:7:4: error: wrong\n"
            "\ta\t= 1\n"
            "\t \t^");
}

TEST(Describe, AColumnIsACodePoint) {
  EXPECT_EQ(describe(error_at("ü = 世界", 5, 2)),
            "a.toml:7:5: error: wrong\n"
            "ü = 世界\n"
            "    ^~");
}

TEST(Describe, TheCaretLineNeverGoesPastTheSourceLine) {
  EXPECT_EQ(describe(error_at("ab", 2, 4'000'000'000)),
            "a.toml:7:2: error: wrong\n"
            "ab\n"
            " ^");
  EXPECT_EQ(describe(error_at("ab", 4'000'000'000, 5)),
            "a.toml:7:4000000000: error: wrong\n"
            "ab\n"
            "  ^");
}

TEST(Describe, ALongLineIsCutAroundTheCaret) {
  const std::string a(200, 'a');
  const std::string b(200, 'b');

  EXPECT_EQ(describe(error_at(a + "X" + b, 201, 1)), "a.toml:7:201: error: wrong\n..." + std::string(60, 'a') + "X" +
                                                         std::string(59, 'b') + "...\n" + std::string(63, ' ') + "^");
  EXPECT_EQ(describe(error_at("X" + b, 1, 1)), "a.toml:7:1: error: wrong\nX" + std::string(119, 'b') + "...\n^");
  EXPECT_EQ(describe(error_at(a + "X", 201, 1)),
            "a.toml:7:201: error: wrong\n..." + std::string(60, 'a') + "X\n" + std::string(63, ' ') + "^");
}

TEST(Describe, NothingInItActsOnTheTerminal) {
  Error error = error_at("a\x1B[2Jb\xFF", 2, 1);
  error.message = "not \x1B[31mred\nsecond line";
  error.where.file = "\x07.toml";

  EXPECT_EQ(describe(error),
            "\uFFFD.toml:7:2: error: not \uFFFD[31mred\nsecond line\n"
            "a\uFFFD[2Jb\uFFFD\n"
            " ^");
}

}  // namespace
}  // namespace ganger::host
