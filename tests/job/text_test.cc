#include "host/text.h"

#include <gtest/gtest.h>

#include <exception>
#include <string>

namespace ganger::host {
namespace {

TEST(Text, CodePointsOfOneToFourBytesAreRead) {
  EXPECT_EQ(first_code_point("az").value, U'a');
  EXPECT_EQ(first_code_point("äz").value, U'ä');
  EXPECT_EQ(first_code_point("€z").value, U'€');
  EXPECT_EQ(first_code_point("😀z").value, U'😀');
  EXPECT_EQ(first_code_point("😀z").bytes, 4U);
}

TEST(Text, BytesThatAreNotUtf8AreNoCodePoint) {
  for (const char* bytes : {"", "\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
                            "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(first_code_point(bytes).bytes, 0U);
  }
}

TEST(Text, WhatActsOnATerminalIsReplaced) {
  EXPECT_EQ(printable("a\x1B[31mb"), "a\uFFFD[31mb");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31mb"),
            "a\uFFFD31mb");
  EXPECT_EQ(printable("a\u202Eb\u2066"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(printable("a\xFF"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(printable("a\tb\nc", "\t"), "a\tb\uFFFDc");
  EXPECT_EQ(printable("grüße, 世界"), "grüße, 世界");
}

TEST(Text, WhatIsCutEndsWithAWholeCodePoint) {
  const std::string two_euros = "\xe2\x82\xac\xe2\x82\xac";

  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("", 0), "");
  EXPECT_EQ(cut(two_euros, 6), two_euros);
  EXPECT_EQ(cut(two_euros, 5), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 4), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 3), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 2), "");
}

TEST(Text, BytesWithoutABeginningAreCutAnywhere) {
  EXPECT_EQ(cut(std::string(100, '\x80'), 50), std::string(50, '\x80'));
}

TEST(Text, ATextOfAPluginThatIsTooLongSaysSoAtItsEnd) {
  const std::string longest(kMostTextBytes, 'x');
  const std::string euros = [] {
    std::string all;
    for (std::size_t i = 0; i < kMostTextBytes; ++i) all += "\xe2\x82\xac";
    return all;
  }();

  EXPECT_EQ(shortened(longest), longest);
  EXPECT_EQ(shortened(longest + "x").size(), kMostTextBytes);
  EXPECT_TRUE(shortened(longest + "x").ends_with("x ... (cut after 64 KiB)"));
  EXPECT_TRUE(is_printable(shortened(euros)));
  EXPECT_EQ(taken_in(longest + longest + "x"), longest + longest);
}

TEST(Text, NamesAreShortAndPlain) {
  EXPECT_TRUE(is_name("a-z_09"));
  EXPECT_TRUE(is_name(std::string(63, 'x')));
  EXPECT_TRUE(is_name("a.b", "."));
  for (const std::string& none : {std::string(), std::string(64, 'x'), std::string("A"), std::string("a.b"),
                                  std::string("a\0", 2), std::string("\xc3\xa4")})
    EXPECT_FALSE(is_name(none)) << none;
}

TEST(Text, AnExceptionThatSaysNothingHasWordsAllTheSame) {
  struct Silent : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };

  EXPECT_EQ(what_of(Silent()), "an exception that says nothing");
}

TEST(Text, AnExcerptIsShortAndInOneLine) {
  EXPECT_EQ(excerpt("two\nlines"), "two\uFFFDlines");
  EXPECT_EQ(excerpt(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(excerpt(std::string(61, 'x')), std::string(60, 'x') + "...");
}

}  // namespace
}  // namespace ganger::host
