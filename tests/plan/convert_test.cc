#include "host/plan/convert.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

/// The value as text, or why there is none.
std::string converted(const Value& from, std::uint32_t type) {
  Value out;
  std::string why;
  if (!convert(from, type, out, why)) return why;
  EXPECT_EQ(out.type, type);
  return shown(out);
}

TEST(Convert, AnythingBecomesText) {
  EXPECT_EQ(converted(Value::of_integer(7), GANGER_STR), "7");
  EXPECT_EQ(converted(Value::of_bool(true), GANGER_STR), "true");
  EXPECT_EQ(converted(Value::of_float(1), GANGER_STR), "1.0");
  EXPECT_EQ(converted(Value::of_integer(64 * 1024, GANGER_SIZE), GANGER_STR), "64KiB");
  EXPECT_EQ(converted(Value::of_text("a"), GANGER_PATH), "a");
}

TEST(Convert, TextIsReadAsAJobFileWouldWriteTheValue) {
  EXPECT_EQ(converted(Value::of_text("7"), GANGER_I64), "7");
  EXPECT_EQ(converted(Value::of_text("true"), GANGER_BOOL), "true");
  EXPECT_EQ(converted(Value::of_text("1.5"), GANGER_F64), "1.5");
  EXPECT_EQ(converted(Value::of_text("10m"), GANGER_DURATION_NS), "10m");
  EXPECT_EQ(converted(Value::of_text("64KiB"), GANGER_SIZE), "64KiB");
}

TEST(Convert, NumbersBecomeWiderOnes) {
  EXPECT_EQ(converted(Value::of_integer(7), GANGER_F64), "7.0");
  EXPECT_EQ(converted(Value::of_integer(7), GANGER_SIZE), "7");
  EXPECT_EQ(converted(Value::of_integer(7, GANGER_SIZE), GANGER_I64), "7");
}

TEST(Convert, WhatCannotBeIsSaidWithWhatIsWanted) {
  EXPECT_EQ(converted(Value::of_text("abc"), GANGER_DURATION_NS),
            "a duration such as \"10m\" is wanted, not \"abc\"");
  EXPECT_EQ(converted(Value::of_text("x"), GANGER_I64), "an integer is wanted, not \"x\"");
  EXPECT_EQ(converted(Value::of_bool(true), GANGER_I64), "an integer is wanted, not true");
  EXPECT_EQ(converted(Value::of_integer(1), GANGER_BOOL), "true or false is wanted, not 1");
  EXPECT_EQ(converted(Value::of_float(1.5), GANGER_I64), "an integer is wanted, not 1.5");
  EXPECT_EQ(converted(Value::of_integer(-1), GANGER_SIZE), "a size such as \"64KiB\" is wanted, not -1");
  EXPECT_EQ(converted(Value::of_integer(5), GANGER_DURATION_NS), "a duration such as \"10m\" is wanted, not 5");
}

TEST(Convert, APathWithANulIsNone) {
  const std::string text("a\0b", 3);

  for (const std::uint32_t from : {GANGER_STR, GANGER_PATH, GANGER_SECRET})
    EXPECT_EQ(converted(Value::of_text(text, from), GANGER_PATH), "a path must not contain a NUL byte (\\u0000)");
  EXPECT_EQ(converted(Value::of_text(text), GANGER_STR), text);
}

TEST(Convert, ASecretIsNotShown) {
  EXPECT_EQ(converted(Value::of_text("hush", GANGER_SECRET), GANGER_I64), "an integer is wanted, not this secret");
}

TEST(Convert, ASecretThatIsNoChoiceIsNotShown) {
  Param param;
  param.choices = {"sha256", "md5"};
  std::string why;

  EXPECT_FALSE(is_choice(param, Value::of_text("hunter2", GANGER_SECRET), why));

  EXPECT_EQ(why, "this secret is none of sha256, md5");
}

TEST(Convert, AValueMustBeOneOfTheChoices) {
  Param param;
  param.choices = {"sha256", "md5"};
  std::string why;

  EXPECT_TRUE(is_choice(param, Value::of_text("md5"), why));
  EXPECT_FALSE(is_choice(param, Value::of_text("sha265"), why));

  EXPECT_EQ(why, "\"sha265\" is none of sha256, md5 (did you mean 'sha256'?)");
}

}  // namespace
}  // namespace ganger::host
