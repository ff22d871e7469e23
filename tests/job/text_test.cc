#include "host/text.h"

#include <gtest/gtest.h>

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

TEST(Text, AnExcerptIsShortAndInOneLine) {
  EXPECT_EQ(excerpt("two\nlines"), "two\uFFFDlines");
  EXPECT_EQ(excerpt(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(excerpt(std::string(61, 'x')), std::string(60, 'x') + "...");
}

}  // namespace
}  // namespace ganger::host
