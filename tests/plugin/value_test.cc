#include "host/plugin/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace ganger::host {
namespace {

struct Written {
  std::string text;
  std::uint32_t type;
};

TEST(Value, ShownTextIsReadBackAsTheSame) {
  const std::vector<Written> all = {
      {"true", GANGER_BOOL},       {"false", GANGER_BOOL},   {"-9223372036854775808", GANGER_I64},
      {"0.1", GANGER_F64},         {"1.0", GANGER_F64},      {"1e+100", GANGER_F64},
      {"some text", GANGER_STR},   {"/a/path", GANGER_PATH}, {"250ms", GANGER_DURATION_NS},
      {"10m", GANGER_DURATION_NS}, {"64KiB", GANGER_SIZE},   {"513", GANGER_SIZE},
  };

  for (const auto& written : all) {
    Value value;
    ASSERT_TRUE(parse_value(written.text, written.type, value)) << written.text;
    EXPECT_EQ(value.type, written.type);
    EXPECT_EQ(shown(value), written.text);
  }
}

TEST(Value, WhatIsNotOfTheTypeIsRefused) {
  const std::vector<Written> all = {
      {"yes", GANGER_BOOL},       {"", GANGER_BOOL},
      {"1", GANGER_BOOL},         {"4x", GANGER_I64},
      {"", GANGER_I64},           {"9223372036854775808", GANGER_I64},
      {"1.5", GANGER_I64},        {"+-4", GANGER_I64},
      {" 4", GANGER_I64},         {"one", GANGER_F64},
      {"10", GANGER_DURATION_NS}, {"-1s", GANGER_DURATION_NS},
      {"many", GANGER_SIZE},      {"anything", GANGER_NONE},
      {"anything", 77},           {std::string("a\0b", 3), GANGER_STR},
  };

  for (const auto& written : all) {
    Value value = Value::of_integer(5);
    EXPECT_FALSE(parse_value(written.text, written.type, value)) << written.text;
    EXPECT_EQ(value.i, 5) << "written although it was refused";
  }
}

TEST(Value, TheCFormBorrowsTheText) {
  const Value text = Value::of_text("hello", GANGER_PATH);
  const Value number = Value::of_float(0.5);

  const ganger_value borrowed = text.borrowed();

  EXPECT_EQ(borrowed.u.s.p, text.text.c_str());
  EXPECT_EQ(borrowed.u.s.n, 5U);
  EXPECT_EQ(number.borrowed().u.f, 0.5);
}

TEST(Value, CopyOwnsItsText) {
  std::string original = "hello";
  ganger_value borrowed{};
  borrowed.type = GANGER_STR;
  borrowed.u.s = {original.data(), original.size()};

  const Value copy = Value::copy_of(borrowed);
  original = "gone!";

  EXPECT_EQ(copy.text, "hello");
  EXPECT_EQ(Value::copy_of(Value::of_bool(true).borrowed()).i, 1);
}

TEST(Value, SecretIsNeverShown) { EXPECT_EQ(shown(Value::of_text("hunter2", GANGER_SECRET)), "***"); }

}  // namespace
}  // namespace ganger::host
