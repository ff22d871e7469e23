#include <gtest/gtest.h>

#include <ganger/utf8.hpp>
#include <string>

namespace {

TEST(Utf8, CountsTheBytesOfACharacter) {
  EXPECT_EQ(ganger::utf8_length("ab"), 1u);
  EXPECT_EQ(ganger::utf8_length("\u00e9b"), 2u);
  EXPECT_EQ(ganger::utf8_length("\u20ac"), 3u);
  EXPECT_EQ(ganger::utf8_length("\U0001F600"), 4u);
  EXPECT_EQ(ganger::utf8_length(std::string(1, '\0')), 1u);
}

TEST(Utf8, KnowsWhatIsNone) {
  for (const auto* text : {"\x80", "\xC1\x81", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(ganger::utf8_length(text), 0u) << testing::PrintToString(std::string(text));
}

TEST(Utf8, PrintableTextIsOneValidLine) {
  EXPECT_EQ(ganger::printable("plain \u00e9"), "plain \u00e9");
  EXPECT_EQ(ganger::printable("a\nb\tc\x1b[0m\x7f\u009b"), "a\\nb\\tc\\x1b[0m\\x7f\\x9b");
  EXPECT_EQ(ganger::printable("cut \xE2\x82 off"), "cut \uFFFD\uFFFD off");
}

}  // namespace
